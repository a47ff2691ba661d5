"""Fixtures of rules about networks: VPCs, subnets, endpoints and addresses."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

VPC = made("aws:ec2/vpc:Vpc", "vpc", cidrBlock="10.0.0.0/16", enableDnsSupport=True, enableDnsHostnames=True)
OTHER_VPC = made(VPC.type, "other", cidrBlock="10.1.0.0/16")
DEFAULT_GROUP = made("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default", refers={"vpcId": VPC})
GROUP = made("aws:ec2/securityGroup:SecurityGroup", "group", refers={"vpcId": VPC})
LINE = made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", refers={"securityGroupId": GROUP})
OPEN: dict[str, Any] = {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}

TAKEN_OVER = Cases(
    rule="vpc-default-security-group-is-taken-over",
    good={"empty": [VPC, DEFAULT_GROUP]},
    bad={
        "none": ([VPC], ("",)),
        "another VPC's": ([VPC, OTHER_VPC, made(DEFAULT_GROUP.type, refers={"vpcId": OTHER_VPC})], ("",)),
    },
    unknown={"of which VPC": ([VPC, made(DEFAULT_GROUP.type, vpcId=UNKNOWN)], ("",))},
    always=True,
)
EMPTY = Cases(
    rule="default-security-group-allows-nothing",
    good={
        "nothing": [DEFAULT_GROUP],
        "empty lists": [changed(DEFAULT_GROUP, {"ingress": [], "egress": []})],
        "filled in by AWS": [changed(DEFAULT_GROUP, {"ingress": UNKNOWN, "egress": UNKNOWN})],
        "rule of another group": [LINE, GROUP, DEFAULT_GROUP, VPC],
    },
    bad={
        "in": ([changed(DEFAULT_GROUP, {"ingress": [OPEN]})], ("ingress",)),
        "one line": ([changed(DEFAULT_GROUP, {"ingress": OPEN})], ("ingress",)),
        "out": ([changed(DEFAULT_GROUP, {"egress": [OPEN]})], ("egress",)),
        "both": ([changed(DEFAULT_GROUP, {"ingress": [OPEN], "egress": [OPEN]})], ("ingress", "egress")),
        "rule": (
            [made(LINE.type, refers={"securityGroupId": DEFAULT_GROUP}), DEFAULT_GROUP, VPC],
            ("securityGroupId",),
        ),
        "rule by the VPC": (
            [
                made("aws:ec2/securityGroupRule:SecurityGroupRule", refers={"securityGroupId": VPC}, type="ingress"),
                VPC,
                GROUP,
            ],
            ("securityGroupId",),
        ),
    },
    unknown={
        "lines": (
            [made(DEFAULT_GROUP.type, refers={"vpcId": VPC, "ingress": VPC}), VPC],
            ("ingress",),
        )
    },
    skipped={"rule of no group": [made(LINE.type)]},
)
SUBNET = made("aws:ec2/subnet:Subnet", "private", refers={"vpcId": VPC}, mapPublicIpOnLaunch=False)
DEFAULT_SUBNET = made("aws:ec2/defaultSubnet:DefaultSubnet", availabilityZone="eu-west-1a")
DEFAULT_VPC = Cases(
    rule="default-vpc-is-not-used",
    good={"own": [VPC], "own subnet": [SUBNET]},
    bad={
        "VPC": ([made("aws:ec2/defaultVpc:DefaultVpc")], ("",)),
        "subnet": ([DEFAULT_SUBNET], ("",)),
    },
    always=True,
    never_unknown="the type alone decides",
)
PUBLIC_ADDRESS = Cases(
    rule="subnet-gives-no-public-address",
    good={
        "false": [SUBNET],
        "not set": [changed(SUBNET, {"mapPublicIpOnLaunch": GONE})],
        "default subnet": [changed(DEFAULT_SUBNET, {"mapPublicIpOnLaunch": False})],
    },
    bad={
        "true": ([changed(SUBNET, {"mapPublicIpOnLaunch": True})], ("mapPublicIpOnLaunch",)),
        "text": ([changed(SUBNET, {"mapPublicIpOnLaunch": "true"})], ("mapPublicIpOnLaunch",)),
        "default subnet": ([DEFAULT_SUBNET], ("mapPublicIpOnLaunch",)),
    },
    unknown={"flag": ([changed(SUBNET, {"mapPublicIpOnLaunch": UNKNOWN})], ("mapPublicIpOnLaunch",))},
    always=True,
)


ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ROUTE_ASSOCIATION = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"


def endpoint(service: Any, vpc: Resource = VPC) -> Resource:
    name = f"com.amazonaws.eu-west-1.{service}" if isinstance(service, str) else service
    return made(ENDPOINT, f"to-{service}", refers={"vpcId": vpc}, serviceName=name)


BUCKET = made("aws:s3/bucket:Bucket", "bucket")
TABLE = made("aws:dynamodb/table:Table", "table")
GATEWAYS = Cases(
    rule="vpc-has-gateway-endpoints",
    good={
        "both": [VPC, BUCKET, TABLE, endpoint("s3"), endpoint("dynamodb")],
        "those that are needed": [VPC, BUCKET, endpoint("s3")],
    },
    bad={
        "none": ([VPC, BUCKET, TABLE], ("", "")),
        "one": ([VPC, BUCKET, TABLE, endpoint("s3")], ("",)),
        "another VPC's": ([VPC, OTHER_VPC, BUCKET, endpoint("s3", OTHER_VPC)], ("",)),
        "another service": ([VPC, BUCKET, endpoint("s3express")], ("",)),
    },
    unknown={
        "service": ([VPC, BUCKET, endpoint(UNKNOWN)], ("",)),
        "of which VPC": ([VPC, BUCKET, made("aws:ec2/vpcEndpoint:VpcEndpoint", vpcId=UNKNOWN)], ("",)),
    },
    skipped={"nothing needs one": [VPC]},
)
SECRET = made("aws:secretsmanager/secret:Secret", "secret")
SERVICE = made("aws:ecs/service:Service", "service")
OF_SERVICE = [endpoint(name) for name in ("ecr.api", "ecr.dkr", "logs", "monitoring")]
INTERFACES = Cases(
    rule="vpc-has-private-endpoints",
    good={"secrets": [VPC, SECRET, endpoint("secretsmanager")], "containers": [VPC, SERVICE, *OF_SERVICE]},
    bad={
        "secrets": ([VPC, SECRET], ("",)),
        "registry without images": ([VPC, SERVICE, *OF_SERVICE[:1], *OF_SERVICE[2:]], ("",)),
        "instances": ([VPC, made("aws:ec2/instance:Instance", "machine"), endpoint("ssmmessages")], ("",)),
    },
    unknown={"service": ([VPC, SECRET, endpoint(UNKNOWN)], ("",))},
    skipped={"nothing needs one": [VPC, BUCKET]},
)
INTERFACE = changed(endpoint("secretsmanager"), {"vpcEndpointType": "Interface", "privateDnsEnabled": True})
PRIVATE_NAME = Cases(
    rule="vpc-endpoint-has-private-name",
    good={"on": [INTERFACE], "type not known": [changed(INTERFACE, {"vpcEndpointType": UNKNOWN})]},
    bad={
        "off": ([changed(INTERFACE, {"privateDnsEnabled": False})], ("privateDnsEnabled",)),
        "not set": ([changed(INTERFACE, {"privateDnsEnabled": GONE})], ("privateDnsEnabled",)),
    },
    unknown={
        "flag": ([changed(INTERFACE, {"privateDnsEnabled": UNKNOWN})], ("privateDnsEnabled",)),
        "type": (
            [changed(INTERFACE, {"privateDnsEnabled": False, "vpcEndpointType": UNKNOWN})],
            ("vpcEndpointType",),
        ),
        "service": ([changed(INTERFACE, {"privateDnsEnabled": False, "serviceName": UNKNOWN})], ("serviceName",)),
    },
    skipped={
        "gateway": [endpoint("dynamodb")],
        "interface to S3": [changed(endpoint("s3"), {"vpcEndpointType": "Interface"})],
        "somebody's service": [changed(INTERFACE, {"serviceName": "vpce.example"})],
    },
)
NAMES = Cases(
    rule="vpc-resolves-names",
    good={"both": [VPC], "support by default": [changed(VPC, {"enableDnsSupport": GONE})]},
    bad={
        "no support": ([changed(VPC, {"enableDnsSupport": False})], ("enableDnsSupport",)),
        "no host names": ([changed(VPC, {"enableDnsHostnames": GONE})], ("enableDnsHostnames",)),
    },
    unknown={"host names": ([changed(VPC, {"enableDnsHostnames": UNKNOWN})], ("enableDnsHostnames",))},
    always=True,
)
GATEWAY = made(ENDPOINT, refers={"routeTableIds": VPC}, vpcEndpointType="Gateway")
GROUPED = made(ENDPOINT, refers={"subnetIds": SUBNET}, securityGroupIds=["sg-1"], vpcEndpointType="Interface")
BARE = made(ENDPOINT, vpcEndpointType="Gateway")
CONNECTED = Cases(
    rule="vpc-endpoint-is-connected",
    good={
        "gateway": [GATEWAY],
        "interface": [GROUPED],
        "associated": [BARE, made(ROUTE_ASSOCIATION, refers={"vpcEndpointId": BARE})],
    },
    bad={
        "gateway": ([BARE], ("routeTableIds",)),
        "by default": ([made(ENDPOINT)], ("routeTableIds",)),
        "filled in by AWS": ([changed(BARE, {"routeTableIds": UNKNOWN})], ("routeTableIds",)),
        "no groups": ([changed(GROUPED, {"securityGroupIds": GONE})], ("securityGroupIds",)),
        "no subnets": ([changed(GROUPED, {"subnetIds": []})], ("subnetIds",)),
    },
    unknown={
        "type": ([changed(BARE, {"vpcEndpointType": UNKNOWN})], ("vpcEndpointType",)),
        "of which endpoint": ([BARE, made(ROUTE_ASSOCIATION, vpcEndpointId=UNKNOWN)], ("routeTableIds",)),
    },
    skipped={"gateway of appliances": [changed(BARE, {"vpcEndpointType": "GatewayLoadBalancer"})]},
)
EIP = made("aws:ec2/eip:Eip", "address")
USED = Cases(
    rule="elastic-ip-is-used",
    good={
        "NAT gateway": [EIP, made("aws:ec2/natGateway:NatGateway", refers={"allocationId": EIP})],
        "association": [EIP, made("aws:ec2/eipAssociation:EipAssociation", refers={"allocationId": EIP})],
        "load balancer": [EIP, made("aws:lb/loadBalancer:LoadBalancer", refers={"subnetMappings": EIP})],
        "instance": [changed(EIP, {"instance": "i-1"})],
    },
    bad={
        "nobody": ([EIP], ("",)),
        "filled in by AWS": ([changed(EIP, {"instance": UNKNOWN})], ("",)),
        "gateway that gave it back": (
            [EIP, changed(made("aws:ec2/natGateway:NatGateway", refers={"allocationId": EIP}), {"allocationId": GONE})],
            ("",),
        ),
        "a record only": ([EIP, made("aws:route53/record:Record", refers={"records": EIP})], ("",)),
        "NAT gateway without": ([EIP, made("aws:ec2/natGateway:NatGateway", connectivityType="private")], ("",)),
    },
    always=True,
    never_unknown="who has the address is known by the dependencies",
)

CASES: list[Cases] = [
    *(TAKEN_OVER, EMPTY, DEFAULT_VPC, PUBLIC_ADDRESS, GATEWAYS, INTERFACES, PRIVATE_NAME, NAMES, CONNECTED, USED),
]
