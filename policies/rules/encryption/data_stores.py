"""Data at rest in tables, series, backups, images, file systems and logs."""

from __future__ import annotations

import fnmatch

from policies.rules.encryption.keys import AWS_KEY, CUSTOMER_KEY, asked_key, own_key, places
from policies.rules.model import (
    NOT_APPLICABLE,
    Outcome,
    View,
    all_of,
    check,
    check_true,
    check_word,
    rule,
    unknown,
)


@rule(
    "EN-010",
    "dynamodb-table-encrypted-with-kms",
    pack="encryption",
    types=("aws:dynamodb/table:Table",),
    severity="medium",
    rationale="Under a key of KMS each table's decryption is a call that CloudTrail shows and a policy can refuse.",
    url="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html",
    remediation='Set server_side_encryption={"enabled": True}, with kms_key_arn where a customer key is asked for.',
    controls=("CKV_AWS_119", "dynamodb-table-encryption-enabled"),
    criteria=("TRADING-03.5", "TRADING-17.1c", "AGENTIC-05.4a"),
    parameters=AWS_KEY,
)
def table(view: View) -> Outcome:
    outcomes = [check_true(view, "serverSideEncryption.enabled"), asked_key(view, "serverSideEncryption.kmsKeyArn")]
    replicas = places(view, "replicas")
    if replicas is not None:
        outcomes += [asked_key(view, f"{place}.kmsKeyArn") for place in replicas]
    elif view.parameters.get("key") == "customer":
        outcomes.append(unknown("replicas", "each with a customer key"))
    return all_of(outcomes)


@rule(
    "EN-011",
    "timestream-database-has-key",
    pack="encryption",
    types=("aws:timestreamwrite/database:Database",),
    severity="medium",
    rationale="A database under a key of the stack's own is readable by nobody who may not use that key.",
    url="https://docs.aws.amazon.com/timestream/latest/developerguide/EncryptionAtRest.html",
    remediation="Set kms_key_id to the ARN of a customer key.",
    controls=("CKV_AWS_160", "AwsSolutions-TS3"),
    criteria=("TRADING-04.5",),
    parameters=CUSTOMER_KEY,
)
def series(view: View) -> Outcome:
    return asked_key(view, "kmsKeyId")


@rule(
    "EN-012",
    "backup-vault-has-key",
    pack="encryption",
    types=("aws:backup/vault:Vault",),
    severity="medium",
    rationale="Backups hold the data of what they back up, and outlive it: their key decides who can restore them.",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html",
    remediation="Set kms_key_arn to a customer key, in each region that has a vault.",
    controls=("CKV_AWS_166", "Backup.1"),
    parameters=CUSTOMER_KEY,
)
def vault(view: View) -> Outcome:
    return asked_key(view, "kmsKeyArn")


@rule(
    "EN-013",
    "ecr-repository-has-key",
    pack="encryption",
    types=("aws:ecr/repository:Repository",),
    severity="medium",
    rationale="Images hold the application's code; under a key of KMS each pull is a use of it that can be refused.",
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html",
    remediation='Set encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}].',
    controls=("ECR.5", "CKV_AWS_136", "aws-ecr-repository-configure-customer-managed-key"),
    parameters=CUSTOMER_KEY,
)
def repository(view: View) -> Outcome:
    path = next(iter(places(view, "encryptionConfigurations") or ()), "encryptionConfigurations")
    kind = check_word(view, f"{path}.encryptionType", ("KMS", "KMS_DSSE"), default="AES256", known=("AES256",))
    return all_of([kind, asked_key(view, f"{path}.kmsKey")])


@rule(
    "EN-014",
    "efs-encrypted",
    pack="encryption",
    types=("aws:efs/fileSystem:FileSystem",),
    severity="medium",
    rationale="Encryption of a file system can only be chosen when it is made.",
    url="https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html",
    remediation="Set encrypted=True, with kms_key_id where a customer key is asked for.",
    controls=("EFS.1", "EFS.8", "CKV_AWS_42", "AwsSolutions-EFS1", "2.4.1", "efs-encrypted", "CKV_AWS_184"),
    parameters=AWS_KEY,
)
def file_system(view: View) -> Outcome:
    return all_of([check_true(view, "encrypted"), asked_key(view, "kmsKeyId")])


@rule(
    "EN-015",
    "log-group-has-key",
    pack="encryption",
    types=("aws:cloudwatch/logGroup:LogGroup",),
    severity="medium",
    rationale="Logs repeat parts of what the application handles; a key of the stack's own decides who reads them.",
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    remediation="Set kms_key_id to the ARN of a customer key whose policy lets logs.<region>.amazonaws.com use it.",
    level="open",
    controls=("CKV_AWS_158",),
    parameters=CUSTOMER_KEY,
)
def log_group(view: View) -> Outcome:
    return asked_key(view, "kmsKeyId")


