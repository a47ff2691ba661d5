"""Fixtures of policies/rules/encryption/data_stores.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made

CUSTOMER = {"key": "customer"}
OWN = "arn:aws:kms:eu-west-1:111122223333:key/1234"
NO_UNKNOWN = "a key that only AWS can decide is set"


def without_key(resource: Resource, path: str) -> dict[str, tuple[Program, tuple[str, ...]]]:
    """Return each way in which a resource has no customer key at a path."""
    ways = {
        "no key": None,
        "empty key": "",
        "service's own key": "alias/aws/service",
        "ARN of a bucket": "arn:aws:s3:::test-files",
        "a number": 5,
        "a list": [OWN],
    }
    return {name: ([changed(resource, {path: value})], (path,)) for name, value in ways.items()}


def with_key(resource: Resource, path: str) -> dict[str, Program]:
    """Return a resource with a customer key in each usual spelling."""
    ways = {"ARN": OWN, "alias": "alias/own", "id": "1234abcd-12ab-34cd-56ef-1234567890ab", "unknown": UNKNOWN}
    return {name: [changed(resource, {path: value})] for name, value in ways.items()}


TABLE = made(
    "aws:dynamodb/table:Table",
    name="test-orders",
    serverSideEncryption={"enabled": True, "kmsKeyArn": OWN},
    replicas=[{"regionName": "eu-central-1", "kmsKeyArn": OWN}],
)
SERIES = made("aws:timestreamwrite/database:Database", databaseName="test-prices", kmsKeyId=OWN)
VAULT = made("aws:backup/vault:Vault", name="test-main", kmsKeyArn=OWN)
IMAGES = made(
    "aws:ecr/repository:Repository", name="test", encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": OWN}]
)
FILES = made("aws:efs/fileSystem:FileSystem", encrypted=True, kmsKeyId=OWN)
LOGS = made("aws:cloudwatch/logGroup:LogGroup", name="/aws/lambda/test", kmsKeyId=OWN)
TRAIL = made("aws:cloudtrail/trail:Trail", name="test", s3BucketName="test-trail", kmsKeyId=OWN)
VOLUME = made("aws:ebs/volume:Volume", encrypted=True, size=8)
TEMPLATE = made(
    "aws:ec2/launchTemplate:LaunchTemplate",
    blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}, {"noDevice": "/dev/xvdb"}],
)
ACCOUNT = made("aws:ebs/encryptionByDefault:EncryptionByDefault", enabled=True)
SCHEDULE = made("aws:scheduler/schedule:Schedule", name="test", kmsKeyArn=OWN)
PARAMETER = made("aws:ssm/parameter:Parameter", name="/test/token", type="SecureString", value="x", keyId=OWN)
BUS = made("aws:cloudwatch/eventBus:EventBus", name="test", kmsKeyIdentifier=OWN)
WORKFLOW = made(
    "aws:sfn/stateMachine:StateMachine",
    name="test",
    encryptionConfiguration={"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": OWN},
)

CASES = [
    Cases(
        rule="dynamodb-table-encrypted-with-kms",
        parameters=CUSTOMER,
        good={"both": [TABLE], **with_key(TABLE, "serverSideEncryption.kmsKeyArn")},
        bad={
            "not set": (
                [changed(TABLE, {"serverSideEncryption": GONE})],
                ("serverSideEncryption.enabled", "serverSideEncryption.kmsKeyArn"),
            ),
            "off": ([changed(TABLE, {"serverSideEncryption.enabled": False})], ("serverSideEncryption.enabled",)),
            "off as text": (
                [changed(TABLE, {"serverSideEncryption.enabled": "false"})],
                ("serverSideEncryption.enabled",),
            ),
            "replica without": ([changed(TABLE, {"replicas.0.kmsKeyArn": GONE})], ("replicas.0.kmsKeyArn",)),
            **without_key(TABLE, "serverSideEncryption.kmsKeyArn"),
        },
        unknown={
            "enabled": (
                [changed(TABLE, {"serverSideEncryption.enabled": UNKNOWN})],
                ("serverSideEncryption.enabled",),
            ),
            "replicas": ([changed(TABLE, {"replicas": UNKNOWN})], ("replicas",)),
        },
        always=True,
    ),
    Cases(
        rule="timestream-database-has-key",
        good=with_key(SERIES, "kmsKeyId"),
        bad=without_key(SERIES, "kmsKeyId"),
        never_unknown=NO_UNKNOWN,
        always=True,
    ),
    Cases(
        rule="backup-vault-has-key",
        good=with_key(VAULT, "kmsKeyArn"),
        bad=without_key(VAULT, "kmsKeyArn"),
        never_unknown=NO_UNKNOWN,
        always=True,
    ),
    Cases(
        rule="ecr-repository-has-key",
        good={
            "single": [changed(IMAGES, {"encryptionConfigurations": {"encryptionType": "kms", "kmsKey": OWN}})],
            **with_key(IMAGES, "encryptionConfigurations.0.kmsKey"),
        },
        bad={
            "not set": (
                [changed(IMAGES, {"encryptionConfigurations": GONE})],
                ("encryptionConfigurations.encryptionType", "encryptionConfigurations.kmsKey"),
            ),
            "without KMS": (
                [changed(IMAGES, {"encryptionConfigurations": [{"encryptionType": "AES256"}]})],
                ("encryptionConfigurations.0.encryptionType", "encryptionConfigurations.0.kmsKey"),
            ),
            **without_key(IMAGES, "encryptionConfigurations.0.kmsKey"),
        },
        unknown={
            "type": (
                [changed(IMAGES, {"encryptionConfigurations.0.encryptionType": UNKNOWN})],
                ("encryptionConfigurations.0.encryptionType",),
            ),
            "all": (
                [changed(IMAGES, {"encryptionConfigurations": UNKNOWN})],
                ("encryptionConfigurations.encryptionType", "encryptionConfigurations"),
            ),
        },
        always=True,
    ),
    Cases(
        rule="efs-encrypted",
        parameters=CUSTOMER,
        good={"text": [changed(FILES, {"encrypted": "true"})], **with_key(FILES, "kmsKeyId")},
        bad={
            "not set": ([changed(FILES, {"encrypted": GONE})], ("encrypted",)),
            "off": ([changed(FILES, {"encrypted": False})], ("encrypted",)),
            **without_key(FILES, "kmsKeyId"),
        },
        unknown={"encrypted": ([changed(FILES, {"encrypted": UNKNOWN})], ("encrypted",))},
        always=True,
    ),
    Cases(
        rule="log-group-has-key",
        good=with_key(LOGS, "kmsKeyId"),
        bad=without_key(LOGS, "kmsKeyId"),
        never_unknown=NO_UNKNOWN,
        always=True,
    ),
    Cases(
        rule="cloudtrail-encrypted-with-kms",
        good={
            **with_key(TRAIL, "kmsKeyId"),
            "lake": [made("aws:cloudtrail/eventDataStore:EventDataStore", name="test", kmsKeyId=OWN)],
        },
        bad=without_key(TRAIL, "kmsKeyId"),
        never_unknown=NO_UNKNOWN,
        always=True,
    ),
    Cases(
        rule="ebs-encrypted-by-default",
        good={
            "volume": [VOLUME],
            "account": [ACCOUNT],
            "account by default": [changed(ACCOUNT, {"enabled": GONE})],
            "template": [TEMPLATE],
        },
        bad={
            "volume": ([changed(VOLUME, {"encrypted": GONE})], ("encrypted",)),
            "volume off": ([changed(VOLUME, {"encrypted": False})], ("encrypted",)),
            "account": ([changed(ACCOUNT, {"enabled": False})], ("enabled",)),
            "template": (
                [changed(TEMPLATE, {"blockDeviceMappings.0.ebs.encrypted": "false"})],
                ("blockDeviceMappings.0.ebs.encrypted",),
            ),
            "template without": (
                [changed(TEMPLATE, {"blockDeviceMappings.0.ebs": {"volumeSize": 8}})],
                ("blockDeviceMappings.0.ebs.encrypted",),
            ),
        },
        unknown={
            "volume": ([changed(VOLUME, {"encrypted": UNKNOWN})], ("encrypted",)),
            "account": ([changed(ACCOUNT, {"enabled": UNKNOWN})], ("enabled",)),
            "template": ([changed(TEMPLATE, {"blockDeviceMappings": UNKNOWN})], ("blockDeviceMappings",)),
        },
        skipped={"template without volumes": [made("aws:ec2/launchTemplate:LaunchTemplate", imageId="ami-1")]},
    ),
    Cases(
        rule="schedule-has-key",
        good=with_key(SCHEDULE, "kmsKeyArn"),
        bad=without_key(SCHEDULE, "kmsKeyArn"),
        never_unknown=NO_UNKNOWN,
        always=True,
    ),
    Cases(
        rule="ssm-parameter-is-secure",
        parameters={**CUSTOMER, "plain_names": ["/test/image/*"]},
        good={"lower case": [changed(PARAMETER, {"type": "securestring"})], **with_key(PARAMETER, "keyId")},
        bad={
            "plain": ([changed(PARAMETER, {"type": "String"})], ("type",)),
            "list": ([changed(PARAMETER, {"type": "StringList"})], ("type",)),
            "not set": ([changed(PARAMETER, {"type": GONE})], ("type",)),
            "in clear text": ([changed(PARAMETER, {"insecureValue": "x", "value": GONE})], ("insecureValue",)),
            "another name": ([changed(PARAMETER, {"type": "String", "name": "/test/images"})], ("type",)),
            **without_key(PARAMETER, "keyId"),
        },
        unknown={"type": ([changed(PARAMETER, {"type": UNKNOWN})], ("type",))},
        skipped={"nothing secret": [changed(PARAMETER, {"type": "String", "name": "/test/image/version"})]},
    ),
    Cases(
        rule="event-bus-has-key",
        parameters=CUSTOMER,
        good={
            **with_key(BUS, "kmsKeyIdentifier"),
            "archive": [made("aws:cloudwatch/eventArchive:EventArchive", name="test", kmsKeyIdentifier=OWN)],
        },
        bad=without_key(BUS, "kmsKeyIdentifier"),
        never_unknown=NO_UNKNOWN,
        always=True,
    ),
    Cases(
        rule="state-machine-has-key",
        parameters=CUSTOMER,
        good=with_key(WORKFLOW, "encryptionConfiguration.kmsKeyId"),
        bad={
            "AWS's": (
                [changed(WORKFLOW, {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}})],
                ("encryptionConfiguration.type", "encryptionConfiguration.kmsKeyId"),
            ),
            **without_key(WORKFLOW, "encryptionConfiguration.kmsKeyId"),
        },
        unknown={
            "type": (
                [changed(WORKFLOW, {"encryptionConfiguration.type": UNKNOWN})],
                ("encryptionConfiguration.type",),
            )
        },
        always=True,
    ),
]
