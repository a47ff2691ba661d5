"""Customer keys and what every rule about a choice of key shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN, walk
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_set,
    check_true,
    fail,
    kind_of,
    rule,
    unknown,
)

KEY = "aws:kms/key:Key"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide"

# Which key an area uses is for the requirement documents to say: "aws" takes the service's own encryption, "customer"
# asks for a key of the stack.
AWS_KEY = {"key": "aws"}
CUSTOMER_KEY = {"key": "customer"}


def places(view: View, path: str) -> list[str] | None:
    """Return the paths of a property's items: its own where it is one item, None where their number is not known."""
    value = view.get(path)
    if value is UNKNOWN:
        return None
    if isinstance(value, list):
        return [f"{path}.{number}" for number in range(len(value))]
    return [] if value is None else [path]


def own_key(view: View, path: str) -> Outcome:
    """Judge whether a customer key is given: set, and neither the service's own (alias/aws/...) nor no key at all."""
    value = view.get(path)
    wrong = _no_key(value)
    if wrong:
        return fail(path, wrong, "a customer key")
    if isinstance(value, str) and "alias/aws/" in value.lower():
        return fail(path, "the service's own key", "a customer key")
    return check_set(view, path, "a customer key")


def asked_key(view: View, path: str) -> Outcome:
    """Judge the key that the parameter `key` asks for. Where it asks for none, what is given must still be a key."""
    if view.parameters.get("key") == "customer":
        return own_key(view, path)
    return given_key(view, path)


def given_key(view: View, path: str) -> Outcome:
    """Judge a key that nobody asks for: where one is given, it must be one."""
    wrong = _no_key(view.get(path))
    return fail(path, wrong, "a key of KMS, or none") if wrong else NOT_APPLICABLE


def _no_key(value: Any) -> str:
    """Say what a value is that cannot name a key, "" where it may."""
    if value is UNKNOWN or value is None:
        return ""
    if not isinstance(value, str):
        return kind_of(value)
    parts = value.lower().split(":")
    return "the ARN of something else" if parts[0] == "arn" and parts[2:3] != ["kms"] else ""


