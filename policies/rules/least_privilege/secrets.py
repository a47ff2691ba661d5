"""Who reads a secret: its policy names them, whatever identity policies allow."""

from __future__ import annotations

import re

from policies.rules.documents import Condition, Document, Statement, document
from policies.rules.least_privilege.actions import has_wildcard
from policies.rules.least_privilege.statements import several
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check_true, fail, rule, unknown

SECRET = "aws:secretsmanager/secret:Secret"
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
_URL = "https://docs.aws.amazon.com/secretsmanager/latest/userguide"
_READ = "secretsmanager:GetSecretValue"
_CHANGES = ("secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret", "secretsmanager:UpdateSecret")


@rule(
    "LP-070",
    "secret-has-restrictive-policy",
    pack="least_privilege",
    types=(SECRET,),
    severity="high",
    scope="stack",
    rationale="Any identity of the account with a broad policy could read a secret whose own policy refuses nobody.",
    url=f"{_URL}/auth-and-access_resource-policies.html",
    remediation="Add aws.secretsmanager.SecretPolicy that refuses reading to all but named roles (aws:PrincipalArn).",
    controls=("secretsmanager_has_restrictive_resource_policy",),
    criteria=("TRADING-09.5", "TRADING-16.6"),
)
def has_policy(view: View) -> Outcome:
    if _document(view) is not None:
        return PASS
    policies, uncertain = view.referrers(SECRET_POLICY, "secretArn")
    if any(_document(each) is not None for each in policies):
        return PASS
    return unknown("policy", "a policy") if uncertain else fail("policy", "not set", "a policy of the secret")


@rule(
    "LP-071",
    "secret-policy-names-readers",
    pack="least_privilege",
    types=(SECRET, SECRET_POLICY),
    severity="high",
    rationale="An Allow in a secret's policy adds to the readers by identity policies; only a Deny keeps others out.",
    url=f"{_URL}/determine-acccess_examine-iam-policies.html",
    remediation="Refuse secretsmanager:GetSecretValue to all, with ArnNotEquals on aws:PrincipalArn and the roles.",
    controls=("secretsmanager_has_restrictive_resource_policy",),
    criteria=("TRADING-09.5", "TRADING-16.6"),
)
def readers(view: View) -> Outcome:
    found = _document(view)
    return NOT_APPLICABLE if found is None else _kept_out(found, (_READ,))


@rule(
    "LP-072",
    "secret-policy-names-writers",
    pack="least_privilege",
    types=(SECRET, SECRET_POLICY),
    severity="medium",
    rationale="Who may replace a credential can point the application at a service of their own.",
    url=f"{_URL}/auth-and-access_resource-policies.html",
    remediation="Refuse changing and deleting to all, with ArnNotEquals on aws:PrincipalArn and the roles that do.",
    level="open",
    controls=("secretsmanager_has_restrictive_resource_policy",),
    criteria=("TRADING-09.5",),
)
def writers(view: View) -> Outcome:
    found = _document(view)
    return NOT_APPLICABLE if found is None else _kept_out(found, _CHANGES)


def _document(view: View) -> Document | None:
    return None if view.get("policy") == "" else document(view, "policy")


def _kept_out(found: Document, actions: tuple[str, ...]) -> Outcome:
    """Judge whether everybody but named identities is refused some actions."""
    return all_of(_refused(found, action) for action in actions)


def _refused(found: Document, action: str) -> Outcome:
    expected = f"a Deny of {action} for everybody but named roles"
    candidates = [each for each in found.statements if each.denies and each.grants(action)]
    if any(_leaves_named(each) for each in candidates):
        return PASS
    if not found.known:
        return unknown(found.path, expected)
    return fail(found.path, _why(candidates), expected)


# Conditions that hold for whoever is not among the values.
_EXCEPT = ("aws:principalarn", "aws:userid", "aws:principalaccount", "aws:principalorgid")
_NARROWER = ("aws:principalarn", "aws:userid")


def _leaves_named(statement: Statement) -> bool:
    """Say whether a Deny is for everybody but named identities; further conditions would leave out more."""
    if not statement.any_resource and not any(has_wildcard(each) or ":secret:" in each for each in statement.resources):
        return False
    if statement.not_principals:
        return not statement.conditions and all(_named(value) for _, value in statement.not_principals)
    if not statement.anybody:
        return False
    excepted = [each for each in statement.conditions if each.key in _EXCEPT and _negative(each)]
    narrow = [each for each in excepted if each.key in _NARROWER and all(map(_named, each.values))]
    # A service that acts for a role comes without the role's ARN; to leave it out is usual.
    others = [each for each in statement.conditions if each not in excepted and not _of_services(each)]
    return bool(narrow) and not others


def _negative(condition: Condition) -> bool:
    operator = condition.operator.rpartition(":")[2].removesuffix("ifexists")
    return bool(condition.values) and operator in (
        *("arnnotequals", "arnnotlike", "stringnotequals", "stringnotlike", "stringnotequalsignorecase"),
    )


def _of_services(condition: Condition) -> bool:
    return condition.key in ("aws:principalisawsservice", "aws:viaawsservice") and condition.values == ("false",)


def _named(value: str) -> bool:
    """Say whether a value is one identity: no account, no pattern whose name is only wildcards."""
    if re.match(r"A[A-Z0-9]{15,}", value):
        return True  # the id of a role, with its sessions
    if re.fullmatch(r"arn:[a-z-]+:sts::\d{12}:assumed-role/[\w+=,.@-]+/.+", value):
        return True
    # The names of roles for people who sign in by IAM Identity Center end in something that nobody chooses.
    people = r"role/aws-reserved/sso\.amazonaws\.com/(\*/)?AWSReservedSSO_[\w+=,.@-]+_\*"
    return re.fullmatch(rf"arn:[a-z-]+:iam::\d{{12}}:([\w-]+/[\w+=,.@/-]+|{people})", value) is not None


def _why(candidates: list[Statement]) -> str:
    if not candidates:
        return "nobody refused"
    conditions = [condition for each in candidates for condition in each.conditions if condition.key in _EXCEPT]
    left = [value for condition in conditions for value in condition.values]
    return f"refused to all but {several(left)}" if left else "refused otherwise"


@rule(
    "LP-073",
    "secret-policy-blocks-public",
    pack="least_privilege",
    types=(SECRET_POLICY,),
    severity="high",
    rationale="Secrets Manager then refuses a policy that would open the secret to everybody, whoever writes it.",
    url=f"{_URL}/auth-and-access_resource-policies.html",
    remediation="Set block_public_policy=True.",
    controls=("secretsmanager_not_publicly_accessible", "secretsmanager_has_restrictive_resource_policy"),
    criteria=("TRADING-09.5",),
)
def blocks_public(view: View) -> Outcome:
    return check_true(view, "blockPublicPolicy")
