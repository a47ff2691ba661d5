"""Timestream databases and tables, and its InfluxDB instances, in the sandbox."""

from __future__ import annotations

import json
from typing import Any

from moto.moto_api._internal import mock_random
from moto.timestreaminfluxdb.models import timestreaminfluxdb_backends
from moto.timestreaminfluxdb.utils import random_id

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, seeded, tag_list
from plumbline.sandbox.ec2 import ec2


@adapter("aws:timestreamwrite/database:Database")
def database(context: Context, inputs: Inputs) -> Created:
    made = context.client("timestream-write", inputs).create_database(
        DatabaseName=inputs["databaseName"], Tags=tag_list(inputs), **given(KmsKeyId=inputs.get("kmsKeyId"))
    )["Database"]
    return made["DatabaseName"], {"arn": made["Arn"], "kmsKeyId": made["KmsKeyId"], "tableCount": made["TableCount"]}


@adapter("aws:timestreamwrite/table:Table")
def table(context: Context, inputs: Inputs) -> Created:
    retention = inputs.get("retentionProperties")
    writes = inputs.get("magneticStoreWriteProperties")
    key = (inputs.get("schema") or {}).get("compositePartitionKey")
    made = context.client("timestream-write", inputs).create_table(
        DatabaseName=inputs["databaseName"],
        TableName=inputs["tableName"],
        Tags=tag_list(inputs),
        **given(
            RetentionProperties=retention
            and {
                "MemoryStoreRetentionPeriodInHours": int(retention["memoryStoreRetentionPeriodInHours"]),
                "MagneticStoreRetentionPeriodInDays": int(retention["magneticStoreRetentionPeriodInDays"]),
            },
            MagneticStoreWriteProperties=writes and _magnetic_writes(writes),
            Schema=key
            and {
                "CompositePartitionKey": [
                    given(Type=key["type"], Name=key.get("name"), EnforcementInRecord=key.get("enforcementInRecord"))
                ]
            },
        ),
    )["Table"]
    return f"{made['TableName']}:{made['DatabaseName']}", {"arn": made["Arn"]}


@adapter("aws:timestreaminfluxdb/dbInstance:DbInstance")
def influx_instance(context: Context, inputs: Inputs) -> Created:
    # moto takes any subnets and groups for granted; AWS, and here EC2, does not.
    subnets = ec2(context, inputs).describe_subnets(SubnetIds=inputs["vpcSubnetIds"])["Subnets"]
    zones = {row["SubnetId"]: row["AvailabilityZone"] for row in subnets}
    ec2(context, inputs).describe_security_groups(GroupIds=inputs["vpcSecurityGroupIds"])
    region = inputs.get("region") or context.region
    with seeded(f"{context.account_id} {region}"):
        # All instances of an account and region share a part of their addresses.
        timestreaminfluxdb_backends[context.account_id][region].endpoint_id = random_id()
    logs = (inputs.get("logDeliveryConfiguration") or {}).get("s3Configuration")
    # moto keeps no maintenance windows.
    with seeded(str(mock_random.getrandbits(64))):
        made = context.client("timestream-influxdb", inputs).create_db_instance(
            name=inputs["name"],
            username=inputs["username"],
            password=inputs["password"],
            organization=inputs["organization"],
            bucket=inputs["bucket"],
            dbInstanceType=inputs["dbInstanceType"],
            allocatedStorage=int(inputs["allocatedStorage"]),
            vpcSubnetIds=inputs["vpcSubnetIds"],
            vpcSecurityGroupIds=inputs["vpcSecurityGroupIds"],
            publiclyAccessible=bool(inputs.get("publiclyAccessible")),
            tags=dict(inputs.get("tags") or {}),
            **given(
                dbStorageType=inputs.get("dbStorageType"),
                deploymentType=inputs.get("deploymentType"),
                dbParameterGroupIdentifier=inputs.get("dbParameterGroupIdentifier"),
                networkType=inputs.get("networkType"),
                port=None if inputs.get("port") is None else int(inputs["port"]),
                logDeliveryConfiguration=logs
                and {"s3Configuration": {"bucketName": logs["bucketName"], "enabled": logs["enabled"]}},
            ),
        )
    identity = made["id"]
    outputs = given(
        arn=made["arn"],
        endpoint=made["endpoint"],
        influxAuthParametersSecretArn=_secret(context, inputs, identity),
        availabilityZone=zones[inputs["vpcSubnetIds"][0]],
        secondaryAvailabilityZone=zones[inputs["vpcSubnetIds"][1]]
        if inputs.get("deploymentType") == "WITH_MULTIAZ_STANDBY"
        else None,
    )
    return identity, outputs


def _secret(context: Context, inputs: Inputs, identity: str) -> str:
    """Make the secret in which the service keeps an instance's first user, and return its ARN; moto makes none.

    https://docs.aws.amazon.com/ts-influxdb/latest/ts-influxdb-api/API_CreateDbInstance.html
    """
    value = {name: inputs[name] for name in ("organization", "bucket", "username", "password")}
    return context.client("secretsmanager", inputs).create_secret(
        Name=f"READONLY-InfluxDB-auth-parameters-{identity}",
        ClientRequestToken=str(mock_random.uuid4()),
        SecretString=json.dumps(value),
    )["ARN"]


def _magnetic_writes(writes: Inputs) -> dict[str, Any]:
    place = (writes.get("magneticStoreRejectedDataLocation") or {}).get("s3Configuration")
    return given(
        EnableMagneticStoreWrites=bool(writes.get("enableMagneticStoreWrites")),
        MagneticStoreRejectedDataLocation=place
        and {
            "S3Configuration": given(
                BucketName=place.get("bucketName"),
                ObjectKeyPrefix=place.get("objectKeyPrefix"),
                EncryptionOption=place.get("encryptionOption"),
                KmsKeyId=place.get("kmsKeyId"),
            )
        },
    )
