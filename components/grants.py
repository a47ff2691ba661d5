"""Every permission of the program: the minimal statements behind each kind of edge between two resources.

A component offers edges (`table.grant_read(role)`), each of which adds the statements made here to a role.
No other module writes a statement, so what a role may do is the union of its edges and nothing else.
Scan is an edge of its own, because it reads whole tables. Left out on purpose everywhere: Describe, List and
Get calls of the control plane (`DescribeTable`, `GetQueueUrl`), which the SDK clients do not need to work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from components.account import Account

TABLE_READ = ("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query")
TABLE_WRITE = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
TABLE_SCAN = ("dynamodb:Scan",)
INDEX_READ = ("dynamodb:Query",)
KEY_USE = ("kms:Decrypt", "kms:DescribeKey")
KEY_PRODUCE = ("kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
QUEUE_CONSUME = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",  # Lambda's event source mapping reads the queue's depth
    "sqs:ReceiveMessage",
)
OBJECT_READ = ("s3:GetObject",)
OBJECT_LIST = ("s3:ListBucket",)  # without it S3 answers "forbidden" where "not found" is meant
OBJECT_WRITE = ("s3:AbortMultipartUpload", "s3:PutObject")
OBJECT_DELETE = ("s3:DeleteObject",)
# DynamoDB asks for an ACL's permission even where the bucket ignores ACLs ("Requesting a table export in DynamoDB").
OBJECT_EXPORT = ("s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl")
IMAGE_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# What a function in a VPC needs; EC2 takes no resource for them (AWS: "Giving Lambda functions access to a VPC").
NETWORK_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
SECRET_ROTATE = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
# X-Ray's put calls take no resource, so `*` is the only one AWS accepts (Service Authorization Reference, X-Ray).
TRACE = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
TRACE_EXECUTIONS = ("xray:GetSamplingRules", "xray:GetSamplingTargets", *TRACE)
# Log delivery is set up for a whole account, and its calls take no resource (AWS: "Logging in CloudWatch Logs" of
# Step Functions).
LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of an identity policy. `sid` says what the edge is for, in letters and digits.

    A Deny takes away from what all other edges of the role allow.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    effect: Literal["Allow", "Deny"] = "Allow"

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM's JSON policy language writes it."""
        written: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.conditions:
            written["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return written


def policy_document(statements: Sequence[Statement]) -> dict[str, Any]:
    """Return an identity policy of the given statements, equal ones once, in their order.

    Raises ValueError where two different statements have one Sid, which IAM refuses.
    """
    unique = list(dict.fromkeys(statements))
    sids = [statement.sid for statement in unique]
    for sid in sids:
        if sids.count(sid) > 1:
            raise ValueError(f"two different statements are called {sid}; give their edges different keys")
    return {"Version": "2012-10-17", "Statement": [statement.document() for statement in unique]}


def read_table(account: Account, table: str, indexes: Sequence[str]) -> tuple[Statement, ...]:
    """Read single items and query a table and its indexes. GetItem does not exist on indexes, Query does."""
    return (
        Statement(sid="ReadTable", actions=TABLE_READ, resources=(account.table_arn(table),)),
        *_indexes("QueryIndexes", INDEX_READ, account, table, indexes),
    )


def write_table(account: Account, table: str) -> tuple[Statement, ...]:
    """Put, update and delete items. Indexes follow by themselves and take no write permission."""
    return (Statement(sid="WriteTable", actions=TABLE_WRITE, resources=(account.table_arn(table),)),)


def scan_table(account: Account, table: str, indexes: Sequence[str]) -> tuple[Statement, ...]:
    """Read a whole table or index."""
    return (
        Statement(sid="ScanTable", actions=TABLE_SCAN, resources=(account.table_arn(table),)),
        *_indexes("ScanIndexes", TABLE_SCAN, account, table, indexes),
    )


def _indexes(
    sid: str, actions: tuple[str, ...], account: Account, table: str, indexes: Sequence[str]
) -> tuple[Statement, ...]:
    arns = tuple(account.index_arn(table, index) for index in indexes)
    return (Statement(sid=sid, actions=actions, resources=arns),) if arns else ()


def decrypt(account: Account, key_alias: str, *, via: str, produce: bool = False) -> tuple[Statement, ...]:
    """Use a customer key through one service (`via`, such as "dynamodb"); `produce` adds what writers need.

    The key is named by its alias: key ids are unknown before the deployment (AWS KMS, "kms:ResourceAliases").
    """
    conditions = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": key_alias},
        "StringEquals": {"kms:ViaService": account.service_host(via)},
    }
    use = Statement(sid="UseKey", actions=KEY_USE, resources=(account.keys_arn(),), conditions=conditions)
    if not produce:
        return (use,)
    produced = Statement(
        sid="UseKeyToWrite", actions=KEY_PRODUCE, resources=(account.keys_arn(),), conditions=conditions
    )
    return (use, produced)


