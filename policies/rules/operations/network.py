"""Networks: what a VPC comes with, public addresses, and the ways to AWS that avoid the internet."""

from __future__ import annotations

from collections.abc import Iterable

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_false,
    check_true,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.openings import DEFAULT_GROUP, EGRESS, GROUP, INGRESS, RULE

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_VPC = "aws:ec2/defaultVpc:DefaultVpc"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
EIP = "aws:ec2/eip:Eip"
_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide"
_LINES = (RULE, INGRESS, EGRESS)


def written(view: View, path: str) -> bool:
    """Say whether the program gives a property.

    On the engine a property that nobody gave is unknown as well, if AWS fills it in; but it depends on nothing.
    """
    if view.get(path) is UNKNOWN:
        return bool(view.resource.sources(path))
    return view.is_set(path)


@rule(
    "OP-050",
    "vpc-default-security-group-is-taken-over",
    pack="operations",
    types=(VPC,),
    severity="high",
    scope="stack",
    rationale="The default group of a VPC lets members talk to each other and to the world until somebody empties it.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2",
    remediation="Add aws.ec2.DefaultSecurityGroup with the VPC's id, and without ingress and egress.",
    controls=("EC2.2", "CKV2_AWS_12", "5.4"),
    criteria=("TRADING-02.5",),
)
def default_group_managed(view: View) -> Outcome:
    groups, uncertain = view.referrers(DEFAULT_GROUP, "vpcId")
    if groups:
        return PASS
    expected = "the VPC's default security group in the stack"
    return unknown("", expected) if uncertain else fail("", "no default security group", expected)


@rule(
    "OP-051",
    "default-security-group-allows-nothing",
    pack="operations",
    types=(DEFAULT_GROUP, *_LINES),
    severity="high",
    scope="stack",
    rationale="Whatever names no group of its own gets this one, and with it all that it lets through.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2",
    remediation="Leave ingress and egress out, and give resources groups of their own.",
    controls=("EC2.2", "CKV2_AWS_12", "5.4"),
    criteria=("TRADING-02.5",),
)
def default_group_empty(view: View) -> Outcome:
    """A rule by itself may belong to the default group too: as its resource, or by the VPC's output."""
    expected = "no rule in the default group"
    if view.type == DEFAULT_GROUP:
        return all_of([PASS, *(_empty(view, path, expected) for path in ("ingress", "egress"))])
    if _in_default_group(view):
        return fail("securityGroupId", "the default group", "a group of its own")
    return PASS if written(view, "securityGroupId") else NOT_APPLICABLE


def _empty(view: View, path: str, expected: str) -> Outcome:
    if not written(view, path):
        return PASS
    lines = view.items(path)
    if lines is None:
        return unknown(path, expected)
    return fail(path, f"{len(lines)} rule" + ("s" if len(lines) > 1 else ""), expected) if lines else PASS


def _in_default_group(line: View) -> bool:
    if any(line.refers_to("securityGroupId", group) for group in line.of_type(DEFAULT_GROUP)):
        return True
    named = line.resource.property_dependencies.get("securityGroupId", ())
    groups = {group.resource.urn for group in line.of_type(GROUP)}
    vpcs = {vpc.resource.urn for vpc in line.of_type(VPC, DEFAULT_VPC)}
    return bool(vpcs.intersection(named)) and not groups.intersection(named)


@rule(
    "OP-052",
    "default-vpc-is-not-used",
    pack="operations",
    types=(VPC, SUBNET, DEFAULT_VPC, DEFAULT_SUBNET),
    severity="medium",
    rationale="All subnets of the VPC that an account comes with are public, and it belongs to no system.",
    url=f"{_GUIDE}/default-vpc.html",
    remediation="Make a VPC with subnets of its own instead of aws.ec2.DefaultVpc and aws.ec2.DefaultSubnet.",
    controls=("CKV_AWS_148",),
)
def default_vpc(view: View) -> Outcome:
    if view.type in (DEFAULT_VPC, DEFAULT_SUBNET):
        return fail("", "what the account comes with", "a VPC of the system")
    return PASS


