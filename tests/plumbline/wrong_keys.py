"""Wrong programs about keys and secrets, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    alias,
    function,
    log_group,
    policy_text,
    provider,
    queue,
    statement,
)
from tests.plumbline.wrong_storage import ROOT, after

WORKER = f"arn:aws:iam::{ACCOUNT}:role/worker"


def on_key(**changes: Any) -> dict[str, Any]:
    """Return the statement of a key policy that lets the account do everything."""
    return statement(**{"Principal": {"AWS": ROOT}, "Action": "kms:*", **changes})


def for_logs(region: str = REGION, *actions: str) -> dict[str, Any]:
    """Return a statement that lets CloudWatch Logs use a key for one log group."""
    given = actions or ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/work"
    return on_key(
        Principal={"Service": f"logs.{region}.amazonaws.com"},
        Action=list(given),
        Condition={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
    )


def key(*statements: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None, **changes: Any) -> aws.kms.Key:
    """A symmetric key that rotates. Its policy has the given statements after the account's."""
    whole = {"enable_key_rotation": True, "policy": policy_text(on_key(), *statements), **changes}
    return aws.kms.Key("key", opts=opts, **whole)


def key_alias(of: aws.kms.Key, name: str = "alias/orders", resource: str = "alias") -> aws.kms.Alias:
    return aws.kms.Alias(resource, name=name, target_key_id=of.key_id)


def encrypted_logs(*statements: Mapping[str, Any]) -> None:
    """A log group under a key of the same stack."""
    opts = pulumi.ResourceOptions(provider=provider())
    log_group(kms_key_id=key(*statements, opts=opts).arn, opts=opts)


def separate_policy(*, depends: bool = True) -> None:
    """A log group under a key whose policy is a resource of its own."""
    opts = pulumi.ResourceOptions(provider=provider())
    of = key(policy=None, opts=opts)
    policy = aws.kms.KeyPolicy("policy", key_id=of.key_id, policy=policy_text(on_key(), for_logs()), opts=opts)
    first = [policy] if depends else []
    log_group(kms_key_id=of.arn, opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=first)))


def _signing(**changes: Any) -> dict[str, Any]:
    return {
        "enable_key_rotation": False,
        "customer_master_key_spec": "ECC_NIST_P256",
        "key_usage": "SIGN_VERIFY",
        **changes,
    }


def _two_aliases() -> None:
    of = key()
    key_alias(of)
    key_alias(of, resource="alias-too")


def _managed_by(**changes: Any) -> Callable[[], Any]:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=provider())
        key(opts=opts, policy=policy_text(on_key(**changes)))

    return program