def publish(account: Account, topic: str) -> tuple[Statement, ...]:
    """Publish to an SNS topic."""
    return (Statement(sid="Publish", actions=("sns:Publish",), resources=(account.topic_arn(topic),)),)


def send(account: Account, queue: str) -> tuple[Statement, ...]:
    """Send messages to an SQS queue."""
    return (Statement(sid="SendMessages", actions=("sqs:SendMessage",), resources=(account.queue_arn(queue),)),)


def consume(account: Account, queue: str) -> tuple[Statement, ...]:
    """Receive and delete the messages of an SQS queue, by hand or through an event source mapping."""
    return (Statement(sid="ConsumeMessages", actions=QUEUE_CONSUME, resources=(account.queue_arn(queue),)),)


def invoke(account: Account, function: str, qualifier: str) -> tuple[Statement, ...]:
    """Invoke one alias of a Lambda function."""
    arn = account.function_arn(function, qualifier)
    return (Statement(sid="InvokeFunction", actions=("lambda:InvokeFunction",), resources=(arn,)),)


def get_secret(account: Account, secret: str) -> tuple[Statement, ...]:
    """Read the value of a secret."""
    arn = account.secret_arn(secret)
    return (Statement(sid="ReadSecret", actions=("secretsmanager:GetSecretValue",), resources=(arn,)),)


def start_execution(account: Account, state_machine: str) -> tuple[Statement, ...]:
    """Start executions of a Step Functions state machine."""
    arn = account.state_machine_arn(state_machine)
    return (Statement(sid="StartExecution", actions=("states:StartExecution",), resources=(arn,)),)


def write_log(account: Account, log_group: str) -> tuple[Statement, ...]:
    """Write to a log group that exists. Creating one is not included: the program declares every group."""
    arn = f"{account.log_group_arn(log_group)}:*"
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    return (Statement(sid="WriteLog", actions=actions, resources=(arn,)),)


def read_objects(account: Account, bucket: str, prefixes: Sequence[str] = ()) -> tuple[Statement, ...]:
    """Read the objects of a bucket, all or those below prefixes such as "items/", and list all keys."""
    return (
        Statement(sid="ReadObjects", actions=OBJECT_READ, resources=_objects(account, bucket, prefixes)),
        Statement(sid="ListObjects", actions=OBJECT_LIST, resources=(account.bucket_arn(bucket),)),
    )


def write_objects(account: Account, bucket: str, prefixes: Sequence[str] = ()) -> tuple[Statement, ...]:
    """Put objects into a bucket, anywhere or below prefixes. Deleting is an edge of its own."""
    return (Statement(sid="WriteObjects", actions=OBJECT_WRITE, resources=_objects(account, bucket, prefixes)),)


def delete_objects(account: Account, bucket: str, prefixes: Sequence[str] = ()) -> tuple[Statement, ...]:
    """Delete current versions of objects: for what lifecycle rules cannot tell from what is still needed."""
    return (Statement(sid="DeleteObjects", actions=OBJECT_DELETE, resources=_objects(account, bucket, prefixes)),)


