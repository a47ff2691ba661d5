"""Backups: where plans put them, how often, what locks them, and who hears when one fails."""

from __future__ import annotations

import re

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check, fail, rule, unknown

PLAN = "aws:backup/plan:Plan"
VAULT = "aws:backup/vault:Vault"
_LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
_TELLS = "aws:backup/vaultNotifications:VaultNotifications"
_BACKUP = "https://docs.aws.amazon.com/aws-backup/latest/devguide"


@rule(
    "OP-404",
    "backup-lock-keeps-long-enough",
    pack="operations",
    types=(_LOCK,),
    severity="medium",
    rationale="A lock without a shortest time lets whoever can change a plan have backups expire within a day.",
    url=f"{_BACKUP}/vault-lock.html",
    remediation="Set min_retention_days to the number of days that backups are kept.",
    parameters={"shortest_days": 7},
)
def lock(view: View) -> Outcome:
    shortest = view.parameters["shortest_days"]
    return check(view, "minRetentionDays", lambda days: int(days) >= shortest, f"{shortest} days or more")


@rule(
    "OP-405",
    "backup-vaults-are-locked-alike",
    pack="operations",
    types=(VAULT,),
    severity="medium",
    scope="stack",
    rationale="Where one vault is locked, whoever wants backups gone deletes them in the one that is not.",
    url=f"{_BACKUP}/vault-lock.html",
    remediation="Add aws.backup.VaultLockConfiguration for each vault of the stack.",
)
def locked(view: View) -> Outcome:
    """Whether vaults are locked at all is for each environment to say: a lock outlives the stack."""
    if not view.of_type(_LOCK):
        return NOT_APPLICABLE
    return _companion(view, _LOCK, "backupVaultName", "a lock")


def _companion(view: View, type_: str, path: str, what: str) -> Outcome:
    found, uncertain = view.referrers(type_, path)
    if found:
        return PASS
    return unknown("", what) if uncertain else fail("", f"without {what}", what)


@rule(
    "OP-406",
    "backup-vault-tells-of-failures",
    pack="operations",
    types=(VAULT,),
    severity="medium",
    scope="stack",
    rationale="A backup that fails each night is noticed when it is needed, unless somebody is told.",
    url=f"{_BACKUP}/backup-notifications.html",
    remediation="Add aws.backup.VaultNotifications with BACKUP_JOB_FAILED and a topic.",
    parameters={"events": ["BACKUP_JOB_FAILED"]},
)
def told(view: View) -> Outcome:
    """Only of vaults that plans write to: what is copied from them is told of there."""
    plans = view.of_type(PLAN)
    name = view.get("name")
    targets = [rule_.get("targetVaultName") for plan in plans for rule_ in plan.items("rules") or () if _row(rule_)]
    if name not in targets and UNKNOWN not in targets:
        return NOT_APPLICABLE
    if all(target is not UNKNOWN and target != name for target in targets):
        return NOT_APPLICABLE
    found, uncertain = view.referrers(_TELLS, "backupVaultName")
    wanted = {str(each) for each in view.parameters["events"]}
    for each in found:
        events = each.items("backupVaultEvents")
        if not each.is_set("snsTopicArn"):
            continue
        if events is None or wanted <= {str(event).upper() for event in events}:
            return PASS
    if found:
        return fail("", f"told of nothing of {', '.join(sorted(wanted))}", ", ".join(sorted(wanted)))
    return unknown("", "notifications") if uncertain else fail("", "without notifications", "notifications")


def _row(value: object) -> bool:
    return isinstance(value, dict)


@rule(
    "OP-407",
    "backup-plan-runs-often-enough",
    pack="operations",
    types=(PLAN,),
    severity="medium",
    rationale="What was written since the last backup is lost with the table.",
    url=f"{_BACKUP}/creating-a-backup-plan.html",
    remediation="Give one rule a schedule of each day, such as cron(0 5 * * ? *).",
)
def often(view: View) -> Outcome:
    """One rule of each day is enough: others may be of weeks and months. Without schedule it is each day's."""
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "a schedule of each day")
    schedules = [row.get("schedule") for row in rules if isinstance(row, dict)]
    if any(text is not UNKNOWN and _daily(text) for text in schedules):
        return PASS
    if UNKNOWN in schedules or UNKNOWN in rules:
        return unknown("rules", "a schedule of each day")
    return fail("rules", "no rule that runs each day", "a schedule of each day")


def _daily(text: object) -> bool:
    """Say whether a schedule runs once a day or more often."""
    if text is None:
        return True
    if not isinstance(text, str):
        return False
    rate = re.fullmatch(r"\s*rate\(\s*(\d{1,6})\s+(minute|hour|day)s?\s*\)\s*", text)
    if rate:
        return int(rate[1]) <= {"minute": 1440, "hour": 24, "day": 1}[rate[2]]
    cron = re.fullmatch(r"\s*cron\((.*)\)\s*", text)
    fields = cron[1].split() if cron else []
    return len(fields) == 6 and all(field in ("*", "?", "*/1", "1/1") for field in fields[2:])


@rule(
    "OP-408",
    "backup-plan-uses-own-vault",
    pack="operations",
    types=(PLAN,),
    severity="medium",
    scope="stack",
    rationale="The default vault has no lock, no key and no policy of the stack's choice.",
    url=f"{_BACKUP}/vaults.html",
    remediation="Set target_vault_name to the name of the stack's vault.",
    parameters={"vaults": []},
)
def own_vault(view: View) -> Outcome:
    """`vaults` are names of vaults that another stack made."""
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "the stack's vault")
    names = {name for vault in view.of_type(VAULT) if isinstance(name := vault.get("name"), str)}
    names |= {str(each) for each in view.parameters["vaults"]}
    outcomes: list[Outcome] = []
    for number, row in enumerate(rules):
        target = row.get("targetVaultName") if isinstance(row, dict) else None
        # What is not known comes from a vault that is still to be made.
        good = target is UNKNOWN or (isinstance(target, str) and target in names)
        path = f"rules.{number}.targetVaultName"
        outcomes.append(PASS if good else fail(path, "another vault, or none", "the stack's vault"))
    return all_of(outcomes)
