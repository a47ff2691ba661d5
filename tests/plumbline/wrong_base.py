"""Resources that AWS would accept. The wrong programs are made from them by one change each.

Every helper registers a compliant resource of a fixed name and takes changes by the SDK's argument names; an
argument given as None is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

ACCOUNT = "123456789012"
REGION = "eu-west-1"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared"


@dataclass(frozen=True)
class Wrong:
    """A program with one mistake: the path that is reported, and a part of what is said about it.

    `also` has the (path, fragment) pairs that the same mistake brings up in other checks.
    """

    name: str
    program: Callable[[], Any]
    path: str
    says: str
    also: tuple[tuple[str, str], ...] = ()


def statement(**changes: Any) -> dict[str, Any]:
    """Return a statement of an identity policy. A key given as None is left out."""
    whole = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*", **changes}
    return {key: value for key, value in whole.items() if value is not None}


def policy_text(*statements: Mapping[str, Any], **changes: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **changes})


def trust_statement(**changes: Any) -> dict[str, Any]:
    """Return a statement of a trust policy for Lambda. A key given as None is left out."""
    return statement(
        **{"Action": "sts:AssumeRole", "Resource": None, "Principal": {"Service": "lambda.amazonaws.com"}, **changes}
    )


def provider(*accounts: str) -> aws.Provider:
    """Return a provider that says which region and account the stack lives in."""
    return aws.Provider("aws", region=REGION, allowed_account_ids=list(accounts) or [ACCOUNT])


def table(name: str = "orders", *, opts: pulumi.ResourceOptions | None = None, **changes: Any) -> aws.dynamodb.Table:
    """An on-demand table with the partition key `id`."""
    whole = {
        "name": name,
        "billing_mode": "PAY_PER_REQUEST",
        "hash_key": "id",
        "attributes": [{"name": "id", "type": "S"}],
        **changes,
    }
    return aws.dynamodb.Table(name, opts=opts, **whole)


def attributes(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "type": "S"} for name in names]


def index(name: str = "by-day", key: str | None = "id", **changes: Any) -> dict[str, Any]:
    """Return a global secondary index on `key`."""
    keys = {"key_schemas": [{"attribute_name": key, "key_type": "HASH"}]} if key else {}
    return {"name": name, "projection_type": "ALL", **keys, **changes}


def provisioned_table(**changes: Any) -> aws.dynamodb.Table:
    """A table with an index, capacity for both, and both left to auto scaling."""
    capacity = {"read_capacity": 5, "write_capacity": 5}
    ignored = ["readCapacity", "writeCapacity", "globalSecondaryIndexes"]
    opts = changes.pop("opts", pulumi.ResourceOptions(ignore_changes=ignored))
    whole = {
        "billing_mode": "PROVISIONED",
        "global_secondary_indexes": [index(**capacity)],
        **capacity,
        **changes,
    }
    return table(opts=opts, **whole)


def role(name: str = "worker", *, opts: pulumi.ResourceOptions | None = None, **changes: Any) -> aws.iam.Role:
    """A role that Lambda may assume."""
    whole = {"name": name, "assume_role_policy": policy_text(trust_statement()), **changes}
    return aws.iam.Role(name, opts=opts, **whole)


def role_policy(owner: aws.iam.Role, name: str = "allowed", **changes: Any) -> aws.iam.RolePolicy:
    """An inline policy of a role."""
    whole = {"name": name, "role": owner.id, "policy": policy_text(statement()), **changes}
    return aws.iam.RolePolicy(name, **whole)


def log_group(name: str = "/aws/lambda/work", **changes: Any) -> aws.cloudwatch.LogGroup:
    """A log group that keeps what it has for a week."""
    return aws.cloudwatch.LogGroup("logs", **{"name": name, "retention_in_days": 7, **changes})


def function(
    *,
    owner: aws.iam.Role | None = None,
    needs: Sequence[pulumi.Resource] | None = None,
    opts: pulumi.ResourceOptions | None = None,
    **changes: Any,
) -> aws.lambda_.Function:
    """A function with its role, and with its log group unless `needs` says what it depends on."""
    worker = owner or role()
    first = [log_group()] if needs is None else list(needs)
    whole = {
        "name": "work",
        "role": worker.arn,
        "runtime": "python3.12",
        "handler": "work.handler",
        "code": pulumi.AssetArchive({"work.py": pulumi.StringAsset("def handler(event, context): ...\n")}),
        "memory_size": 256,
        "timeout": 30,
        **changes,
    }
    options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(depends_on=first), opts)
    return aws.lambda_.Function("work", opts=options, **whole)


def alias(of: aws.lambda_.Function, **changes: Any) -> aws.lambda_.Alias:
    """An alias for the version that a function has just published."""
    whole = {"name": "live", "function_name": of.name, "function_version": of.version, **changes}
    # Name and function alone are dependencies: the name is known, so it carries none in preview.
    return aws.lambda_.Alias("live", opts=pulumi.ResourceOptions(depends_on=[of]), **whole)


def provisioned(of: aws.lambda_.Function, **changes: Any) -> aws.lambda_.ProvisionedConcurrencyConfig:
    """Two warm instances of a function's alias."""
    whole = {
        "function_name": of.name,
        "qualifier": "live",
        "provisioned_concurrent_executions": 2,
        **changes,
    }
    return aws.lambda_.ProvisionedConcurrencyConfig("warm", opts=pulumi.ResourceOptions(depends_on=[of]), **whole)


def queue(name: str = "letters", *, opts: pulumi.ResourceOptions | None = None, **changes: Any) -> aws.sqs.Queue:
    """A standard queue."""
    return aws.sqs.Queue(name, opts=opts, **{"name": name, "sqs_managed_sse_enabled": True, **changes})


def target(of: aws.dynamodb.Table | None = None, **changes: Any) -> aws.appautoscaling.Target:
    """The scalable read capacity of the table `orders`, which this declares unless it is given."""
    whole = {
        "service_namespace": "dynamodb",
        "resource_id": "table/orders",
        "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
        "min_capacity": 5,
        "max_capacity": 50,
        **changes,
    }
    opts = pulumi.ResourceOptions(depends_on=[of or provisioned_table()])
    return aws.appautoscaling.Target("reads", opts=opts, **whole)


def scaling_policy(
    of: aws.appautoscaling.Target | None, *, depends: bool = True, **changes: Any
) -> aws.appautoscaling.Policy:
    """Scaling of the read capacity of the table `orders` to 70 percent."""
    whole = {
        "name": "reads",
        "policy_type": "TargetTrackingScaling",
        "service_namespace": "dynamodb",
        "resource_id": "table/orders",
        "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
        "target_tracking_scaling_policy_configuration": {
            "target_value": 70,
            "predefined_metric_specification": {"predefined_metric_type": "DynamoDBReadCapacityUtilization"},
        },
        **changes,
    }
    opts = pulumi.ResourceOptions(depends_on=[of] if of is not None and depends else [])
    return aws.appautoscaling.Policy("reads", opts=opts, **whole)
