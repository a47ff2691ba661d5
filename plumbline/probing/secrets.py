"""Keys and secrets: what a key encrypts it decrypts, and secrets are read as they were written."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import Resource
from plumbline.probing.access import invoke_refusal
from plumbline.probing.model import ProbeContext, Trial, passed, probe, trial, value

KEY = "aws:kms/key:Key"
_ALIAS = "aws:kms/alias:Alias"
SECRET = "aws:secretsmanager/secret:Secret"
_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
_ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_KEYS, _SECRETS = "keys", "secrets"
_TEXT = b"probe"


def _encrypts(key: Resource) -> bool:
    return value(key, "keyUsage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"


@probe(_KEYS, KEY, where=_encrypts)
def encrypt_and_decrypt(context: ProbeContext, key: Resource) -> Iterator[Trial]:
    """What a key encrypts it decrypts."""
    client = context.client("kms", key)
    state = client.describe_key(KeyId=value(key, "keyId"))["KeyMetadata"]["KeyState"]
    yield trial(state == "Enabled", "ask for its state", state, f"it is {state}")
    cipher = client.encrypt(KeyId=value(key, "keyId"), Plaintext=_TEXT)["CiphertextBlob"]
    plain = client.decrypt(KeyId=value(key, "keyId"), CiphertextBlob=cipher)["Plaintext"]
    good = plain == _TEXT and _TEXT not in cipher
    yield trial(good, "encrypt a text and decrypt it", "the text came back", "another text came back")


@probe(_KEYS, KEY, where=_encrypts)
def rotation(context: ProbeContext, key: Resource) -> Iterator[Trial]:
    """Every key is replaced by a new one in time."""
    found = context.client("kms", key).get_key_rotation_status(KeyId=value(key, "keyId"))
    days, wanted = found.get("RotationPeriodInDays", 365), value(key, "rotationPeriodInDays", 365)
    good = found["KeyRotationEnabled"] and days == wanted
    yield trial(good, "ask for rotation", f"every {days} days", f"on: {found['KeyRotationEnabled']}, {days} days")


@probe(_KEYS, _ALIAS, optional=True)
def alias(context: ProbeContext, alias: Resource) -> Iterator[Trial]:
    """Every alias leads to its key."""
    found = context.client("kms", alias).describe_key(KeyId=value(alias, "name"))["KeyMetadata"]
    wanted = str(value(alias, "targetKeyId")).rpartition("/")[2]
    good = found["KeyId"] == wanted and found["Enabled"]
    yield trial(good, f"describe {value(alias, 'name')}", "it is the stack's key", "it is another key, or disabled")


@probe(_SECRETS, SECRET)
def own_key(context: ProbeContext, secret: Resource) -> Iterator[Trial]:
    """Every secret is encrypted with the key that the stack says."""
    found = context.client("secretsmanager", secret).describe_secret(SecretId=value(secret, "arn"))
    key, wanted = found.get("KmsKeyId"), value(secret, "kmsKeyId")
    evidence = "the stack's own" if wanted else "AWS's"
    yield trial(key == wanted, "ask for its key", evidence, "it is encrypted with another key")
    if key:
        context.account.client("kms", {"region": key.split(":")[3]}).describe_key(KeyId=key)
        yield passed("describe that key", "it exists")


@probe(_SECRETS, _VERSION, optional=True)
def value_is_read(context: ProbeContext, version: Resource) -> Iterator[Trial]:
    """A secret that the stack fills is read as it was written."""
    found = context.client("secretsmanager", version).get_secret_value(SecretId=value(version, "secretId"))
    same = found.get("SecretString") == value(version, "secretString")
    yield trial(same, "read the current value", "it is what was written", "it is another value")


@probe(_SECRETS, _ROTATION, optional=True)
def rotated(context: ProbeContext, rotation: Resource) -> Iterator[Trial]:
    """A secret that is rotated has a function for it that Secrets Manager may call."""
    found = context.client("secretsmanager", rotation).describe_secret(SecretId=value(rotation, "secretId"))
    function = value(rotation, "rotationLambdaArn")
    on = bool(found.get("RotationEnabled")) and found.get("RotationLambdaARN") == function
    days = (found.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    yield trial(on, "ask for rotation", f"every {days} days", "it is off, or by another function")
    problem = invoke_refusal(context, "secretsmanager.amazonaws.com", function, found["ARN"])
    yield trial(not problem, "call the function as Secrets Manager", "its permission allows it", problem)
