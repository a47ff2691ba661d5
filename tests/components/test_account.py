"""components.account: ARNs and endpoints composed from names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from components.account import Account

COMMERCIAL = Account(account_id="111111111111", region="us-east-1")
CHINA = Account(account_id="222222222222", region="cn-north-1")
GOVERNMENT = Account(account_id="333333333333", region="us-gov-west-1")

ARNS: dict[str, tuple[Callable[[Account], str], str]] = {
    "any": (lambda account: account.arn("kinesis", "stream/s"), "arn:aws:kinesis:us-east-1:111111111111:stream/s"),
    "table": (
        lambda account: account.table_arn("test-orders"),
        "arn:aws:dynamodb:us-east-1:111111111111:table/test-orders",
    ),
    "index": (
        lambda account: account.index_arn("test-orders", "by-day"),
        "arn:aws:dynamodb:us-east-1:111111111111:table/test-orders/index/by-day",
    ),
    "function": (
        lambda account: account.function_arn("test-audit"),
        "arn:aws:lambda:us-east-1:111111111111:function:test-audit",
    ),
    "function with qualifier": (
        lambda account: account.function_arn("test-audit", "live"),
        "arn:aws:lambda:us-east-1:111111111111:function:test-audit:live",
    ),
    "log group": (
        lambda account: account.log_group_arn("/aws/lambda/test-audit"),
        "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/test-audit",
    ),
    "queue": (lambda account: account.queue_arn("test-jobs"), "arn:aws:sqs:us-east-1:111111111111:test-jobs"),
    "topic": (lambda account: account.topic_arn("test-alerts"), "arn:aws:sns:us-east-1:111111111111:test-alerts"),
    "state machine": (
        lambda account: account.state_machine_arn("test-flow"),
        "arn:aws:states:us-east-1:111111111111:stateMachine:test-flow",
    ),
    "secret": (
        lambda account: account.secret_arn("test-key"),
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:test-key-??????",
    ),
    "keys": (lambda account: account.keys_arn(), "arn:aws:kms:us-east-1:111111111111:key/*"),
    "replication group": (
        lambda account: account.replication_group_arn("test-redis"),
        "arn:aws:elasticache:us-east-1:111111111111:replicationgroup:test-redis",
    ),
    # IAM and S3 are global: their ARNs have no region, and those of buckets no account either.
    "role": (lambda account: account.role_arn("test-audit"), "arn:aws:iam::111111111111:role/test-audit"),
    "root": (lambda account: account.root_arn(), "arn:aws:iam::111111111111:root"),
    "bucket": (lambda account: account.bucket_arn("test-logs"), "arn:aws:s3:::test-logs"),
}


@pytest.mark.parametrize("kind", ARNS)
def test_arn_of_each_kind_is_composed(kind: str) -> None:
    compose, expected = ARNS[kind]
    assert compose(COMMERCIAL) == expected


@pytest.mark.parametrize("kind", ARNS)
def test_arn_follows_partition_region_and_account(kind: str) -> None:
    compose, expected = ARNS[kind]
    moved = expected.replace("arn:aws:", "arn:aws-cn:").replace("us-east-1", "cn-north-1")
    assert compose(CHINA) == moved.replace("111111111111", "222222222222")


@pytest.mark.parametrize(
    ("account", "host"),
    [
        (COMMERCIAL, "dynamodb.us-east-1.amazonaws.com"),
        (CHINA, "dynamodb.cn-north-1.amazonaws.com.cn"),
        (GOVERNMENT, "dynamodb.us-gov-west-1.amazonaws.com"),
    ],
)
def test_host_and_endpoint_have_the_domain_of_the_partition(account: Account, host: str) -> None:
    assert (account.service_host("dynamodb"), account.endpoint("dynamodb")) == (host, f"https://{host}")


@pytest.mark.parametrize(
    ("account", "service"),
    [
        (COMMERCIAL, "com.amazonaws.us-east-1.secretsmanager"),
        (CHINA, "cn.com.amazonaws.cn-north-1.secretsmanager"),
        (GOVERNMENT, "com.amazonaws.us-gov-west-1.secretsmanager"),
    ],
)
def test_endpoint_service_has_the_beginning_of_the_partition(account: Account, service: str) -> None:
    assert account.endpoint_service("secretsmanager") == service


def test_account_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        COMMERCIAL.region = "eu-west-1"  # type: ignore[misc]  # what the test is about