@rule(
    "EN-001",
    "kms-key-rotates",
    pack="encryption",
    types=(KEY,),
    severity="medium",
    rationale="Rotation limits how much data one key material protects; KMS does it without a change for users.",
    url=f"{_KMS}/rotate-keys.html",
    remediation="Set enable_key_rotation=True, with rotation_period_in_days of at most the allowed number if at all.",
    controls=(
        "KMS.4",
        "CKV_AWS_7",
        "AwsSolutions-KMS5",
        "3.6",
        "cmk-backing-key-rotation-enabled",
        "aws-kms-key-enable-key-rotation",
    ),
    criteria=("TRADING-17.3",),
    parameters={"longest_days": 365},
)
def rotation(view: View) -> Outcome:
    """Only symmetric keys for encryption, with material of KMS, can rotate by themselves (docs/decisions.md, 14)."""
    kinds = {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT"}
    given = {path: view.get(path, default) for path, default in kinds.items()}
    if any(isinstance(value, str) and value.upper() != kinds[path] for path, value in given.items()):
        return NOT_APPLICABLE
    if view.is_set("customKeyStoreId"):
        return NOT_APPLICABLE
    longest = view.parameters["longest_days"]
    rotates = all_of(
        [
            check_true(view, "enableKeyRotation"),
            check(
                view,
                "rotationPeriodInDays",
                lambda days: 90 <= int(days) <= longest,
                f"90 to {longest} days",
                default=longest,
            ),
        ]
    )
    if rotates.word != "pass":
        undecided = [path for path, value in given.items() if value is UNKNOWN]
        if undecided:
            return unknown(undecided[0], f"{kinds[undecided[0]]} with rotation, or another kind of key")
    return rotates


@rule(
    "EN-002",
    "secret-has-customer-key",
    pack="encryption",
    types=("aws:secretsmanager/secret:Secret",),
    severity="medium",
    rationale="Whoever reads a secret must then also be allowed to use its key, and each reading shows in CloudTrail.",
    url="https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
    remediation="Set kms_key_id to a customer key of the stack, for the secret and for each of its replicas.",
    controls=("CKV_AWS_149", "aws-secretsmanager-secret-configure-customer-managed-key"),
    criteria=("TRADING-09.6", "TRADING-17.1a"),
    parameters=CUSTOMER_KEY,
)
def secret(view: View) -> Outcome:
    outcomes = [asked_key(view, "kmsKeyId")]
    replicas = places(view, "replicas")
    if replicas is not None:
        outcomes += [asked_key(view, f"{place}.kmsKeyId") for place in replicas]
    elif view.parameters.get("key") == "customer":
        outcomes.append(unknown("replicas", "each with a customer key"))
    return all_of(outcomes)


# Where the types that systems use name keys: the property at the top, since that is what dependencies are known of.
_KEYED: Mapping[str, tuple[str, ...]] = {
    "aws:apprunner/service:Service": ("encryptionConfiguration",),
    "aws:backup/vault:Vault": ("kmsKeyArn",),
    "aws:cloudtrail/eventDataStore:EventDataStore": ("kmsKeyId",),
    "aws:cloudtrail/trail:Trail": ("kmsKeyId",),
    "aws:cloudwatch/eventArchive:EventArchive": ("kmsKeyIdentifier",),
    "aws:cloudwatch/eventBus:EventBus": ("kmsKeyIdentifier",),
    "aws:cloudwatch/logGroup:LogGroup": ("kmsKeyId",),
    "aws:codebuild/project:Project": ("encryptionKey",),
    "aws:codebuild/reportGroup:ReportGroup": ("exportConfig",),
    "aws:dynamodb/table:Table": ("serverSideEncryption", "replicas"),
    "aws:ebs/volume:Volume": ("kmsKeyId",),
    "aws:ecr/repository:Repository": ("encryptionConfigurations",),
    "aws:efs/fileSystem:FileSystem": ("kmsKeyId",),
    "aws:eks/cluster:Cluster": ("encryptionConfig",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("kmsKeyId",),
    "aws:elasticache/serverlessCache:ServerlessCache": ("kmsKeyId",),
    "aws:lambda/function:Function": ("kmsKeyArn", "sourceKmsKeyArn"),
    "aws:opensearch/domain:Domain": ("encryptAtRest",),
    "aws:rds/cluster:Cluster": ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"),
    "aws:rds/instance:Instance": ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"),
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": ("kmsKeyId",),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("rules",),
    "aws:scheduler/schedule:Schedule": ("kmsKeyArn",),
    "aws:secretsmanager/secret:Secret": ("kmsKeyId", "replicas"),
    "aws:sfn/stateMachine:StateMachine": ("encryptionConfiguration",),
    "aws:sns/topic:Topic": ("kmsMasterKeyId",),
    "aws:sqs/queue:Queue": ("kmsMasterKeyId",),
    "aws:ssm/parameter:Parameter": ("keyId",),
    "aws:timestreamwrite/database:Database": ("kmsKeyId",),
}
_KEY_NAMES = frozenset(
    {"kmsKeyId", "kmsKeyArn", "kmsMasterKeyId", "kmsKey", "kmsKeyIdentifier", "keyArn", "keyId", "encryptionKey"}
    | {"sourceKmsKeyArn", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"}
)


@rule(
    "EN-003",
    "key-property-refers-to-key",
    pack="encryption",
    types=tuple(_KEYED),
    severity="medium",
    rationale="Whether a key is set says little where the value comes from a resource that is no key.",
    url=f"{_KMS}/find-cmk-id-arn.html",
    remediation="Give the property the id or the ARN of a key, such as key.arn.",
    scope="stack",
)
def reference(view: View) -> Outcome:
    """Values that come from another stack or from no resource are left to the rules about the property."""
    outcomes = []
    for head in _KEYED[view.type]:
        sources = view.source_types(head)
        for path, value in walk(view.get(head), (head,)):
            if value is not UNKNOWN or not sources or path[-1] not in _KEY_NAMES:
                continue
            keys = any(source.startswith("aws:kms/") or not source.startswith("aws:") for source in sources)
            found = f"a value of {', '.join(sources)}"
            outcomes.append(PASS if keys else fail(".".join(map(str, path)), found, "a value of a key"))
    return all_of(outcomes)