@rule(
    "OP-053",
    "subnet-gives-no-public-address",
    pack="operations",
    types=(SUBNET, DEFAULT_SUBNET),
    severity="medium",
    rationale="Where addresses are given by themselves, whatever starts there by mistake faces the internet.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-15",
    remediation="Leave map_public_ip_on_launch false, in public subnets too: gateways and balancers do not need it.",
    controls=("EC2.15", "CKV_AWS_130"),
    criteria=("TRADING-02.5",),
)
def public_address(view: View) -> Outcome:
    return check_false(view, "mapPublicIpOnLaunch", default=view.type == DEFAULT_SUBNET)


_BUCKET = "aws:s3/bucket:Bucket"
_TABLE = "aws:dynamodb/table:Table"
_SECRET = "aws:secretsmanager/secret:Secret"
_CONTAINERS = ["aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition", "aws:eks/nodeGroup:NodeGroup"]
_INSTANCES = [
    "aws:ec2/instance:Instance",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
]


@rule(
    "OP-054",
    "vpc-has-gateway-endpoints",
    pack="operations",
    types=(VPC,),
    severity="medium",
    scope="stack",
    rationale="Gateway endpoints are free; without them each byte to S3 and DynamoDB is paid for at the NAT gateway.",
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",
    remediation='Add aws.ec2.VpcEndpoint with vpc_endpoint_type="Gateway" for the service, in private route tables.',
    controls=("EC2.55",),
    criteria=("TRADING-02.3a", "TRADING-02.3b", "TRADING-02.4"),
    parameters={"services": {"s3": [_BUCKET], "dynamodb": [_TABLE]}},
)
def gateway_endpoints(view: View) -> Outcome:
    """`services` are those that a VPC needs where the stack has resources of some types."""
    return _endpoints(view, "a gateway endpoint")


@rule(
    "OP-055",
    "vpc-has-private-endpoints",
    pack="operations",
    types=(VPC,),
    severity="medium",
    level="open",
    scope="stack",
    rationale="By an endpoint of the VPC images, secrets and logs stay off the internet, and its policy says whose.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-55",
    remediation='Add aws.ec2.VpcEndpoint with vpc_endpoint_type="Interface" for the service, in the private subnets.',
    controls=("EC2.55", "EC2.56", "EC2.57"),
    criteria=("TRADING-02.3c", "TRADING-02.3d", "TRADING-02.4"),
    parameters={
        "services": {
            "ecr.api": _CONTAINERS,
            "ecr.dkr": _CONTAINERS,
            "ssm": _INSTANCES,
            "secretsmanager": [_SECRET],
            "logs": ["aws:lambda/function:Function", *_CONTAINERS],
            "monitoring": ["aws:lambda/function:Function", *_CONTAINERS],
        }
    },
)
def interface_endpoints(view: View) -> Outcome:
    """`services` are those that a VPC needs where the stack has resources of some types."""
    return _endpoints(view, "an endpoint")


def _endpoints(view: View, what: str) -> Outcome:
    wanted = [
        str(service)
        for service, types in view.parameters["services"].items()
        if any(view.of_type(str(each)) for each in types)
    ]
    endpoints, uncertain = view.referrers(ENDPOINT, "vpcId")
    names = [each.get("serviceName") for each in endpoints]
    outcomes: list[Outcome] = []
    for service in wanted:
        expected = f"{what} for {service}"
        if any(isinstance(name, str) and _is_for(name, service) for name in names):
            outcomes.append(PASS)
        elif uncertain or any(name is UNKNOWN for name in names):
            outcomes.append(unknown("", expected))
        else:
            outcomes.append(fail("", f"none for {service}", expected))
    return all_of(outcomes)


def _is_for(name: str, service: str) -> bool:
    """Say whether a name such as com.amazonaws.eu-west-1.ecr.api is a service's."""
    return name.lower().endswith(f".{service}") or name.lower().endswith(f".{service}-fips")


