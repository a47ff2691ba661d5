"""Wrong programs about what is in a VPC: endpoints, flow logs and functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import REGION, Wrong, function, log_group, provider, role, role_policy
from tests.plumbline.wrong_subnets import association, nat, public, route, subnet, table, vpc


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", **changes}


def endpoint(of: aws.ec2.Vpc, name: str = "s3", **changes: Any) -> aws.ec2.VpcEndpoint:
    """A gateway endpoint for S3."""
    own = pulumi.ResourceOptions(provider=changes.pop("provider", None))
    whole = {
        "vpc_endpoint_type": "Gateway",
        "service_name": f"com.amazonaws.{REGION}.s3",
        "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement()]}),
        **changes,
    }
    return aws.ec2.VpcEndpoint(name, vpc_id=of.id, opts=own, **whole)


def interface(of: aws.ec2.Vpc, name: str = "sqs", **changes: Any) -> aws.ec2.VpcEndpoint:
    """An interface endpoint for SQS with private names."""
    whole = {
        "vpc_endpoint_type": "Interface",
        "service_name": f"com.amazonaws.{REGION}.sqs",
        "private_dns_enabled": True,
        **changes,
    }
    return endpoint(of, name, **whole)


def flow_log(*, policy: bool = True, depends: bool = True, **changes: Any) -> aws.ec2.FlowLog:
    """A flow log of a VPC to CloudWatch Logs, with the role that it writes with."""
    writer, group = role("writer"), log_group("/aws/vpc/flow")
    allowed = [role_policy(writer)] if policy else []
    whole = {
        "vpc_id": vpc().id,
        "traffic_type": "ALL",
        "log_destination": group.arn,
        "iam_role_arn": writer.arn,
        "max_aggregation_interval": 60,
        **changes,
    }
    return aws.ec2.FlowLog("flow", opts=pulumi.ResourceOptions(depends_on=allowed if depends else []), **whole)


def _two_interfaces(*, apart: bool = False, **changes: Any) -> None:
    main = vpc()
    interface(main)
    interface(vpc("other") if apart else main, "second", **changes)


def _policy(document: Any) -> Callable[[], Any]:
    return lambda: endpoint(vpc(), policy=document if isinstance(document, str) else json.dumps(document))


def _in_vpc(**config: Any) -> None:
    worker = role()
    function(owner=worker, needs=[log_group(), role_policy(worker)], vpc_config=config)


ENDPOINTS = [
    Wrong(
        "gateway endpoint for SQS",
        lambda: endpoint(vpc(), service_name=f"com.amazonaws.{REGION}.sqs"),
        "vpcEndpointType",
        "Gateway given for sqs; allowed: dynamodb, s3",
    ),
    Wrong(
        "gateway endpoint with subnets",
        lambda: endpoint(main := vpc(), subnet_ids=[subnet(main).id]),
        "subnetIds",
        "given, but an endpoint of type Gateway takes none",
    ),
    Wrong(
        "gateway endpoint with groups",
        lambda: endpoint(vpc(), security_group_ids=["sg-1"]),
        "securityGroupIds",
        "given, but an endpoint of type Gateway takes none",
    ),
    Wrong(
        "gateway endpoint with private names",
        lambda: endpoint(vpc(), private_dns_enabled=True),
        "privateDnsEnabled",
        "has no private names",
    ),
    Wrong(
        "interface endpoint with route tables",
        lambda: interface(main := vpc(), route_table_ids=[table(main).id]),
        "routeTableIds",
        "given, but an endpoint of type Interface takes none",
    ),
    Wrong(
        "endpoint of a bare name",
        lambda: endpoint(vpc(), service_name="s3"),
        "serviceName",
        "'s3' given; allowed: com.amazonaws.REGION.SERVICE",
    ),
    Wrong(
        "endpoint without region",
        lambda: interface(vpc(), service_name="com.amazonaws.sqs"),
        "serviceName",
        "'com.amazonaws.sqs' given; allowed: com.amazonaws.REGION.SERVICE",
    ),
    Wrong(
        "endpoint of another region",
        lambda: endpoint(vpc(), service_name="com.amazonaws.us-east-1.s3", provider=provider()),
        "serviceName",
        "allowed: a service of region eu-west-1",
    ),
    Wrong(
        "private names without host names",
        lambda: interface(vpc(enable_dns_hostnames=None)),
        "privateDnsEnabled",
        "given; VPC main needs enableDnsHostnames",
    ),
    Wrong(
        "private names without resolver",
        lambda: interface(vpc(enable_dns_support=False)),
        "privateDnsEnabled",
        "given; VPC main needs enableDnsSupport",
    ),
    Wrong(
        "private names twice",
        _two_interfaces,
        "privateDnsEnabled",
        "has the private names of com.amazonaws.eu-west-1.sqs already",
    ),
    Wrong("endpoint policy not JSON", _policy("Allow"), "policy", "not JSON"),
    Wrong("endpoint policy without statement", _policy({"Version": "2012-10-17"}), "policy", "with a Statement"),
    Wrong(
        "endpoint policy without principal",
        _policy({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        "policy.Statement[0].Principal",
        "exactly one of Principal and NotPrincipal",
    ),
    Wrong(
        "endpoint policy with another effect",
        _policy({"Statement": statement(Effect="Permit")}),
        "policy.Statement[0].Effect",
        "'Permit' given; allowed: Allow, Deny",
    ),
]

FLOW_LOGS = [
    Wrong(
        "flow log of two things",
        lambda: flow_log(subnet_id="subnet-1"),
        "",
        "vpcId and subnetId given; exactly one of vpcId",
    ),
    Wrong("flow log of nothing", lambda: flow_log(vpc_id=None), "", "nothing given; exactly one of vpcId"),
    Wrong("flow log without kind", lambda: flow_log(traffic_type=None), "trafficType", "missing; allowed: ACCEPT"),
    Wrong("flow log without role", lambda: flow_log(iam_role_arn=None), "iamRoleArn", "missing; a flow log to Cloud"),
    Wrong("flow log to nowhere", lambda: flow_log(log_destination=None), "logDestination", "missing; a flow log"),
    Wrong("flow log before its policy", lambda: flow_log(depends=False), "iamRoleArn", "must depend on its role's pol"),
    Wrong("flow log that may not", lambda: flow_log(policy=False), "iamRoleArn", "role writer has no permissions"),
    Wrong(
        "flow log every 5 minutes",
        lambda: flow_log(max_aggregation_interval=300),
        "maxAggregationInterval",
        "300 given; allowed: 60, 600",
    ),
]

FUNCTIONS = [
    Wrong(
        "function with groups and no subnets",
        lambda: _in_vpc(subnet_ids=[], security_group_ids=["sg-1"]),
        "vpcConfig.subnetIds",
        "empty; a function in a VPC needs subnetIds with its securityGroupIds",
    ),
    Wrong(
        "function with subnets and no groups",
        lambda: _in_vpc(subnet_ids=["subnet-1"], security_group_ids=[]),
        "vpcConfig.securityGroupIds",
        "empty; a function in a VPC needs securityGroupIds with its subnetIds",
    ),
]


def _everything() -> None:
    main = vpc()
    gateway = nat(public(main, availability_zone="eu-west-1a"))
    closed, routes = subnet(main, "b", cidr_block="10.0.1.0/24"), table(main)
    association(closed, routes)
    route(routes, nat_gateway_id=gateway.id)
    route(routes, "on", destination_cidr_block="10.9.0.0/16", nat_gateway_id=gateway.id)
    endpoint(main, route_table_ids=[routes.id])
    interface(main, subnet_ids=[closed.id])
    interface(main, "sns", service_name=f"com.amazonaws.{REGION}.sns")


class _Parts(pulumi.ComponentResource):
    """A VPC with two subnets inside a component, as awsx makes them."""

    def __init__(self) -> None:
        super().__init__("tests:index:Parts", "parts")
        own = pulumi.ResourceOptions(parent=self)
        self.vpc = vpc(opts=own)
        self.subnets = [subnet(self.vpc, name, cidr_block=f"10.0.{n}.0/24", opts=own) for n, name in enumerate("ab")]
        self.register_outputs({})


def _component() -> None:
    parts = _Parts()
    interface(parts.vpc)
    for number, one in enumerate(parts.subnets):
        association(one, table(parts.vpc, f"table-{number}"), f"association-{number}")


WRONG_ENDPOINTS: list[Wrong] = [*ENDPOINTS, *FLOW_LOGS, *FUNCTIONS]
SOUND_ENDPOINTS: dict[str, Callable[[], Any]] = {
    "network with everything": _everything,
    "network in a component": _component,
    "endpoint of the region": lambda: endpoint(vpc(), provider=provider()),
    "endpoint of another region's service": lambda: interface(
        vpc(), service_name="com.amazonaws.us-east-1.sqs", service_region="us-east-1", provider=provider()
    ),
    "endpoint of a service of no region": lambda: interface(vpc(), service_name="com.amazonaws.iam"),
    "endpoint of somebody's service": lambda: interface(
        vpc(), service_name=f"com.amazonaws.vpce.{REGION}.vpce-svc-1", private_dns_enabled=False
    ),
    "endpoint without private names": lambda: interface(vpc(enable_dns_hostnames=False), private_dns_enabled=False),
    "private names in two VPCs": lambda: _two_interfaces(apart=True),
    "one service twice": lambda: _two_interfaces(private_dns_enabled=False),
    "endpoint with an unknown policy": lambda: endpoint(vpc(), policy=aws.s3.Bucket("elsewhere").arn),
    "flow log": flow_log,
    "flow log to a bucket": lambda: flow_log(
        log_destination_type="s3", log_destination=aws.s3.Bucket("elsewhere").arn, iam_role_arn=None
    ),
    "flow log of a transit gateway": lambda: flow_log(vpc_id=None, transit_gateway_id="tgw-1", traffic_type=None),
    "function in a VPC": lambda: _in_vpc(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]),
    "function in no VPC": lambda: _in_vpc(subnet_ids=[], security_group_ids=[]),
    "function in an unknown VPC": lambda: _in_vpc(
        subnet_ids=aws.s3.Bucket("elsewhere").arn.apply(lambda arn: [arn]), security_group_ids=["sg-1"]
    ),
}
