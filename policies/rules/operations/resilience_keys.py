"""KMS keys that stay usable: on, and not deleted before anybody notices."""

from __future__ import annotations

from policies.rules.model import (
    Outcome,
    View,
    check,
    check_true,
    rule,
)
from policies.rules.operations.resilience_common import at_least

KEY = "aws:kms/key:Key"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
EXTERNAL = "aws:kms/externalKey:ExternalKey"
REPLICA_EXTERNAL = "aws:kms/replicaExternalKey:ReplicaExternalKey"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide"
_KEYS = (KEY, REPLICA, EXTERNAL, REPLICA_EXTERNAL)


@rule(
    "OP-290",
    "kms-key-deletion-takes-time",
    pack="operations",
    types=_KEYS,
    severity="critical",
    rationale="With a key goes everything under it; only in the waiting period can a mistaken deletion be called off.",
    url=f"{_KMS}/deleting-keys.html",
    remediation="Leave out deletion_window_in_days, or set it to the longest, 30.",
    controls=("KMS.3",),
    parameters={"shortest_days": 7},
)
def deletion(view: View) -> Outcome:
    """A program deletes a key by leaving it out, which no rule sees; what it says in advance is the window."""
    least = view.parameters["shortest_days"]
    return check(view, "deletionWindowInDays", at_least(least), f"{least:g} days or more", default=30)


@rule(
    "OP-291",
    "kms-key-enabled",
    pack="operations",
    types=_KEYS,
    severity="critical",
    rationale="Data under a key that is off can be read by nobody, backups and logs included.",
    url=f"{_KMS}/enabling-keys.html",
    remediation="Set is_enabled=True (enabled=True for replicas and external keys), or leave it out.",
    controls=("CKV_AWS_227",),
)
def enabled(view: View) -> Outcome:
    return check_true(view, "isEnabled" if view.type == KEY else "enabled", default=True)
