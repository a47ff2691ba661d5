"""User pools that nobody deletes by mistake."""

from __future__ import annotations

from policies.rules.model import Outcome, View, check_word, rule

USERS = "aws:cognito/userPool:UserPool"


@rule(
    "OP-330",
    "cognito-pool-deletion-protected",
    pack="operations",
    types=(USERS,),
    severity="medium",
    level="open",
    rationale="Users and their passwords cannot be restored: nobody can export them.",
    url="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-deletion-protection.html",
    remediation='Set deletion_protection="ACTIVE".',
    controls=("Cognito.6",),
)
def users(view: View) -> Outcome:
    return check_word(view, "deletionProtection", ["ACTIVE"], default="INACTIVE", known=["INACTIVE"])
