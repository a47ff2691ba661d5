"""EFS: backups of file systems."""

from __future__ import annotations

from policies.rules.model import Outcome, View, any_of, check_word, fail, rule, unknown
from policies.rules.operations.resilience_backups import chosen

FILES = "aws:efs/fileSystem:FileSystem"
POLICY = "aws:efs/backupPolicy:BackupPolicy"
_URL = "https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html"


def _automatic(view: View) -> Outcome:
    """Judge that a backup policy of the stack turns a file system's automatic backups on."""
    found, uncertain = view.referrers(POLICY, "fileSystemId")
    known = ["DISABLED", "DISABLING"]
    outcomes = [check_word(each, "backupPolicy.status", ["ENABLED"], known=known) for each in found]
    if uncertain and not found:
        outcomes.append(unknown("", "a backup policy that is enabled"))
    verdict = any_of(outcomes)
    if verdict.word == "pass":
        return verdict
    if verdict.word == "unknown":
        return unknown("", "a backup policy that is enabled")
    return fail("", "no backup policy that is enabled", "a backup policy that is enabled")


@rule(
    "OP-315",
    "efs-in-backup-plan",
    pack="operations",
    types=(FILES,),
    severity="medium",
    scope="stack",
    rationale="EFS keeps no versions: a deleted file is in a backup, or nowhere.",
    url=_URL,
    remediation="Let an aws.backup.Selection choose the file system, or turn its automatic backups on.",
    controls=("EFS.2", "CKV2_AWS_18"),
)
def planned(view: View) -> Outcome:
    """Automatic backups are a plan too, AWS's own."""
    verdict = any_of([chosen(view, "elasticfilesystem", "file-system/", "id"), _automatic(view)])
    return verdict if verdict.word == "pass" else type(verdict)(verdict.word, verdict.findings[:1])


@rule(
    "OP-316",
    "efs-automatic-backups-on",
    pack="operations",
    types=(FILES,),
    severity="medium",
    level="open",
    scope="stack",
    rationale="A file system is in the daily backups from its first day, before anybody thinks of a plan.",
    url=_URL,
    remediation='Add aws.efs.BackupPolicy for the file system with status "ENABLED".',
    controls=("EFS.7",),
)
def automatic(view: View) -> Outcome:
    return _automatic(view)
