"""components.grants: the exact policy document behind each kind of edge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import grants
from components.account import Account

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
CHINA = Account(account_id="222222222222", region="cn-north-1")
TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/test-orders"
KEYS = "arn:aws:kms:us-east-1:111111111111:key/*"
READ = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"]
WRITE = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
PRODUCE = ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


def allow(sid: str, actions: list[str], *resources: str, condition: Any = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}
    return statement if condition is None else {**statement, "Condition": condition}


def key_condition(alias: str, host: str) -> dict[str, dict[str, str]]:
    return {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": alias},
        "StringEquals": {"kms:ViaService": host},
    }


STATE_KEY = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/bootstrap-secrets"}}
DYNAMODB_KEY = key_condition("alias/test-data", "dynamodb.us-east-1.amazonaws.com")

EDGES: dict[str, tuple[tuple[grants.Statement, ...], list[dict[str, Any]]]] = {
    "read objects below prefixes": (
        grants.read_objects(ACCOUNT, "test-data", ["items/", "plans/"]),
        [
            allow("ReadObjects", ["s3:GetObject"], "arn:aws:s3:::test-data/items/*", "arn:aws:s3:::test-data/plans/*"),
            allow("ListObjects", ["s3:ListBucket"], "arn:aws:s3:::test-data"),
        ],
    ),
    "write objects below a prefix": (
        grants.write_objects(ACCOUNT, "test-data", ["items/"]),
        [allow("WriteObjects", ["s3:AbortMultipartUpload", "s3:PutObject"], "arn:aws:s3:::test-data/items/*")],
    ),
    "delete objects below a prefix": (
        grants.delete_objects(ACCOUNT, "test-data", ["items/"]),
        [allow("DeleteObjects", ["s3:DeleteObject"], "arn:aws:s3:::test-data/items/*")],
    ),
    "export": (
        grants.export_table(ACCOUNT, "test-orders"),
        [allow("ExportTable", ["dynamodb:ExportTableToPointInTime"], TABLE)],
    ),
    "pull images": (
        grants.pull_images(ACCOUNT, "test-sockets"),
        [
            allow(
                "PullImages",
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                "arn:aws:ecr:us-east-1:111111111111:repository/test-sockets",
            ),
            allow("LogInToRegistry", ["ecr:GetAuthorizationToken"], "*"),
        ],
    ),
    "read parameters": (
        grants.read_parameters(ACCOUNT, ["/app/test/key", "/app/test/other"]),
        [
            allow(
                "ReadParameters",
                ["ssm:GetParameters"],
                "arn:aws:ssm:us-east-1:111111111111:parameter/app/test/key",
                "arn:aws:ssm:us-east-1:111111111111:parameter/app/test/other",
            )
        ],
    ),
    "read metrics": (grants.read_metrics(), [allow("ReadMetrics", ["cloudwatch:GetMetricData"], "*")]),
    "put metrics": (
        grants.put_metrics("app"),
        [
            allow(
                "PutMetrics",
                ["cloudwatch:PutMetricData"],
                "*",
                condition={"StringEquals": {"cloudwatch:namespace": "app"}},
            )
        ],
    ),
    "post to connections": (
        grants.post_to_connections(ACCOUNT, "live"),
        [
            allow(
                "PostToConnections",
                ["execute-api:ManageConnections"],
                "arn:aws:execute-api:us-east-1:111111111111:*/live/POST/@connections/*",
            )
        ],
    ),
    "read": (grants.read_table(ACCOUNT, "test-orders", []), [allow("ReadTable", READ, TABLE)]),
    "read with indexes": (
        grants.read_table(ACCOUNT, "test-orders", ["by-day", "by-status"]),
        [
            allow("ReadTable", READ, TABLE),
            allow("QueryIndexes", ["dynamodb:Query"], f"{TABLE}/index/by-day", f"{TABLE}/index/by-status"),
        ],
    ),
    "scan": (grants.scan_table(ACCOUNT, "test-orders", []), [allow("ScanTable", ["dynamodb:Scan"], TABLE)]),
    "scan with indexes": (
        grants.scan_table(ACCOUNT, "test-orders", ["by-day"]),
        [
            allow("ScanTable", ["dynamodb:Scan"], TABLE),
            allow("ScanIndexes", ["dynamodb:Scan"], f"{TABLE}/index/by-day"),
        ],
    ),
    "write": (grants.write_table(ACCOUNT, "test-orders"), [allow("WriteTable", WRITE, TABLE)]),
    "decrypt": (
        grants.decrypt(ACCOUNT, "alias/test-data", via="dynamodb"),
        [allow("UseKey", ["kms:Decrypt", "kms:DescribeKey"], KEYS, condition=DYNAMODB_KEY)],
    ),
    "decrypt and produce": (
        grants.decrypt(ACCOUNT, "alias/test-data", via="dynamodb", produce=True),
        [
            allow("UseKey", ["kms:Decrypt", "kms:DescribeKey"], KEYS, condition=DYNAMODB_KEY),
            allow("UseKeyToWrite", PRODUCE, KEYS, condition=DYNAMODB_KEY),
        ],
    ),
    "decrypt in another partition": (
        grants.decrypt(CHINA, "alias/test-queues", via="sqs"),
        [
            allow(
                "UseKey",
                ["kms:Decrypt", "kms:DescribeKey"],
                "arn:aws-cn:kms:cn-north-1:222222222222:key/*",
                condition=key_condition("alias/test-queues", "sqs.cn-north-1.amazonaws.com.cn"),
            )
        ],
    ),
    "publish": (
        grants.publish(ACCOUNT, "test-alerts"),
        [allow("Publish", ["sns:Publish"], "arn:aws:sns:us-east-1:111111111111:test-alerts")],
    ),
    "send": (
        grants.send(ACCOUNT, "test-jobs"),
        [allow("SendMessages", ["sqs:SendMessage"], "arn:aws:sqs:us-east-1:111111111111:test-jobs")],
    ),
    "consume": (
        grants.consume(ACCOUNT, "test-jobs"),
        [
            allow(
                "ConsumeMessages",
                ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                "arn:aws:sqs:us-east-1:111111111111:test-jobs",
            )
        ],
    ),
    "invoke": (
        grants.invoke(ACCOUNT, "test-audit", "live"),
        [
            allow(
                "InvokeFunction",
                ["lambda:InvokeFunction"],
                "arn:aws:lambda:us-east-1:111111111111:function:test-audit:live",
            )
        ],
    ),
    "get_secret": (
        grants.get_secret(ACCOUNT, "test-exchange"),
        [
            allow(
                "ReadSecret",
                ["secretsmanager:GetSecretValue"],
                "arn:aws:secretsmanager:us-east-1:111111111111:secret:test-exchange-??????",
            )
        ],
    ),
    "start_execution": (
        grants.start_execution(ACCOUNT, "test-flow"),
        [
            allow(
                "StartExecution",
                ["states:StartExecution"],
                "arn:aws:states:us-east-1:111111111111:stateMachine:test-flow",
            )
        ],
    ),
    "write_log": (
        grants.write_log(ACCOUNT, "/aws/lambda/test-audit"),
        [
            allow(
                "WriteLog",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/test-audit:*",
            )
        ],
    ),
    "read_objects": (
        grants.read_objects(CHINA, "test-audit-logs"),
        [
            allow("ReadObjects", ["s3:GetObject"], "arn:aws-cn:s3:::test-audit-logs/*"),
            allow("ListObjects", ["s3:ListBucket"], "arn:aws-cn:s3:::test-audit-logs"),
        ],
    ),
    "write_objects": (
        grants.write_objects(ACCOUNT, "test-audit-logs"),
        [allow("WriteObjects", ["s3:AbortMultipartUpload", "s3:PutObject"], "arn:aws:s3:::test-audit-logs/*")],
    ),
    "hold_export": (
        grants.hold_export(ACCOUNT, "test-exports", ["exports/"]),
        [
            allow(
                "HoldExport",
                ["s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl"],
                "arn:aws:s3:::test-exports/exports/*",
            )
        ],
    ),
    "use_state to read": (
        grants.use_state(ACCOUNT, "bootstrap-state", "prod", write=False),
        [
            allow(
                "ListState",
                ["s3:ListBucket"],
                "arn:aws:s3:::bootstrap-state",
                condition={"StringLike": {"s3:prefix": ["prod", "prod/*"]}},
            ),
            allow("UseState", ["s3:GetObject"], "arn:aws:s3:::bootstrap-state/prod/*"),
        ],
    ),
    "use_state to write": (
        grants.use_state(ACCOUNT, "bootstrap-state", "prod", write=True),
        [
            allow(
                "ListState",
                ["s3:ListBucket"],
                "arn:aws:s3:::bootstrap-state",
                condition={"StringLike": {"s3:prefix": ["prod", "prod/*"]}},
            ),
            allow(
                "UseState",
                ["s3:GetObject", "s3:DeleteObject", "s3:PutObject"],
                "arn:aws:s3:::bootstrap-state/prod/*",
            ),
        ],
    ),
    "use_key to decrypt": (
        grants.use_key(ACCOUNT, "alias/bootstrap-secrets", encrypt=False),
        [allow("UseKeyDirectly", ["kms:Decrypt", "kms:DescribeKey"], KEYS, condition=STATE_KEY)],
    ),
    "use_key to encrypt": (
        grants.use_key(ACCOUNT, "alias/bootstrap-secrets", encrypt=True),
        [
            allow(
                "UseKeyDirectly",
                ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
                KEYS,
                condition=STATE_KEY,
            )
        ],
    ),
    "rotate_secret": (
        grants.rotate_secret(ACCOUNT, "test-token"),
        [
            allow(
                "RotateSecret",
                [
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:GetSecretValue",
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecretVersionStage",
                ],
                "arn:aws:secretsmanager:us-east-1:111111111111:secret:test-token-??????",
            ),
            allow("MakePassword", ["secretsmanager:GetRandomPassword"], "*"),
        ],
    ),
    "change_auth_token": (
        grants.change_auth_token(ACCOUNT, "test-redis"),
        [
            allow(
                "ChangeAuthToken",
                ["elasticache:DescribeReplicationGroups", "elasticache:ModifyReplicationGroup"],
                "arn:aws:elasticache:us-east-1:111111111111:replicationgroup:test-redis",
            )
        ],
    ),
    "use_network_interfaces": (
        grants.use_network_interfaces(ACCOUNT, "test-audit"),
        [
            allow("AttachToNetwork", INTERFACES, "*"),
            {
                "Sid": "NotByOwnCode",
                "Effect": "Deny",
                "Action": INTERFACES,
                "Resource": ["*"],
                "Condition": {
                    "ArnEquals": {
                        "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:test-audit"
                    }
                },
            },
        ],
    ),
    "write_flow_log": (
        grants.write_flow_log(ACCOUNT, "/aws/vpc/test-flow-log"),
        [
            allow(
                "WriteFlowLog",
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                "arn:aws:logs:us-east-1:111111111111:log-group:/aws/vpc/test-flow-log",
                "arn:aws:logs:us-east-1:111111111111:log-group:/aws/vpc/test-flow-log:*",
            ),
            allow("FindLogGroup", ["logs:DescribeLogGroups"], "arn:aws:logs:us-east-1:111111111111:log-group:*"),
        ],
    ),
    "deliver_logs": (
        grants.deliver_logs(ACCOUNT, "/aws/vendedlogs/states/test-x"),
        [
            allow(
                "DeliverLogs",
                [
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                ],
                "*",
            ),
            allow("FindLogGroup", ["logs:DescribeLogGroups"], "arn:aws:logs:us-east-1:111111111111:log-group:*"),
            allow(
                "WriteLog",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "arn:aws:logs:us-east-1:111111111111:log-group:/aws/vendedlogs/states/test-x:*",
            ),
        ],
    ),
    "trace_executions": (
        grants.trace_executions(),
        [
            allow(
                "TraceExecutions",
                [
                    "xray:GetSamplingRules",
                    "xray:GetSamplingTargets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                ],
                "*",
            )
        ],
    ),
    "switch_rules": (
        grants.switch_rules(["arn:aws:events:us-east-1:111111111111:rule/test-often"]),
        [
            allow(
                "SwitchRules",
                ["events:DisableRule", "events:EnableRule"],
                "arn:aws:events:us-east-1:111111111111:rule/test-often",
            )
        ],
    ),
    "put_events": (
        grants.put_events(ACCOUNT, "test-app"),
        [allow("PutEvents", ["events:PutEvents"], "arn:aws:events:us-east-1:111111111111:event-bus/test-app")],
    ),
    "query_series": (
        grants.query_series(ACCOUNT, "test-data", "test-prices"),
        [
            allow(
                "QuerySeries",
                ["timestream:DescribeTable", "timestream:Select"],
                "arn:aws:timestream:us-east-1:111111111111:database/test-data/table/test-prices",
            ),
            allow("FindEndpoint", ["timestream:DescribeEndpoints"], "*"),
        ],
    ),
    "write_series": (
        grants.write_series(ACCOUNT, "test-data", "test-prices"),
        [
            allow(
                "WriteSeries",
                ["timestream:WriteRecords"],
                "arn:aws:timestream:us-east-1:111111111111:database/test-data/table/test-prices",
            ),
            allow("FindEndpoint", ["timestream:DescribeEndpoints"], "*"),
        ],
    ),
    "get_influx_secret": (
        grants.get_influx_secret(ACCOUNT),
        [
            allow(
                "ReadInfluxSecret",
                ["secretsmanager:GetSecretValue"],
                "arn:aws:secretsmanager:us-east-1:111111111111:secret:READONLY-InfluxDB-auth-parameters-*",
            )
        ],
    ),
    "trace": (
        grants.trace(),
        [allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")],
    ),
}


@pytest.mark.parametrize("edge", EDGES)
def test_edge_gives_exactly_its_document(edge: str) -> None:
    statements, expected = EDGES[edge]
    document = json.loads(json.dumps(grants.policy_document(statements)))
    assert document == {"Version": "2012-10-17", "Statement": expected}


@pytest.mark.parametrize("edge", EDGES)
def test_statement_ids_are_letters_and_digits(edge: str) -> None:
    assert all(statement.sid.isascii() and statement.sid.isalnum() for statement in EDGES[edge][0])


def test_every_function_that_makes_statements_is_tested() -> None:
    makers = {
        name
        for name, function in vars(grants).items()
        if callable(function) and getattr(function, "__module__", "") == grants.__name__ and name[0].islower()
    }
    assert makers - {"policy_document"} == {
        "hold_export",
        *("read_table", "scan_table", "write_table", "decrypt", "publish", "send", "consume", "invoke"),
        *("get_secret", "start_execution", "write_log", "trace", "read_objects", "write_objects"),
        *("use_state", "use_key", "rotate_secret", "change_auth_token", "use_network_interfaces", "write_flow_log"),
        *("put_events", "query_series", "write_series", "get_influx_secret", "deliver_logs", "trace_executions"),
        *(
            "switch_rules",
            "pull_images",
            "delete_objects",
            "export_table",
            "read_parameters",
            "read_metrics",
            "put_metrics",
        ),
        "post_to_connections",
    }


def test_document_names_a_repeated_statement_once_and_keeps_the_order() -> None:
    write = grants.write_table(ACCOUNT, "test-orders")
    read = grants.read_table(ACCOUNT, "test-orders", [])
    assert grants.policy_document([*write, *read, *write, *read]) == {
        "Version": "2012-10-17",
        "Statement": [allow("WriteTable", WRITE, TABLE), allow("ReadTable", READ, TABLE)],
    }


def test_document_of_no_statement_is_empty() -> None:
    assert grants.policy_document([]) == {"Version": "2012-10-17", "Statement": []}


def test_two_different_statements_of_one_name_are_refused() -> None:
    statements = [*grants.send(ACCOUNT, "a"), *grants.send(ACCOUNT, "b")]
    with pytest.raises(ValueError, match="two different statements are called SendMessages"):
        grants.policy_document(statements)


def test_statement_allows_unless_told_to_deny() -> None:
    given = grants.Statement(sid="Any", actions=("s3:GetObject",), resources=("*",))
    denied = grants.Statement(sid="Any", actions=("s3:GetObject",), resources=("*",), effect="Deny")
    assert [given.document(), denied.document()] == [
        {"Sid": "Any", "Effect": effect, "Action": ["s3:GetObject"], "Resource": ["*"]} for effect in ("Allow", "Deny")
    ]


def test_an_allow_and_a_deny_of_one_name_are_refused() -> None:
    allowed = grants.Statement(sid="Any", actions=("s3:GetObject",), resources=("*",))
    denied = grants.Statement(sid="Any", actions=("s3:GetObject",), resources=("*",), effect="Deny")
    with pytest.raises(ValueError, match="two different statements are called Any"):
        grants.policy_document([allowed, denied])