@rule(
    "OP-056",
    "vpc-endpoint-has-private-name",
    pack="operations",
    types=(ENDPOINT,),
    severity="medium",
    rationale="Without private DNS the service's usual name still leads to the internet, and nobody uses the endpoint.",
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html",
    remediation="Set private_dns_enabled=True.",
    controls=("EC2.55", "EC2.56", "EC2.57"),
    criteria=("TRADING-02.4",),
)
def private_name(view: View) -> Outcome:
    """Only for interface endpoints of AWS's own services; S3 and DynamoDB are reached by gateways."""
    name = view.get("serviceName")
    kind = view.get("vpcEndpointType", "Gateway")
    if isinstance(name, str) and (not name.startswith("com.amazonaws.") or _is_for(name, "s3")):
        return NOT_APPLICABLE
    if kind is not UNKNOWN and str(kind).lower() != "interface":
        return NOT_APPLICABLE
    outcome = check_true(view, "privateDnsEnabled")
    if outcome.word == "fail" and UNKNOWN in (kind, name):
        return unknown("vpcEndpointType" if kind is UNKNOWN else "serviceName", "true where it is an interface")
    return outcome


@rule(
    "OP-057",
    "vpc-resolves-names",
    pack="operations",
    types=(VPC,),
    severity="medium",
    rationale="Private names of endpoints work only in a VPC that has both DNS support and host names on.",
    url=f"{_GUIDE}/vpc-dns.html",
    remediation="Set enable_dns_support and enable_dns_hostnames to True.",
    controls=("EC2.55", "EC2.56", "EC2.57"),
    criteria=("TRADING-02.4",),
)
def names(view: View) -> Outcome:
    support = check_true(view, "enableDnsSupport", default=True)
    return all_of([support, check_true(view, "enableDnsHostnames")])


_ASSOCIATIONS = {
    "routeTableIds": "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
    "subnetIds": "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation",
    "securityGroupIds": "aws:ec2/securityGroupAssociation:SecurityGroupAssociation",
}


@rule(
    "OP-059",
    "vpc-endpoint-is-connected",
    pack="operations",
    types=(ENDPOINT,),
    severity="medium",
    scope="stack",
    rationale="An endpoint without route tables or subnets carries nothing; one without groups has the default group.",
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
    remediation="Set route_table_ids of a gateway; subnet_ids and security_group_ids of an interface.",
    controls=("EC2.55", "EC2.56", "EC2.57"),
    criteria=("TRADING-02.4",),
)
def connected(view: View) -> Outcome:
    kind = view.get("vpcEndpointType", "Gateway")
    if kind is UNKNOWN:
        return unknown("vpcEndpointType", "Gateway or Interface")
    needs = {"gateway": ("routeTableIds",), "interface": ("subnetIds", "securityGroupIds")}
    return all_of(_has(view, path) for path in needs.get(str(kind).lower(), ()))


def _has(view: View, path: str) -> Outcome:
    """Say whether an endpoint has something, by itself or by resources that associate it."""
    if written(view, path) or (path == "subnetIds" and written(view, "subnetConfigurations")):
        return PASS
    found, uncertain = view.referrers(_ASSOCIATIONS[path], "vpcEndpointId")
    if found:
        return PASS
    return unknown(path, "at least one") if uncertain else fail(path, "not set", "at least one")


# Where others take an address, or its allocation.
_USES = ("allocationId", "secondaryAllocationIds", "availabilityZoneAddresses", "publicIp", "subnetMappings")


@rule(
    "OP-058",
    "elastic-ip-is-used",
    pack="operations",
    types=(EIP,),
    severity="low",
    scope="stack",
    rationale="An address that nothing has costs money each hour, and can be attached to anything.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-12",
    remediation="Give the address to a NAT gateway, an instance or a load balancer, or delete it.",
    controls=("EC2.12", "CKV2_AWS_19"),
)
def used_address(view: View) -> Outcome:
    if any(written(view, path) for path in ("instance", "networkInterface")) or any(_takers(view)):
        return PASS
    return fail("", "nothing that has the address", "a NAT gateway, an instance or a load balancer")


def _takers(address: View) -> Iterable[bool]:
    urn = address.resource.urn
    names = (address.resource.id, address.resource.outputs.get("allocationId"))
    known = {name for name in names if isinstance(name, str) and name}
    for other in address.stack.graph:
        given = [path for path in _USES if other.inputs.get(path) is not None]
        yield any(urn in other.property_dependencies.get(path, ()) for path in given)
        yield any(isinstance(value := other.inputs.get(path), str) and value in known for path in _USES[:1])