def _objects(account: Account, bucket: str, prefixes: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{account.bucket_arn(bucket)}/{prefix}*" for prefix in prefixes or ("",))


def pull_images(account: Account, repository: str) -> tuple[Statement, ...]:
    """Pull the images of an ECR repository. Logging in to the registry takes no resource."""
    arn = account.repository_arn(repository)
    return (
        Statement(sid="PullImages", actions=IMAGE_PULL, resources=(arn,)),
        Statement(sid="LogInToRegistry", actions=("ecr:GetAuthorizationToken",), resources=("*",)),
    )


def export_table(account: Account, table: str) -> tuple[Statement, ...]:
    """Have DynamoDB export a table to a bucket; putting the objects there takes the bucket's export edge besides."""
    arn = account.table_arn(table)
    return (Statement(sid="ExportTable", actions=("dynamodb:ExportTableToPointInTime",), resources=(arn,)),)


def hold_export(account: Account, bucket: str, prefixes: Sequence[str] = ()) -> tuple[Statement, ...]:
    """Have DynamoDB put the objects of an export into a bucket, under the permissions of whoever asks for it."""
    return (Statement(sid="HoldExport", actions=OBJECT_EXPORT, resources=_objects(account, bucket, prefixes)),)


def read_parameters(account: Account, names: Sequence[str]) -> tuple[Statement, ...]:
    """Read parameters of Parameter Store by their names.

    AWS's own key for them lets everybody in the account decrypt through Parameter Store who may read the parameter.
    """
    arns = tuple(account.parameter_arn(name) for name in names)
    return (Statement(sid="ReadParameters", actions=("ssm:GetParameters",), resources=arns),)


def read_metrics() -> tuple[Statement, ...]:
    """Read CloudWatch's metrics, which are no resources of their own."""
    return (Statement(sid="ReadMetrics", actions=("cloudwatch:GetMetricData",), resources=("*",)),)


def put_metrics(namespace: str) -> tuple[Statement, ...]:
    """Publish metrics of one namespace. The call takes no resource, only the condition on the namespace."""
    only = {"StringEquals": {"cloudwatch:namespace": namespace}}
    return (Statement(sid="PutMetrics", actions=("cloudwatch:PutMetricData",), resources=("*",), conditions=only),)


def post_to_connections(account: Account, stage: str) -> tuple[Statement, ...]:
    """Send messages to the clients that are connected to a WebSocket API, and close no connection.

    An API's id is unknown before the deployment, so of the API only its stage is named (docs/decisions.md).
    """
    arn = account.arn("execute-api", f"*/{stage}/POST/@connections/*")
    return (Statement(sid="PostToConnections", actions=("execute-api:ManageConnections",), resources=(arn,)),)


def use_state(account: Account, bucket: str, environment: str, *, write: bool) -> tuple[Statement, ...]:
    """Read, and with `write` change, the state of one environment's stacks, which lies under its name in the bucket."""
    arn = account.bucket_arn(bucket)
    actions = ("s3:GetObject", *(("s3:DeleteObject", "s3:PutObject") if write else ()))
    return (
        Statement(
            sid="ListState",
            actions=OBJECT_LIST,
            resources=(arn,),
            conditions={"StringLike": {"s3:prefix": [environment, f"{environment}/*"]}},
        ),
        Statement(sid="UseState", actions=actions, resources=(f"{arn}/{environment}/*",)),
    )


def use_key(account: Account, key_alias: str, *, encrypt: bool) -> tuple[Statement, ...]:
    """Call KMS with a key directly, as Pulumi does for secrets in the state."""
    actions = ("kms:Decrypt", "kms:DescribeKey", *(("kms:Encrypt", "kms:GenerateDataKey") if encrypt else ()))
    conditions = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": key_alias}}
    return (Statement(sid="UseKeyDirectly", actions=actions, resources=(account.keys_arn(),), conditions=conditions),)


def rotate_secret(account: Account, secret: str) -> tuple[Statement, ...]:
    """Do the four steps of a rotation on a secret. Making up a password takes no resource."""
    return (
        Statement(sid="RotateSecret", actions=SECRET_ROTATE, resources=(account.secret_arn(secret),)),
        Statement(sid="MakePassword", actions=("secretsmanager:GetRandomPassword",), resources=("*",)),
    )


def change_auth_token(account: Account, replication_group: str) -> tuple[Statement, ...]:
    """Give a Redis replication group another AUTH token, and see when it has it."""
    actions = ("elasticache:DescribeReplicationGroups", "elasticache:ModifyReplicationGroup")
    arn = account.replication_group_arn(replication_group)
    return (Statement(sid="ChangeAuthToken", actions=actions, resources=(arn,)),)


def switch_rules(arns: Sequence[str]) -> tuple[Statement, ...]:
    """Turn rules of EventBridge off and on, given by their ARNs."""
    actions = ("events:DisableRule", "events:EnableRule")
    return (Statement(sid="SwitchRules", actions=actions, resources=tuple(arns)),)


def put_events(account: Account, bus: str) -> tuple[Statement, ...]:
    """Put events on an EventBridge bus."""
    return (Statement(sid="PutEvents", actions=("events:PutEvents",), resources=(account.event_bus_arn(bus),)),)


def query_series(account: Account, database: str, table: str) -> tuple[Statement, ...]:
    """Query the records of a Timestream table."""
    arn = account.series_arn(database, table)
    return (
        Statement(sid="QuerySeries", actions=("timestream:DescribeTable", "timestream:Select"), resources=(arn,)),
        _find_endpoint(),
    )


def write_series(account: Account, database: str, table: str) -> tuple[Statement, ...]:
    """Write records to a Timestream table."""
    arn = account.series_arn(database, table)
    return (Statement(sid="WriteSeries", actions=("timestream:WriteRecords",), resources=(arn,)), _find_endpoint())


def _find_endpoint() -> Statement:
    # Every client asks for its cell's endpoint first, and the call takes no resource.
    return Statement(sid="FindEndpoint", actions=("timestream:DescribeEndpoints",), resources=("*",))


def get_influx_secret(account: Account) -> tuple[Statement, ...]:
    """Read the secret that Timestream for InfluxDB makes for an instance, whose name ends in what only it knows."""
    arn = account.arn("secretsmanager", "secret:READONLY-InfluxDB-auth-parameters-*")
    return (Statement(sid="ReadInfluxSecret", actions=("secretsmanager:GetSecretValue",), resources=(arn,)),)


def use_network_interfaces(account: Account, function: str) -> tuple[Statement, ...]:
    """Let Lambda attach a function to a VPC, and keep the function's own code from doing the same.

    Lambda makes the calls under the function's role. `lambda:SourceFunctionArn` is present only when the code makes
    them (AWS: "Best practice for VPC permissions").
    """
    own = {"ArnEquals": {"lambda:SourceFunctionArn": account.function_arn(function)}}
    return (
        Statement(sid="AttachToNetwork", actions=NETWORK_INTERFACES, resources=("*",)),
        Statement(sid="NotByOwnCode", actions=NETWORK_INTERFACES, resources=("*",), conditions=own, effect="Deny"),
    )


def write_flow_log(account: Account, log_group: str) -> tuple[Statement, ...]:
    """Write a VPC's flow log to a log group that exists; the service finds it by listing the account's groups."""
    group = account.log_group_arn(log_group)
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return (
        Statement(sid="WriteFlowLog", actions=actions, resources=(group, f"{group}:*")),
        Statement(sid="FindLogGroup", actions=("logs:DescribeLogGroups",), resources=(account.log_group_arn("*"),)),
    )


def trace() -> tuple[Statement, ...]:
    """Send X-Ray traces."""
    return (Statement(sid="Trace", actions=TRACE, resources=("*",)),)


def trace_executions() -> tuple[Statement, ...]:
    """Send X-Ray the traces of a state machine's executions (AWS: "Trace Step Functions request data in AWS X-Ray")."""
    return (Statement(sid="TraceExecutions", actions=TRACE_EXECUTIONS, resources=("*",)),)


def deliver_logs(account: Account, log_group: str) -> tuple[Statement, ...]:
    """Have the logs of a state machine delivered to a log group that exists, and write to it."""
    return (
        Statement(sid="DeliverLogs", actions=LOG_DELIVERY, resources=("*",)),
        Statement(sid="FindLogGroup", actions=("logs:DescribeLogGroups",), resources=(account.log_group_arn("*"),)),
        *write_log(account, log_group),
    )
