"""Every permission of the program: the minimal statements behind each kind of edge between two resources.

A component offers edges (`table.grant_read(role)`), each of which adds the statements made here to a role.
No other module writes a statement, so what a role may do is the union of its edges and nothing else.
Scan is an edge of its own, because it reads whole tables. Left out on purpose everywhere: Describe, List and
Get calls of the control plane (`DescribeTable`, `GetQueueUrl`), which the SDK clients do not need to work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
# X-Ray's put calls take no resource, so `*` is the only one AWS accepts (Service Authorization Reference, X-Ray).
TRACE = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One Allow statement of an identity policy. `sid` says what the edge is for, in letters and digits."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM's JSON policy language writes it."""
        written: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
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


def trace() -> tuple[Statement, ...]:
    """Send X-Ray traces."""
    return (Statement(sid="Trace", actions=TRACE, resources=("*",)),)
