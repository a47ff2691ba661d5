"""Wrong programs about AWS Backup, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, policy_text, provider, role, statement, trust_statement

ELSEWHERE = "eu-central-1"
BACKUP = "backup.amazonaws.com"
TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/*"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:health"


def vault(name: str = "backups", **changes: Any) -> aws.backup.Vault:
    return aws.backup.Vault(name, **{"name": name, **changes})


def lock(of: aws.backup.Vault | None = None, name: str = "lock", **changes: Any) -> None:
    whole = {"backup_vault_name": (of or vault()).name, "min_retention_days": 7, **changes}
    aws.backup.VaultLockConfiguration(name, **whole)


def _two_locks() -> None:
    of = vault()
    lock(of)
    lock(of, "second")


def plan(*, of: aws.backup.Vault | None = None, opts: pulumi.ResourceOptions | None = None, **changes: Any) -> Any:
    """A plan of one rule, that runs every day and keeps what it made for a week. A key given as None is left out."""
    whole = {
        "rule_name": "daily",
        "target_vault_name": (of or vault()).name,
        "schedule": "cron(15 5 ? * * *)",
        "start_window": 60,
        "completion_window": 180,
        "lifecycle": {"delete_after": 7},
        **changes,
    }
    rule = {key: value for key, value in whole.items() if value is not None}
    return aws.backup.Plan("plan", name="backups", rules=[rule], opts=opts)  # type: ignore[list-item]  # a rule by parts


def locked(days: int | None, *, copy: bool = False, **limits: Any) -> None:
    """A plan that keeps for some days what it makes in a vault with a lock, or what it copies there."""
    of, other = vault(), vault("copies")
    lock(other if copy else of, **limits)
    kept = None if days is None else {"delete_after": days}
    if copy:
        plan(of=of, copy_actions=[{"destination_vault_arn": other.arn, "lifecycle": kept}])
    else:
        plan(of=of, lifecycle=kept)


def copied(*, to: str = ELSEWHERE, same: bool = False, composed: bool = False) -> None:
    of, other = vault(), vault("copies", region=to)
    arn: Any = of.arn if same else other.arn
    if composed:
        arn = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:backups"
    plan(of=of, copy_actions=[{"destination_vault_arn": arn, "lifecycle": {"delete_after": 7}}])


def _in_another_region() -> None:
    opts = pulumi.ResourceOptions(provider=provider())
    of = aws.backup.Vault("far", name="far", region=ELSEWHERE, opts=opts)
    plan(of=of, opts=opts)


def selection(*, trusted: str = BACKUP, **changes: Any) -> None:
    """A selection of the tables of one environment."""
    assumed = role(assume_role_policy=policy_text(trust_statement(Principal={"Service": trusted})))
    whole = {
        "name": "tables",
        "plan_id": plan().id,
        "iam_role_arn": assumed.arn,
        "resources": [TABLES],
        "conditions": [{"string_equals": [{"key": "aws:ResourceTag/Environment", "value": "test"}]}],
        **changes,
    }
    aws.backup.Selection("selection", **whole)


def tagged(key: str, count: int = 1) -> None:
    rows = [{"key": key, "value": str(number)} for number in range(count)]
    selection(conditions=[{"string_likes": rows}])


def notices(*, allowed: Mapping[str, Any] | None = None, key: Mapping[str, Any] | None = None, **changes: Any) -> None:
    """Notices of a vault to a topic whose policy lets AWS Backup publish, under a key of the stack or under none."""
    opts = pulumi.ResourceOptions(provider=provider())
    given: Any = changes.pop("kms_master_key_id", None)
    if key is not None:
        own = statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*")
        used = {"Principal": {"Service": BACKUP}, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], **key}
        given = aws.kms.Key("key", policy=policy_text(own, statement(**used)), opts=opts).arn
    topic = aws.sns.Topic("health", **{"name": "health", "kms_master_key_id": given, **changes}, opts=opts)
    may = {
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Principal": {"Service": BACKUP},
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:back*"}},
        **(allowed or {}),
    }
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[topic]))
    aws.sns.TopicPolicy("health", arn=topic.arn, policy=policy_text(statement(**may)), opts=after)
    aws.backup.VaultNotifications(
        "notices",
        backup_vault_name=vault(opts=opts).name,
        sns_topic_arn=topic.arn,
        backup_vault_events=["BACKUP_JOB_FAILED"],
        opts=opts,
    )


RULE = "rules[0]"
WRONG_BACKUPS = [
    Wrong("name of a vault", lambda: vault("b"), "name", "'b' given"),
    Wrong(
        "two days of grace", lambda: lock(changeable_for_days=2), "changeableForDays", "2 given; allowed: 3 to 36500"
    ),
    Wrong("lock without retention", lambda: lock(min_retention_days=0), "minRetentionDays", "0 given; allowed: 1 to"),
    Wrong(
        "lock the wrong way round",
        lambda: lock(min_retention_days=30, max_retention_days=7),
        "minRetentionDays",
        "30 given; allowed: at most maxRetentionDays, 7",
    ),
    Wrong("two locks", _two_locks, "backupVaultName", "VaultLockConfiguration lock already"),
    Wrong("rate", lambda: plan(schedule="rate(1 day)"), f"{RULE}.schedule", "allowed: a cron expression"),
    Wrong("cron of five", lambda: plan(schedule="cron(15 5 * * *)"), f"{RULE}.schedule", "5 fields; allowed: 6"),
    Wrong(
        "twice an hour",
        lambda: plan(schedule="cron(0/30 * ? * * *)"),
        f"{RULE}.schedule",
        "since hourly is the most often",
    ),
    Wrong("half an hour to start", lambda: plan(start_window=30), f"{RULE}.startWindow", "allowed: at least 60"),
    Wrong(
        "end before start",
        lambda: plan(start_window=180),
        f"{RULE}.completionWindow",
        "180 minutes given; allowed: more than startWindow, 180",
    ),
    Wrong(
        "end before the start that is given to all",
        lambda: plan(start_window=None),
        f"{RULE}.completionWindow",
        "allowed: more than startWindow, 480",
    ),
    Wrong("kept no day", lambda: plan(lifecycle={"delete_after": 0}), f"{RULE}.lifecycle.deleteAfter", "1 to 36500"),
    Wrong(
        "cold for a month",
        lambda: plan(lifecycle={"cold_storage_after": 10, "delete_after": 40}),
        f"{RULE}.lifecycle.deleteAfter",
        "40 given; allowed: at least 100, 90 days after coldStorageAfter",
    ),
    Wrong(
        "continuous for 36 days",
        lambda: plan(enable_continuous_backup=True, lifecycle={"delete_after": 36}),
        f"{RULE}.lifecycle.deleteAfter",
        "36 given; allowed: 1 to 35 for a continuous backup",
    ),
    Wrong(
        "continuous for ever",
        lambda: plan(enable_continuous_backup=True, lifecycle=None),
        f"{RULE}.lifecycle.deleteAfter",
        "nothing given; allowed: 1 to 35",
    ),
    Wrong(
        "continuous and cold",
        lambda: plan(enable_continuous_backup=True, lifecycle={"cold_storage_after": 1, "delete_after": 35}),
        f"{RULE}.lifecycle.coldStorageAfter",
        "a continuous backup never moves",
        also=((f"{RULE}.lifecycle.deleteAfter", "at least 91"),),
    ),
    Wrong(
        "vault by its plain name",
        lambda: plan(target_vault_name="backups"),
        f"{RULE}.targetVaultName",
        "without depending on it",
    ),
    Wrong("vault elsewhere", _in_another_region, f"{RULE}.targetVaultName", "far lies in eu-central-1; a vault of"),
    Wrong(
        "copy into the same vault",
        lambda: copied(same=True),
        f"{RULE}.copyActions[0].destinationVaultArn",
        "backups is the vault of the rule itself",
    ),
    Wrong(
        "copy into the same vault by its ARN",
        lambda: copied(composed=True),
        f"{RULE}.copyActions[0].destinationVaultArn",
        "backups is the vault of the rule itself",
    ),
    Wrong(
        "kept shorter than the lock",
        lambda: locked(5),
        f"{RULE}.lifecycle.deleteAfter",
        "VaultLockConfiguration lock allows: at least 7",
    ),
    Wrong(
        "kept longer than the lock",
        lambda: locked(31, max_retention_days=30),
        f"{RULE}.lifecycle.deleteAfter",
        "31 given; aws:backup/vaultLockConfiguration:VaultLockConfiguration lock allows: at most 30",
    ),
    Wrong(
        "kept for ever under a lock",
        lambda: locked(None, max_retention_days=30),
        f"{RULE}.lifecycle.deleteAfter",
        "no end given; aws:backup/vaultLockConfiguration:VaultLockConfiguration lock allows: at most 30",
    ),
    Wrong(
        "copy kept shorter than its lock",
        lambda: locked(5, copy=True),
        f"{RULE}.copyActions[0].lifecycle.deleteAfter",
        "5 given; aws:backup/vaultLockConfiguration:VaultLockConfiguration lock allows: at least 7",
    ),
    Wrong(
        "selection of everything",
        lambda: selection(resources=None, conditions=None),
        "resources",
        "selects all that the account has",
    ),
    Wrong("table by its name", lambda: selection(resources=["orders"]), "resources", "'orders' given; allowed: ARNs"),
    Wrong(
        "too many patterns",
        lambda: selection(not_resources=[f"{TABLES}{number}" for number in range(31)]),
        "notResources",
        "31 ARNs with wildcards given; allowed: at most 30",
    ),
    Wrong(
        "too many ARNs",
        lambda: selection(resources=[f"{TABLES[:-1]}t-{number}" for number in range(501)]),
        "resources",
        "501 ARNs given; allowed: at most 500",
    ),
    Wrong(
        "condition about a plain tag",
        lambda: tagged("Environment"),
        "conditions[0].stringLikes[0].key",
        "'Environment' given; allowed: aws:ResourceTag/ and the key of a tag",
    ),
    Wrong("too many tags", lambda: tagged("aws:ResourceTag/A", 31), "conditions", "31 given; allowed: at most 30"),
    Wrong("role of another service", lambda: selection(trusted="lambda.amazonaws.com"), "iamRoleArn", "does not trust"),
    Wrong(
        "event of no vault",
        lambda: aws.backup.VaultNotifications(
            "notices", backup_vault_name=vault().name, sns_topic_arn=TOPIC, backup_vault_events=["FAILED"]
        ),
        "backupVaultEvents[0]",
        "'FAILED' given",
    ),
    Wrong(
        "notices that may not be published",
        lambda: notices(allowed={"Principal": {"Service": "cloudwatch.amazonaws.com"}}),
        "snsTopicArn",
        "health must allow sns:Publish to backup.amazonaws.com",
    ),
    Wrong(
        "notices of another vault",
        lambda: notices(
            allowed={"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:x"}}}
        ),
        "snsTopicArn",
        "health must allow sns:Publish to backup.amazonaws.com",
    ),
    Wrong(
        "notices under the key of sns",
        lambda: notices(kms_master_key_id="alias/aws/sns"),
        "snsTopicArn",
        "backup.amazonaws.com can use a customer key only",
    ),
    Wrong(
        "notices under a key without use",
        lambda: notices(key={"Action": "kms:Decrypt"}),
        "snsTopicArn",
        "must allow kms:GenerateDataKey to backup.amazonaws.com",
    ),
    Wrong(
        "notices in order",
        lambda: notices(name="health.fifo", fifo_topic=True),
        "snsTopicArn",
        "is a FIFO topic, which AWS Backup does not support",
    ),
]
SOUND_BACKUPS: dict[str, Callable[[], Any]] = {
    "vault and lock": lambda: lock(changeable_for_days=3, max_retention_days=7),
    "daily backup": plan,
    "hourly backup": lambda: plan(schedule="cron(15 * ? * * *)"),
    "backup by AWS's own windows": lambda: plan(start_window=None, completion_window=None),
    "cold backup": lambda: plan(lifecycle={"cold_storage_after": 1, "delete_after": 91}),
    "continuous backup": lambda: plan(enable_continuous_backup=True, lifecycle={"delete_after": 35}),
    "copy into another region": copied,
    "backup within the lock": lambda: locked(7, max_retention_days=7),
    "copy within its lock": lambda: locked(8, copy=True),
    "selection by pattern and tag": selection,
    "selection by tag alone": lambda: selection(resources=None),
    "notices": notices,
    "notices under a key": lambda: notices(key={}),
}
