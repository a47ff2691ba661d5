"""What may be given to roles by those who make them: policies that are attached, roles of services that come along."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rules.documents import Condition, Statement, restricts
from policies.rules.least_privilege.statements import IAM, TYPES, each_allowing, several, specific
from policies.rules.model import Outcome, View, fail, rule

# Keys by which what is given is named, and the actions that give it.
_GIVING = {
    ("iam:policyarn", "iam:permissionsboundary"): (
        "iam:AttachRolePolicy",
        "iam:AttachUserPolicy",
        "iam:AttachGroupPolicy",
    ),
    ("iam:awsservicename",): ("iam:CreateServiceLinkedRole",),
}


@rule(
    "LP-210",
    "iam-policy-names-what-it-attaches",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Whoever may attach any policy attaches AdministratorAccess, to whatever role they may name.",
    url=f"{IAM}/reference_policies_iam-condition-keys.html",
    remediation="Ask with ArnEquals for the policies in iam:PolicyARN, and for the services in iam:AWSServiceName.",
    controls=("CKV_AWS_286",),
    criteria=("TRADING-16.4",),
)
def attaching(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        for keys, actions in _GIVING.items():
            given = [action for action in actions if statement.grants(action)]
            if given and not any(map(_names, statement.condition(*keys))):
                expected = f"a condition on {keys[0]} that names what is given"
                yield fail(f"{statement.path}.Condition", several(given), expected)

    return each_allowing(view, "conditions that name what is given", judge)


def _names(condition: Condition) -> bool:
    return restricts(condition) and all(map(specific, condition.values))