KEYS = [
    Wrong(
        "key deleted at once",
        lambda: key(deletion_window_in_days=6),
        "deletionWindowInDays",
        "6 given; allowed: 7 to 30",
    ),
    Wrong(
        "curve that encrypts",
        lambda: key(**_signing(key_usage=None)),
        "keyUsage",
        "'ENCRYPT_DECRYPT' given; key spec ECC_NIST_P256 allows: SIGN_VERIFY, KEY_AGREEMENT",
    ),
    Wrong(
        "rotation of a pair of keys",
        lambda: key(**_signing(enable_key_rotation=True)),
        "enableKeyRotation",
        "true given with key spec ECC_NIST_P256; only SYMMETRIC_DEFAULT keys rotate",
    ),
    Wrong(
        "rotation in a key store",
        lambda: key(custom_key_store_id="cks-1"),
        "enableKeyRotation",
        "keys in a custom key store do not rotate",
    ),
    Wrong("nobody manages", _managed_by(Action="kms:Decrypt"), "policy", "nobody of the account may change the policy"),
    Wrong(
        "another account manages",
        _managed_by(Principal={"AWS": "arn:aws:iam::999999999999:root"}),
        "policy",
        "nobody of the account may change the policy",
    ),
    Wrong(
        "managed through a service",
        _managed_by(Condition={"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}),
        "policy",
        "nobody of the account may change the policy",
    ),
    Wrong(
        "alias without alias/",
        lambda: key_alias(key(), "orders"),
        "name",
        "'orders' given; allowed: a name that begins alias/",
    ),
    Wrong("alias of AWS", lambda: key_alias(key(), "alias/aws/orders"), "name", "but not alias/aws/"),
    Wrong("two aliases of one name", _two_aliases, "name", "'alias/orders' is the name of aws:kms/alias:Alias alias"),
    Wrong(
        "logs without key policy",
        encrypted_logs,
        "kmsKeyId",
        "must allow kms:Encrypt, kms:Decrypt, kms:GenerateDataKey to logs.eu-west-1.amazonaws.com",
    ),
    Wrong(
        "logs of another region",
        lambda: encrypted_logs(for_logs("eu-west-2")),
        "kmsKeyId",
        "the policy of aws:kms/key:Key key must allow kms:Encrypt",
    ),
    Wrong(
        "logs may only decrypt",
        lambda: encrypted_logs(for_logs(REGION, "kms:Decrypt")),
        "kmsKeyId",
        "must allow kms:Encrypt, kms:GenerateDataKey to logs",
    ),
    Wrong(
        "logs before key policy",
        lambda: separate_policy(depends=False),
        "kmsKeyId",
        "the log group must depend on the key's policy policy",
        also=(("policy", "names aws:cloudwatch/logGroup:LogGroup logs without depending on it"),),
    ),
    Wrong(
        "queue under a pair of keys",
        lambda: queue(sqs_managed_sse_enabled=None, kms_master_key_id=key_alias(key(**_signing())).name),
        "kmsMasterKeyId",
        "aws:kms/key:Key key has key spec ECC_NIST_P256; a SYMMETRIC_DEFAULT key is needed",
    ),
]


def secret(name: str = "orders/token", **changes: Any) -> aws.secretsmanager.Secret:
    return aws.secretsmanager.Secret("secret", **{"name": name, **changes})


def secret_policy(
    *statements: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None, **changes: Any
) -> aws.secretsmanager.SecretPolicy:
    """A policy of a secret that refuses everybody but the role `worker`."""
    others = {"ArnNotEquals": {"aws:PrincipalArn": [WORKER]}}
    deny = statement(Effect="Deny", Principal="*", Action="secretsmanager:GetSecretValue", Condition=others)
    text = policy_text(*(statements or [deny]))
    whole = {"secret_arn": secret(opts=opts).arn, "policy": text, "block_public_policy": True, **changes}
    return aws.secretsmanager.SecretPolicy("policy", opts=opts, **whole)


def rotation(
    *,
    permitted: str | None = "secretsmanager.amazonaws.com",
    depends: bool = True,
    on_alias: bool = True,
    qualified: bool = True,
    rules: Any = None,
) -> None:
    """A secret that a function replaces every 30 days, called by its alias."""
    called = function(publish=True)
    live = alias(called)
    rotated = secret()
    first: list[pulumi.Resource] = []
    if permitted is not None:
        first = [
            aws.lambda_.Permission(
                "rotator",
                action="lambda:InvokeFunction",
                function=called.name,
                qualifier=live.name if qualified else None,
                principal=permitted,
                source_arn=rotated.arn,
            )
        ]
    aws.secretsmanager.SecretRotation(
        "rotation",
        secret_id=rotated.id,
        rotation_lambda_arn=live.arn if on_alias else called.arn,
        rotation_rules={"automatically_after_days": 30} if rules is None else rules,
        opts=after(*first) if depends else None,
    )


_RULES = "rotationRules"
SECRETS = [
    Wrong("secret's name", lambda: secret("orders token"), "name", "'orders token' given; allowed: letters, digits"),
    Wrong("secret's name like an ARN", lambda: secret("orders-broker"), "name", "read like the end of an ARN"),
    Wrong("recovery of 6", lambda: secret(recovery_window_in_days=6), "recoveryWindowInDays", "allowed: 0, 7 to 30"),
    Wrong(
        "public secret",
        lambda: secret_policy(statement(Principal="*", Action="secretsmanager:GetSecretValue")),
        "policy.Statement[0].Principal",
        "everybody is allowed; blockPublicPolicy refuses that",
    ),
    Wrong("no schedule", lambda: rotation(rules={"duration": "2h"}), _RULES, "nothing given; exactly one of"),
    Wrong(
        "two schedules",
        lambda: rotation(rules={"automatically_after_days": 30, "schedule_expression": "rate(30 days)"}),
        _RULES,
        "both given; exactly one of automaticallyAfterDays, scheduleExpression is needed",
    ),
    Wrong(
        "rotation every hour",
        lambda: rotation(rules={"schedule_expression": "rate(1 hour)"}),
        f"{_RULES}.scheduleExpression",
        "'rate(1 hour)' given; allowed: rate(N days), rate(N hours) from 4 hours",
    ),
    Wrong(
        "schedule in five fields",
        lambda: rotation(rules={"schedule_expression": "cron(0 3 * * *)"}),
        f"{_RULES}.scheduleExpression",
        "or cron() with six fields",
    ),
    Wrong(
        "rotation without permission",
        lambda: rotation(permitted=None),
        "rotationLambdaArn",
        "aws:lambda/alias:Alias live has no permission that lets secretsmanager.amazonaws.com call it",
    ),
    Wrong(
        "permission for another service",
        lambda: rotation(permitted="events.amazonaws.com"),
        "rotationLambdaArn",
        "has no permission that lets secretsmanager.amazonaws.com call it",
    ),
    Wrong(
        "permission without the alias",
        lambda: rotation(qualified=False),
        "rotationLambdaArn",
        "aws:lambda/alias:Alias live has no permission",
    ),
    Wrong(
        "rotation before permission",
        lambda: rotation(depends=False),
        "rotationLambdaArn",
        "the rotation must depend on the permission rotator",
    ),
]


WRONG_KEYS: list[Wrong] = [*KEYS, *SECRETS]
SOUND_KEYS: dict[str, Callable[[], Any]] = {
    "key": lambda: key_alias(key(deletion_window_in_days=7, rotation_period_in_days=2_560)),
    "key without policy": lambda: key(policy=None),
    "signing key": lambda: key(**_signing()),
    "key that a role manages": _managed_by(Principal={"AWS": [f"{WORKER}-2"]}, Action=["kms:Put*", "kms:Create*"]),
    "key that the account manages by condition": _managed_by(
        Principal="*", Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    ),
    "key without lockout check": lambda: key(
        policy=policy_text(on_key(Action="kms:Decrypt")), bypass_policy_lockout_safety_check=True
    ),
    "encrypted logs": lambda: encrypted_logs(for_logs()),
    "encrypted logs with separate policy": separate_policy,
    "encrypted queue": lambda: queue(sqs_managed_sse_enabled=None, kms_master_key_id=key_alias(key()).name),
    "secret": lambda: secret(recovery_window_in_days=0),
    "secret with a short end": lambda: secret("orders-token"),
    "public secret that is not blocked": lambda: secret_policy(
        statement(Principal="*", Action="secretsmanager:GetSecretValue"), block_public_policy=False
    ),
    "rotation": rotation,
    "rotation of a function itself": lambda: rotation(on_alias=False, qualified=False),
    "rotation by schedule": lambda: rotation(rules={"schedule_expression": "rate(4 hours)", "duration": "1h"}),
    "rotation at night": lambda: rotation(rules={"schedule_expression": "cron(0 3 ? * SUN *)"}),
}
