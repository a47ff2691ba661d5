"""DynamoDB tables in the sandbox."""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:dynamodb/table:Table")
def table(context: Context, inputs: Inputs) -> Created:
    client = context.client("dynamodb", inputs)
    name = inputs["name"]
    encryption = inputs.get("serverSideEncryption") or {}
    description = client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": row["name"], "AttributeType": row["type"]} for row in inputs["attributes"]
        ],
        KeySchema=_keys(inputs),
        Tags=tag_list(inputs),
        DeletionProtectionEnabled=bool(inputs.get("deletionProtectionEnabled")),
        **given(
            BillingMode=inputs.get("billingMode"),
            ProvisionedThroughput=throughput_of(inputs),
            GlobalSecondaryIndexes=[index_of(row) for row in inputs.get("globalSecondaryIndexes") or []] or None,
            SSESpecification=encryption_of(encryption) if encryption.get("enabled") else None,
        ),
    )["TableDescription"]
    ttl = inputs.get("ttl") or {}
    if ttl.get("enabled"):
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl["attributeName"]}
        )
    if (inputs.get("pointInTimeRecovery") or {}).get("enabled"):
        client.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    return name, {"arn": description["TableArn"]}


def _keys(owner: Inputs) -> list[dict[str, str]]:
    schemas = owner.get("keySchemas")
    if schemas:
        return [{"AttributeName": row["attributeName"], "KeyType": row["keyType"]} for row in schemas]
    keys = [{"AttributeName": owner["hashKey"], "KeyType": "HASH"}]
    return keys + ([{"AttributeName": owner["rangeKey"], "KeyType": "RANGE"}] if owner.get("rangeKey") else [])


def throughput_of(owner: Inputs) -> dict[str, int] | None:
    if owner.get("readCapacity") is None:
        return None
    return {"ReadCapacityUnits": owner["readCapacity"], "WriteCapacityUnits": owner["writeCapacity"]}


def index_of(row: Inputs) -> dict[str, Any]:
    projection = given(ProjectionType=row["projectionType"], NonKeyAttributes=row.get("nonKeyAttributes"))
    return given(
        IndexName=row["name"], KeySchema=_keys(row), Projection=projection, ProvisionedThroughput=throughput_of(row)
    )


def encryption_of(encryption: Inputs) -> dict[str, Any]:
    return given(Enabled=True, SSEType="KMS", KMSMasterKeyId=encryption.get("kmsKeyArn"))
