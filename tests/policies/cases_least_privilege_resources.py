"""Fixtures: on which resources an identity's policies allow what they allow."""

from __future__ import annotations

from typing import Any

from tests.policies.cases import Cases, Program
from tests.policies.cases_least_privilege_identity import (
    ALIAS,
    GOOD,
    INTERFACES,
    SKIPPED,
    TABLE,
    UNKNOWN_INLINE,
    UNKNOWN_POLICY,
    allow,
    bad,
    both_ways,
    of,
    policy,
)

_TAGGED = {"StringEquals": {"aws:ResourceTag/Environment": "test"}}
_NEW = {"StringEquals": {"aws:RequestTag/Environment": "test"}, "Null": {"aws:ResourceTag/Environment": "true"}}
# Each of these can be limited to nothing, or only together with what AWS does not say beforehand.
_UNSCOPED: dict[str, Any] = {
    "traces": ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
    "interfaces": INTERFACES,
    "descriptions of EC2": "ec2:Describe*",
    "log delivery": [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:PutResourcePolicy",
    ],
    "endpoints of Timestream": "timestream:DescribeEndpoints",
    "the registry's token": "ecr:GetAuthorizationToken",
    "passwords": "secretsmanager:GetRandomPassword",
    "metrics": ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
    "composite alarms": ["cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm"],
    "log groups": "logs:DescribeLogGroups",
    "who one is": "sts:GetCallerIdentity",
    "lists": ["s3:ListAllMyBuckets", "kms:ListAliases", "dynamodb:ListTables"],
}
_FREE: dict[str, Program] = {name: of(actions, "*") for name, actions in _UNSCOPED.items()}
_CONDITIONED: dict[str, Program] = {
    "by alias": of("kms:Decrypt", "*", ALIAS),
    "by tag": of(["dynamodb:PutItem", "ec2:DeleteRoute"], "*", _TAGGED),
    "by the service's tag": of("ecs:ExecuteCommand", "*", {"StringLike": {"ecs:ResourceTag/Team": "orders-*"}}),
    "by the caller's tag": of(
        "dynamodb:PutItem", "*", {"StringEquals": {"aws:ResourceTag/T": "${aws:PrincipalTag/T}"}}
    ),
    "by cluster": of(
        "ecs:RunTask", "*", {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:111111111111:cluster/orders"}}
    ),
    "what is made": of(["ec2:CreateVpc", "kms:TagResource", "sqs:CreateQueue"], "*", _NEW),
    "by namespace": of("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": "orders"}}),
    "tags while it is made": of("ec2:CreateTags", "*", {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}),
}
_NOT_NARROWED: dict[str, Any] = {
    "tags of what is there already": ("kms:TagResource", {"StringEquals": {"aws:RequestTag/Environment": "test"}}),
    "tags of the request for what is there": ("dynamodb:PutItem", _NEW),
    "an address": ("dynamodb:PutItem", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    "another tag": ("dynamodb:PutItem", {"StringNotEquals": {"aws:ResourceTag/Environment": "prod"}}),
    "all values": ("dynamodb:PutItem", {"ForAllValues:StringEquals": {"aws:ResourceTag/Environment": "test"}}),
    "metrics of no namespace": ("cloudwatch:PutMetricData", {"StringEquals": {"aws:ResourceAccount": "1"}}),
    "metrics of any namespace": ("cloudwatch:PutMetricData", {"StringLike": {"cloudwatch:namespace": "*"}}),
    "no values": ("dynamodb:PutItem", {"StringEquals": {"aws:ResourceTag/Environment": []}}),
}
_BUCKETS = "arn:aws:s3:::prod-*"


# What gets its id when it is made: only who deploys cannot name it.
_MADE_LATER = {
    "apigateway:DELETE": "apigateway:eu-west-1::/apis/*/authorizers/*",
    "apigateway:PATCH": "apigateway:eu-west-1::/apis/*/routes/*",
    "apigateway:POST": "apigateway:eu-west-1::/apis/*/stages",
    "wafv2:AssociateWebACL": "apigateway:eu-west-1::/restapis/*/stages/*",
    "cloudfront:DeleteCachePolicy": "cloudfront::111111111111:cache-policy/*",
    "cloudfront:DeleteOriginAccessControl": "cloudfront::111111111111:origin-access-control/*",
    "cloudfront:DeleteResponseHeadersPolicy": "cloudfront::111111111111:response-headers-policy/*",
    "ec2:ModifySecurityGroupRules": "ec2:eu-west-1:111111111111:security-group-rule/*",
    "route53:GetChange": "route53:::change/*",
    "route53:DeleteHealthCheck": "route53:::healthcheck/*",
    "route53:ChangeResourceRecordSets": "route53:::hostedzone/*",
}
# Of each kind that a stack names itself one whose name is whole, and what follows the name.
_WHOLE = {
    "dynamodb:Query": "dynamodb:eu-west-1:1:table/orders/index/*",
    "kinesis:PutRecord": "kinesis:eu-west-1:1:stream/orders/consumer/*",
    "logs:PutLogEvents": "logs:eu-west-1:1:log-group:orders:*",
    "s3:PutObject": "s3:::orders/*",
}
_OPEN_NAMES = {
    "ecr:PutImage": "ecr:eu-west-1:1:repository/orders/*",
    "events:PutEvents": "events:eu-west-1:1:event-bus/prod-*",
    "firehose:PutRecord": "firehose:eu-west-1:1:deliverystream/prod-*",
    "iam:GetRole": "iam::1:role/orders/prod-*",
    "kinesis:PutRecord": "kinesis:eu-west-1:1:stream/prod-*",
    "logs:PutLogEvents": "logs:eu-west-1:1:log-group:/aws/lambda/prod-*",
    "logs:CreateLogStream": "logs:eu-west-1:1:log-group:/aws/*:x",
    "sns:Publish": "sns:eu-west-1:1:prod*x",
    "sqs:SendMessage": "sqs:eu-west-1:1:prod-?",
    "dynamodb:GetItem": "dynamodb:eu-west-1:1:table/*-orders/index/x",
}


def _in_full(actions: Any, resource: str) -> tuple[Program, tuple[str, ...]]:
    return bad("Resource[0]", actions, resource)


CASES = [
    Cases(
        rule="iam-policy-names-resources",
        good={
            **GOOD,
            **_FREE,
            **_CONDITIONED,
            "a kind": of("dynamodb:PutItem", TABLE.replace("orders", "*")),
        },
        bad={
            **{
                name: each
                for action in ("dynamodb:query", "sqs:sendmessage", "lambda:invokefunction")
                for name, each in both_ways(action, "*").items()
            },
            **{
                f"{name} names no resource": bad("Resource", action, "*", condition)
                for name, (action, condition) in _NOT_NARROWED.items()
            },
            "everything": bad("Resource", "*", "*"),
            "what nobody knows": bad("Resource", "dynamodb:FetchItem", "*"),
            "with what cannot be limited": bad("Resource", ["xray:PutTraceSegments", "dynamodb:PutItem"], "*"),
            "lists of what is in a bucket": bad("Resource", "s3:List*", "*"),
            "descriptions that can be limited": bad("Resource", "elasticache:Describe*", "*"),
            "all but some": (
                [policy(allow("dynamodb:PutItem", None, NotResource=TABLE))],
                ("policy.Statement[0].Resource",),
            ),
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-names-more-than-a-kind",
        good={
            **GOOD,
            **_FREE,
            **_CONDITIONED,
            "a star": of("dynamodb:PutItem", "*"),
            "a prefix": of("s3:GetObject", _BUCKETS),
            "objects": of("s3:GetObject", "arn:aws:s3:::orders/*"),
            "streams of a log group": of(
                "logs:PutLogEvents", "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/orders:*"
            ),
            "by tag": of("dynamodb:PutItem", TABLE.replace("orders", "*"), _TAGGED),
            "what has no name": of(
                "application-autoscaling:PutScalingPolicy",
                "arn:aws:application-autoscaling:eu-west-1:111111111111:scalable-target/*",
            ),
            "AWS's prefix lists": of("ec2:GetManagedPrefixListEntries", "arn:aws:ec2:eu-west-1:aws:prefix-list/*"),
            "another kind": of("sns:Publish", "arn:aws:sqs:eu-west-1:111111111111:*"),
            **{
                f"{resource} for who deploys": [policy(allow(action, f"arn:aws:{resource}"), name="deploy-edge")]
                for action, resource in _MADE_LATER.items()
            },
        },
        bad={
            "tables": _in_full("dynamodb:PutItem", TABLE.replace("orders", "*")),
            "tables, one letter more": _in_full("dynamodb:PutItem", TABLE.replace("orders", "?*")),
            "indexes of tables": _in_full("dynamodb:Query", TABLE.replace("orders", "*/index/*")),
            "everything of a service": _in_full("dynamodb:PutItem", "arn:aws:dynamodb:*:*:*"),
            "everything in a region": _in_full("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:*"),
            "everything in words": _in_full("dynamodb:PutItem", "arn:*"),
            "everything in some regions": _in_full("dynamodb:PutItem", "arn:aws:dynamodb:eu*"),
            "everything of some accounts": _in_full("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:11*"),
            "tables in some regions": _in_full("dynamodb:PutItem", "arn:aws:dynamodb:eu*table/*"),
            "any service": _in_full("sqs:SendMessage", "arn:aws:*:*:*:*"),
            "buckets": _in_full("s3:ListBucket", "arn:aws:s3:::*"),
            "queues": _in_full("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111111111111:*"),
            **{resource: _in_full(action, f"arn:aws:{resource}") for action, resource in _MADE_LATER.items()},
            "the second": bad("Resource[1]", "dynamodb:PutItem", [TABLE, TABLE.replace("orders", "*")]),
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped=SKIPPED,
        parameters={"deployers": ["deploy-*"]},
    ),
    Cases(
        rule="iam-policy-names-resources-in-full",
        good={
            **GOOD,
            **_FREE,
            **_CONDITIONED,
            "a star": of("dynamodb:PutItem", "*"),
            "indexes": of("dynamodb:Query", f"{TABLE}/index/*"),
            "objects": of("s3:GetObject", "arn:aws:s3:::orders/invoices/*"),
            "a secret": of(
                "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:orders-??????"
            ),
            "versions of a function": of("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:orders:*"),
            "streams of a log group": of(
                "logs:PutLogEvents", "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/orders:*"
            ),
            "parameters of a path": of("ssm:GetParameter", "arn:aws:ssm:eu-west-1:1:parameter/orders/*"),
            "tables by tag": of("dynamodb:PutItem", TABLE.replace("orders", "prod-*"), _TAGGED),
            "AWS's prefix lists": of("ec2:GetManagedPrefixListEntries", "arn:aws:ec2:eu-west-1:aws:prefix-list/*"),
            **{resource: of(action, f"arn:aws:{resource}") for action, resource in _WHOLE.items()},
        },
        bad={
            "tables": _in_full("dynamodb:PutItem", TABLE.replace("orders", "prod-*")),
            "tables in the middle": _in_full("dynamodb:PutItem", TABLE.replace("orders", "prod-*-orders/index/x")),
            "buckets": _in_full("s3:GetObject", f"{_BUCKETS}/*"),
            "secrets": _in_full(
                "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod-*"
            ),
            "queues": _in_full("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111111111111:prod-*"),
            "topics": _in_full("sns:Publish", "arn:aws:sns:eu-west-1:111111111111:*-alerts"),
            "functions": _in_full("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:prod-*"),
            "workflows": _in_full("states:StartExecution", "arn:aws:states:eu-west-1:1:stateMachine:prod-?"),
            "series": _in_full("timestream:Select", "arn:aws:timestream:eu-west-1:1:database/market/table/prod-*"),
            "databases": _in_full("timestream:Select", "arn:aws:timestream:eu-west-1:1:database/*/table/prices"),
            "roles": _in_full("sts:AssumeRole", "arn:aws:iam::111111111111:role/orders/*"),
            "half an ARN": _in_full("sqs:SendMessage", "arn:aws:sqs*orders"),
            "after a whole one": bad("Resource[1]", "sqs:SendMessage", ["arn:aws:sqs:x:1:a", "arn:aws:sqs:x:1:a*"]),
            "any account": _in_full("sqs:SendMessage", "arn:aws:sqs:eu-west-1:*:orders"),
            "any region": _in_full("sqs:SendMessage", "arn:aws:sqs:*:1:orders"),
            **{resource: _in_full(action, f"arn:aws:{resource}") for action, resource in _OPEN_NAMES.items()},
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped={**SKIPPED, "who deploys": [policy(allow("s3:GetObject", _BUCKETS), name="deploy-data")]},
        parameters={"deployers": ["deploy-*"]},
    ),
]
