"""Fixtures of policies/rules/operations/observability_network.py."""

from __future__ import annotations

import dataclasses

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

VPC = made("aws:ec2/vpc:Vpc", "vpc", cidrBlock="10.0.0.0/16")
OTHER = made("aws:ec2/vpc:Vpc", "other", cidrBlock="10.1.0.0/16")
GROUP = made("aws:cloudwatch/logGroup:LogGroup", "log")
BUCKET = made("aws:s3/bucket:Bucket", "logs")
ROLE = made("aws:iam/role:Role", "role")
LOG = made(
    "aws:ec2/flowLog:FlowLog",
    refers={"vpcId": VPC, "logDestination": GROUP, "iamRoleArn": ROLE},
    trafficType="ALL",
    maxAggregationInterval=60,
)
TO_BUCKET = made(
    "aws:ec2/flowLog:FlowLog",
    refers={"vpcId": VPC, "logDestination": BUCKET},
    logDestinationType="s3",
    trafficType="ALL",
)
ANYWHERE = dataclasses.replace(LOG, property_dependencies={})
KIND, DESTINATION, ROLE_ARN = "logDestinationType", "logDestination", "iamRoleArn"
SECURITY_GROUP = made(
    "aws:ec2/securityGroup:SecurityGroup",
    description="Functions: to AWS through endpoints",
    ingress=[{"description": "API", "fromPort": 443, "toPort": 443, "protocol": "tcp", "self": True}],
)
DEFAULT_GROUP = made("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
LINE = made(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", description="API to functions", ipProtocol="tcp"
)

CASES = [
    Cases(
        rule="vpc-has-flow-log",
        good={
            "all": [VPC, LOG, GROUP],
            "to a bucket": [VPC, TO_BUCKET, BUCKET],
            "second one": [VPC, changed(TO_BUCKET, {"trafficType": "ACCEPT"}), dataclasses.replace(LOG, urn="urn:2")],
        },
        bad={
            "none": ([VPC], ("",)),
            "of another": ([OTHER, LOG, VPC], ("",)),
            "accepted only": ([VPC, changed(LOG, {"trafficType": "ACCEPT"})], ("",)),
            "refused only": ([VPC, changed(LOG, {"trafficType": "REJECT"})], ("",)),
            "no kind": ([VPC, changed(LOG, {"trafficType": GONE})], ("",)),
            "default": ([made("aws:ec2/defaultVpc:DefaultVpc")], ("",)),
        },
        unknown={
            "which": ([VPC, ANYWHERE], ("",)),
            "traffic": ([VPC, changed(LOG, {"trafficType": UNKNOWN})], ("",)),
        },
        always=True,
    ),
    Cases(
        rule="flow-log-is-delivered",
        good={
            "log group": [LOG],
            "bucket": [TO_BUCKET],
            "unknown": [ANYWHERE],
            "name of a log group": [changed(LOG, {DESTINATION: GONE, "logGroupName": "flow"})],
            "stream": [
                changed(
                    TO_BUCKET,
                    {KIND: "kinesis-data-firehose", DESTINATION: "arn:aws:firehose:eu-west-1:1:deliverystream/flow"},
                )
            ],
        },
        bad={
            "no destination": ([changed(LOG, {DESTINATION: GONE})], (DESTINATION,)),
            "no role": ([changed(LOG, {ROLE_ARN: GONE})], (ROLE_ARN,)),
            "another ARN for a role": ([changed(LOG, {ROLE_ARN: "arn:aws:s3:::files"})], (ROLE_ARN,)),
            "bucket for a log group": ([changed(TO_BUCKET, {KIND: GONE})], (DESTINATION, ROLE_ARN)),
            "log group for a bucket": ([changed(LOG, {KIND: "s3"})], (DESTINATION,)),
            "another kind": ([changed(LOG, {KIND: "elsewhere"})], (KIND,)),
        },
        unknown={"kind": ([changed(LOG, {KIND: UNKNOWN})], (KIND,))},
        always=True,
    ),
    Cases(
        rule="security-group-lines-are-described",
        good={
            "group": [SECURITY_GROUP],
            "default": [DEFAULT_GROUP],
            "rule": [LINE],
            "old rule": [made("aws:ec2/securityGroupRule:SecurityGroupRule", description="API", type="ingress")],
            "one, no list": [changed(SECURITY_GROUP, {"ingress": {"description": "API", "fromPort": 443}})],
        },
        bad={
            "not set": ([changed(SECURITY_GROUP, {"description": GONE})], ("description",)),
            "placeholder": ([changed(SECURITY_GROUP, {"description": "Managed by Pulumi"})], ("description",)),
            "blank": ([changed(SECURITY_GROUP, {"description": "  "})], ("description",)),
            "line": ([changed(SECURITY_GROUP, {"ingress.0.description": GONE})], ("ingress.0.description",)),
            "line out": ([changed(SECURITY_GROUP, {"egress": [{"fromPort": 0}]})], ("egress.0.description",)),
            "line of the default": (
                [changed(DEFAULT_GROUP, {"egress": [{"fromPort": 0}]})],
                ("egress.0.description",),
            ),
            "no mapping": ([changed(SECURITY_GROUP, {"ingress": ["all"]})], ("ingress.0.description",)),
            "rule": ([changed(LINE, {"description": ""})], ("description",)),
            "rule out": ([made("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")], ("description",)),
        },
        unknown={
            "description": ([changed(LINE, {"description": UNKNOWN})], ("description",)),
            "lines": ([changed(SECURITY_GROUP, {"ingress": UNKNOWN})], ("ingress",)),
        },
        always=True,
    ),
]
