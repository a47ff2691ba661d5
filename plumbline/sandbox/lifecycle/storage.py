"""Tables, buckets, caches and backups: what no row of the tables can say."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from plumbline.monitor import DeployError
from plumbline.sandbox import backup, s3
from plumbline.sandbox.adapters import Context, Inputs, deleter, given, reader, updater
from plumbline.sandbox.dynamodb import encryption_of, index_of, throughput_of
from plumbline.sandbox.lifecycle.changing import changed
from plumbline.sandbox.lifecycle.reading import tell
from plumbline.sandbox.lifecycle.rows import backend, missing

TABLE = "aws:dynamodb/table:Table"


@reader(TABLE)
def read_table(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    now = tell(TABLE, context, identity, inputs)
    # DynamoDB remembers the attribute of an expiry that is off.
    return now and {key: value for key, value in now.items() if key != "ttl" or value["enabled"] or inputs.get("ttl")}


@updater(TABLE)
def update_table(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left = context.client("dynamodb", now), changed(before, now)
    whole = {"attributes", "billingMode", "readCapacity", "writeCapacity", "deletionProtectionEnabled"}
    if left & whole:
        client.update_table(
            TableName=identity,
            DeletionProtectionEnabled=bool(now.get("deletionProtectionEnabled")),
            BillingMode=now.get("billingMode") or "PROVISIONED",
            **given(ProvisionedThroughput=throughput_of(now)),
        )
    if left & {"globalSecondaryIndexes", "attributes"}:
        _change_indexes(client, identity, before, now)
    if left & {"streamEnabled", "streamViewType"}:
        client.update_table(TableName=identity, StreamSpecification=_stream(now))
    if "ttl" in left:
        _change_expiry(client, identity, before.get("ttl") or {}, now.get("ttl") or {})
    if "pointInTimeRecovery" in left:
        on = bool((now.get("pointInTimeRecovery") or {}).get("enabled"))
        client.update_continuous_backups(
            TableName=identity, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
        )
    if "serverSideEncryption" in left:
        # moto's call does not take it.
        encryption = now.get("serverSideEncryption") or {}
        kept = backend(context, "dynamodb", client.meta.region_name).tables[identity]
        kept.sse_specification = encryption_of(encryption) if encryption.get("enabled") else {}
    done = {*whole, "globalSecondaryIndexes", "streamEnabled", "streamViewType", "ttl", "pointInTimeRecovery"}
    refused = left - done - {"serverSideEncryption", "tableClass", "tags"}
    if refused:
        raise DeployError(f"{', '.join(sorted(refused))} cannot be updated in the sandbox")
    return {}


def _change_indexes(client: Any, table: str, before: Inputs, now: Inputs) -> None:
    old, new = ({row["name"]: row for row in inputs.get("globalSecondaryIndexes") or []} for inputs in (before, now))
    # AWS changes neither keys nor projection of an index: the provider makes it anew.
    remade = [name for name, row in new.items() if name not in old or index_of(old[name]) != index_of(row)]
    gone = [name for name in old if name not in new or name in remade]
    attributes = [{"AttributeName": row["name"], "AttributeType": row["type"]} for row in now["attributes"]]
    client.update_table(
        TableName=table,
        AttributeDefinitions=attributes,
        GlobalSecondaryIndexUpdates=[
            *({"Delete": {"IndexName": name}} for name in gone),
            *({"Create": index_of(new[name])} for name in remade),
        ],
    )


def _stream(inputs: Inputs) -> dict[str, Any]:
    if not inputs.get("streamEnabled"):
        return {"StreamEnabled": False}
    return given(StreamEnabled=True, StreamViewType=inputs.get("streamViewType"))


def _change_expiry(client: Any, table: str, before: Inputs, now: Inputs) -> None:
    attribute = now.get("attributeName") or before.get("attributeName")
    client.update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": bool(now.get("enabled")), "AttributeName": attribute},
    )


@deleter("aws:s3/bucket:Bucket")
def delete_bucket(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("s3", inputs)
    if inputs.get("forceDestroy"):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=identity):
            for row in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                client.delete_object(Bucket=identity, Key=row["Key"], VersionId=row["VersionId"])
    client.delete_bucket(Bucket=identity)


@updater("aws:s3/bucketVersioning:BucketVersioning")
def update_versioning(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    wanted = now["versioningConfiguration"]["status"]
    if wanted == "Disabled" and before["versioningConfiguration"]["status"] != "Disabled":
        raise DeployError("versioningConfiguration.status: Disabled; a bucket with versions can only be Suspended")
    return s3.versioning(context, now)[1]


@reader("aws:s3/bucketVersioning:BucketVersioning")
def read_versioning(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    status = context.client("s3", inputs).get_bucket_versioning(Bucket=identity).get("Status")
    # The resource is what is said of versions. Where nothing is, "Disabled" is the same, and so is Suspended gone.
    declared = inputs["versioningConfiguration"]["status"]
    if status is None:
        return {"versioningConfiguration": {"status": "Disabled"}} if declared == "Disabled" else None
    return {"versioningConfiguration": {"status": status}}


@deleter("aws:s3/bucketVersioning:BucketVersioning")
def delete_versioning(context: Context, identity: str, inputs: Inputs) -> None:
    # As the provider does: versions that there are stay, and there are no new ones.
    client = context.client("s3", inputs)
    if client.get_bucket_versioning(Bucket=identity).get("Status") == "Enabled":
        client.put_bucket_versioning(Bucket=identity, VersioningConfiguration={"Status": "Suspended"})


@reader("aws:s3/bucketPolicy:BucketPolicy")
def read_bucket_policy(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = context.client("s3", inputs)
    kept = s3.kept_policy(inputs["policy"])
    try:
        stored = json.loads(client.get_bucket_policy(Bucket=identity)["Policy"])
    except ClientError as error:
        # A policy of which the sandbox keeps nothing stands as long as its bucket.
        if kept is not None or error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return {"bucket": identity, "policy": inputs["policy"]}
    return {"bucket": identity, "policy": inputs["policy"] if stored == kept else json.dumps(stored)}


@updater("aws:s3/bucketPolicy:BucketPolicy")
def update_bucket_policy(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    if s3.kept_policy(now["policy"]) is None:
        context.client("s3", now).delete_bucket_policy(Bucket=identity)
    return s3.policy(context, now)[1]


@deleter("aws:s3/bucketObjectv2:BucketObjectv2")
def delete_object(context: Context, identity: str, inputs: Inputs) -> None:
    client, place = context.client("s3", inputs), {"Bucket": inputs["bucket"], "Key": inputs["key"]}
    rows = client.list_object_versions(Bucket=inputs["bucket"], Prefix=inputs["key"])
    for row in [*rows.get("Versions", []), *rows.get("DeleteMarkers", [])]:
        if row["Key"] == inputs["key"]:
            client.delete_object(**place, VersionId=row["VersionId"])


@updater("aws:elasticache/subnetGroup:SubnetGroup")
def update_subnet_group(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    # moto has neither a call to change a group nor one to delete it.
    kept = _subnet_groups(context, now)[identity]
    kept.subnet_ids = list(now["subnetIds"])
    kept.cache_subnet_group_description = now.get("description") or "Managed by Pulumi"
    return {}


@deleter("aws:elasticache/subnetGroup:SubnetGroup")
def delete_subnet_group(context: Context, identity: str, inputs: Inputs) -> None:
    groups = _subnet_groups(context, inputs)
    if identity not in groups:
        raise missing("DeleteCacheSubnetGroup")
    del groups[identity]


def _subnet_groups(context: Context, inputs: Inputs) -> dict[str, Any]:
    return backend(context, "elasticache", inputs.get("region") or context.region).cache_subnet_groups


@updater("aws:backup/plan:Plan")
def update_plan(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    """Make the plan anew under its id: moto has no call to change one."""
    client = context.client("backup", now)
    client.get_backup_plan(BackupPlanId=identity)
    plans = backend(context, "backup", client.meta.region_name).plans
    old = plans.pop(identity)
    try:
        fresh, outputs = backup.plan(context, {**now, "tags": {}})
    except Exception:
        plans[identity] = old
        raise
    made = plans.pop(fresh)
    made.backup_plan_id, made.backup_plan_arn = identity, old.backup_plan_arn
    plans[identity] = made
    return {"version": outputs["version"]}