@rule(
    "EN-016",
    "cloudtrail-encrypted-with-kms",
    pack="encryption",
    types=("aws:cloudtrail/trail:Trail", "aws:cloudtrail/eventDataStore:EventDataStore"),
    severity="medium",
    rationale="The trail says who did what: reading it should take a permission on a key besides one on the bucket.",
    url="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html",
    remediation="Set kms_key_id to the ARN of a customer key.",
    controls=("CloudTrail.2", "CKV_AWS_35", "3.5"),
)
def trail(view: View) -> Outcome:
    return own_key(view, "kmsKeyId")


@rule(
    "EN-017",
    "ebs-encrypted-by-default",
    pack="encryption",
    types=(
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "aws:ebs/volume:Volume",
        "aws:ec2/launchTemplate:LaunchTemplate",
    ),
    severity="medium",
    rationale="A volume or snapshot that is not encrypted can be read by whoever gets a copy of it.",
    url="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
    remediation="Set enabled=True for the account's default, encrypted=True for a volume and in block device mappings.",
)
def volumes(view: View) -> Outcome:
    if view.type == "aws:ebs/volume:Volume":
        return check_true(view, "encrypted")
    if view.type == "aws:ebs/encryptionByDefault:EncryptionByDefault":
        return check_true(view, "enabled", default=True)
    devices = places(view, "blockDeviceMappings")
    if devices is None:
        return unknown("blockDeviceMappings", "each volume encrypted")
    return all_of(check_true(view, f"{place}.ebs.encrypted") for place in devices if view.is_set(f"{place}.ebs"))


@rule(
    "EN-018",
    "schedule-has-key",
    pack="encryption",
    types=("aws:scheduler/schedule:Schedule",),
    severity="medium",
    rationale="A schedule's input may hold the application's data; EventBridge Scheduler keeps it under this key.",
    url="https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html",
    remediation="Set kms_key_arn to a customer key.",
    level="open",
    controls=("CKV_AWS_297",),
    parameters=CUSTOMER_KEY,
)
def schedule(view: View) -> Outcome:
    return asked_key(view, "kmsKeyArn")


@rule(
    "EN-019",
    "ssm-parameter-is-secure",
    pack="encryption",
    types=("aws:ssm/parameter:Parameter",),
    severity="high",
    rationale="A parameter of another type is kept in clear text and read by everyone who may list parameters.",
    url="https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html",
    remediation='Set type="SecureString", with key_id where a customer key is asked for.',
    controls=("CKV2_AWS_34", "CKV_AWS_337"),
    criteria=("AGENTIC-03.5",),
    parameters={**AWS_KEY, "plain_names": []},
)
def parameter(view: View) -> Outcome:
    """Parameters with names like `plain_names` (shell patterns) hold nothing secret, such as an image's version."""
    name = view.get("name")
    if isinstance(name, str) and any(fnmatch.fnmatchcase(name, plain) for plain in view.parameters["plain_names"]):
        return NOT_APPLICABLE
    kind = check_word(view, "type", ("SecureString",), default="String", known=("String", "StringList"))
    clear = check(view, "insecureValue", lambda value: value is None, "not set: use value")
    return all_of([kind, clear, asked_key(view, "keyId")])


@rule(
    "EN-020",
    "event-bus-has-key",
    pack="encryption",
    types=("aws:cloudwatch/eventBus:EventBus", "aws:cloudwatch/eventArchive:EventArchive"),
    severity="low",
    rationale="Events carry the application's data, and an archive keeps them for as long as it is told to.",
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption.html",
    remediation="Set kms_key_identifier to a customer key.",
    parameters=AWS_KEY,
)
def bus(view: View) -> Outcome:
    return asked_key(view, "kmsKeyIdentifier")


@rule(
    "EN-021",
    "state-machine-has-key",
    pack="encryption",
    types=("aws:sfn/stateMachine:StateMachine",),
    severity="low",
    rationale="The history of an execution shows each state's input and output to whoever may read executions.",
    url="https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html",
    remediation='Set encryption_configuration={"type": "CUSTOMER_MANAGED_KMS_KEY", "kms_key_id": key.arn}.',
    parameters=AWS_KEY,
)
def workflow(view: View) -> Outcome:
    path, own, key = "encryptionConfiguration.type", "CUSTOMER_MANAGED_KMS_KEY", "encryptionConfiguration.kmsKeyId"
    if view.parameters.get("key") != "customer":
        return asked_key(view, key)
    return all_of([check_word(view, path, (own,), known=("AWS_OWNED_KEY",)), asked_key(view, key)])
