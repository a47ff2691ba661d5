"""Policies, keys, secrets, users and budgets: what no row of the tables can say."""

from __future__ import annotations

import json
from typing import Any

from plumbline.sandbox import account, budgets, cognito
from plumbline.sandbox.adapters import Context, Inputs, deleter, reader, updater
from plumbline.sandbox.lifecycle.changing import changed
from plumbline.sandbox.lifecycle.reading import tell
from plumbline.sandbox.lifecycle.rows import backend, missing

POLICY = "aws:iam/policy:Policy"
POOL = "aws:cognito/userPool:UserPool"
_VERSIONS = 5  # of a policy, at most


@reader(POLICY)
def read_policy(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = context.client("iam")
    policy = client.get_policy(PolicyArn=identity)["Policy"]
    version = client.get_policy_version(PolicyArn=identity, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    now = tell(POLICY, context, identity, inputs) or {}
    return {**now, "name": policy["PolicyName"], "policy": json.dumps(version["Document"])}


@updater(POLICY)
def update_policy(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    if "policy" in changed(before, now):
        client = context.client("iam")
        others = [row for row in _versions(client, identity) if not row["IsDefaultVersion"]]
        if len(others) >= _VERSIONS - 1:
            client.delete_policy_version(PolicyArn=identity, VersionId=others[0]["VersionId"])
        client.create_policy_version(PolicyArn=identity, PolicyDocument=now["policy"], SetAsDefault=True)
    return {}


@deleter(POLICY)
def delete_policy(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("iam")
    for row in _versions(client, identity):
        if not row["IsDefaultVersion"]:
            client.delete_policy_version(PolicyArn=identity, VersionId=row["VersionId"])
    client.delete_policy(PolicyArn=identity)


def _versions(client: Any, arn: str) -> list[dict[str, Any]]:
    rows = client.list_policy_versions(PolicyArn=arn)["Versions"]
    return sorted(rows, key=lambda row: int(row["VersionId"].removeprefix("v")))


@deleter("aws:kms/key:Key")
def delete_key(context: Context, identity: str, inputs: Inputs) -> None:
    """Schedule a key's deletion: AWS deletes none at once."""
    client = context.client("kms", inputs)
    if client.describe_key(KeyId=identity)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        client.schedule_key_deletion(KeyId=identity, PendingWindowInDays=int(inputs.get("deletionWindowInDays") or 30))


@deleter("aws:secretsmanager/secret:Secret")
def delete_secret(context: Context, identity: str, inputs: Inputs) -> None:
    """Schedule a secret's deletion, or delete it at once where its recovery window is 0."""
    client = context.client("secretsmanager", inputs)
    found = client.describe_secret(SecretId=identity)
    if found.get("DeletedDate"):
        return
    regions = [row["Region"] for row in found.get("ReplicationStatus") or []]
    if regions:
        client.remove_regions_from_replication(SecretId=identity, RemoveReplicaRegions=regions)
    days = inputs.get("recoveryWindowInDays")
    window = {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": int(days or 30)}
    client.delete_secret(SecretId=identity, **window)


@reader(POOL)
def read_pool(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    now = tell(POOL, context, identity, inputs)
    if now is None:
        return None
    # A pool has AWS's own attributes besides those that are declared; custom ones begin so.
    declared = {row["name"] for row in inputs.get("schemas") or []}
    schemas = [
        {**row, "name": row["name"].removeprefix("custom:")}
        for row in now.get("schemas") or []
        if row["name"] in declared or row["name"].startswith("custom:")
    ]
    return {**now, "schemas": schemas}


@updater(POOL)
def update_pool(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = context.client("cognito-idp", now)
    left = changed(before, now)
    # The call sets what it is not told back to AWS's own.
    client.update_user_pool(UserPoolId=identity, **cognito.pool_settings(now))
    if left & {"mfaConfiguration", "softwareTokenMfaConfiguration", "smsConfiguration"}:
        cognito.set_factors(client, identity, {"mfaConfiguration": "OFF", **now})
    old = {row["name"] for row in before.get("schemas") or []}
    fresh = [row for row in now.get("schemas") or [] if row["name"] not in old]
    if fresh:
        client.add_custom_attributes(UserPoolId=identity, CustomAttributes=cognito.words(fresh))
    return {}


@deleter("aws:cognito/resourceServer:ResourceServer")
def delete_resource_server(context: Context, identity: str, inputs: Inputs) -> None:
    servers = _pool(context, inputs).resource_servers  # moto has no call for it
    if inputs["identifier"] not in servers:
        raise missing("DeleteResourceServer")
    del servers[inputs["identifier"]]


@updater("aws:cognito/resourceServer:ResourceServer")
def update_resource_server(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    server = _pool(context, now).resource_servers[now["identifier"]]
    server.name, server.scopes = now["name"], cognito.words(now.get("scopes") or [])
    return {"scopeIdentifiers": [f"{now['identifier']}/{row['scopeName']}" for row in now.get("scopes") or []]}


def _pool(context: Context, inputs: Inputs) -> Any:
    pools = backend(context, "cognito-idp", inputs.get("region") or context.region).user_pools
    if inputs["userPoolId"] not in pools:
        raise missing("DescribeUserPool")
    return pools[inputs["userPoolId"]]


@updater("aws:budgets/budget:Budget")
def update_budget(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    """Make the budget anew under its name: moto has no call to change one."""
    client = context.client("budgets")
    client.delete_budget(AccountId=context.account_id, BudgetName=before["name"])
    return budgets.budget(context, now)[1]


@deleter("aws:apigateway/account:Account")
def delete_account(context: Context, identity: str, inputs: Inputs) -> None:
    """Take the role away that API Gateway logs with: the account itself stays."""
    operations = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
    context.client("apigateway", inputs).update_account(patchOperations=operations)


@updater("aws:apigateway/account:Account")
def update_account(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    if not now.get("cloudwatchRoleArn"):
        delete_account(context, identity, now)
    return account.api_gateway_account(context, now)[1]


@reader("aws:apigateway/account:Account")
def read_account(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    """Return the role; without one there is nothing that was set, and so nothing to find."""
    role = context.client("apigateway", inputs).get_account().get("cloudwatchRoleArn")
    return {"cloudwatchRoleArn": role} if role or not inputs.get("cloudwatchRoleArn") else None
