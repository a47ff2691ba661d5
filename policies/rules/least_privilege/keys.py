"""Key policies: in KMS they alone decide who uses a key, and whether anybody can still change that."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.rules.documents import Condition, Statement, restricts
from policies.rules.least_privilege.actions import has_wildcard
from policies.rules.least_privilege.sharing import (
    ACCOUNT_KEYS,
    KEY_POLICY,
    KEYS,
    aws_principals,
    closed,
    each_allowing,
    for_services,
    named_account,
    refuses_everybody,
    resource_policy,
    whole_account,
)
from policies.rules.least_privilege.statements import several, specific
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check_false, fail, rule, unknown

_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide"


@rule(
    "LP-060",
    "kms-key-policy-is-written",
    pack="least_privilege",
    types=KEYS,
    severity="critical",
    scope="stack",
    rationale="Without a policy of its own a key is open to whomever an identity policy of the account lets use it.",
    url=f"{_KMS}/key-policy-default.html",
    remediation="Set policy on the key, or add aws.kms.KeyPolicy for it.",
    controls=("CKV2_AWS_64",),
    criteria=("TRADING-17.2",),
)
def written(view: View) -> Outcome:
    if resource_policy(view) is not None:
        return PASS
    policies, uncertain = view.referrers(KEY_POLICY, "keyId")
    if any(each.is_set("policy") for each in policies):
        return PASS
    return unknown("policy", "a key policy") if uncertain else fail("policy", "not set", "a key policy")


@rule(
    "LP-061",
    "kms-key-policy-lockout-check-stays",
    pack="least_privilege",
    types=(*KEYS, KEY_POLICY),
    severity="critical",
    rationale="The check refuses a policy that would leave nobody able to change it: only AWS could mend such a key.",
    url=f"{_KMS}/key-policy-overview.html",
    remediation="Leave out bypass_policy_lockout_safety_check.",
    controls=("aws-kms-key-disallow-bypass-policy-lockout-safety-check",),
    criteria=("TRADING-17.2",),
)
def lockout_check(view: View) -> Outcome:
    return check_false(view, "bypassPolicyLockoutSafetyCheck")


_CHANGE = "kms:PutKeyPolicy"
# Who it is, not how or for what a request comes: people who change a policy can meet such conditions.
_CALLER_KEYS = (*ACCOUNT_KEYS, "aws:principalarn", "aws:principalorgid", "aws:multifactorauthpresent")


@rule(
    "LP-062",
    "kms-key-stays-manageable",
    pack="least_privilege",
    types=(*KEYS, KEY_POLICY),
    severity="critical",
    rationale="A role can be deleted and an account cannot: a policy that names roles only can leave a key to nobody.",
    url=f"{_KMS}/key-policy-default.html",
    remediation="Allow the account's root principal kms:PutKeyPolicy, and refuse it to nobody without a condition.",
    controls=("aws-kms-key-disallow-bypass-policy-lockout-safety-check", "CKV2_AWS_64"),
    criteria=("TRADING-17.2",),
)
def manageable(view: View) -> Outcome:
    found = resource_policy(view)
    if found is None or found.broken:
        return NOT_APPLICABLE
    refused = [each for each in found.statements if refuses_everybody(each, _CHANGE)]
    if refused:
        return all_of(fail(each.path, f"{_CHANGE} refused to everybody", "a condition") for each in refused)
    if any(_lets_manage(each) for each in found.allowing()):
        return PASS if found.known else unknown(found.path, "no statement that refuses the policy's change")
    expected = f"{_CHANGE} for the account's root principal"
    if not found.known:
        return unknown(found.path, expected)
    return fail(found.path, f"nobody who keeps {_CHANGE}", expected)


def _lets_manage(statement: Statement) -> bool:
    asks_caller = all(
        condition.key in _CALLER_KEYS or condition.key.startswith("aws:principaltag/")
        for condition in statement.conditions
    )
    who = any(map(whole_account, aws_principals(statement))) or (statement.anybody and closed(statement))
    return who and asks_caller and statement.grants(_CHANGE)


@rule(
    "LP-063",
    "kms-key-policy-limits-grants",
    pack="least_privilege",
    types=(*KEYS, KEY_POLICY),
    severity="high",
    rationale="A grant lets its holder use the key past the policy: who may make any grant may let in anybody.",
    url=f"{_KMS}/grants.html",
    remediation='Ask for kms:CreateGrant with Bool that kms:GrantIsForAWSResource is "true".',
    controls=("KMS.5",),
    criteria=("TRADING-17.2",),
)
def grants(view: View) -> Outcome:
    expected = "a condition on kms:GrantIsForAWSResource, or on who gets the grant"

    def judge(statement: Statement) -> Iterator[Outcome]:
        # A whole service in one pattern is for resource-policy-names-actions to tell.
        given = [each for each in statement.actions if each.endswith("grant") and statement.grants("kms:CreateGrant")]
        limited = for_services(statement) or any(
            restricts(each) and all(named_account(value) or "amazonaws" in value for value in each.values)
            for each in statement.condition("kms:granteeprincipal")
        )
        if given and not limited:
            yield fail(f"{statement.path}.Condition", "grants for anybody", expected)

    return each_allowing(view, expected, judge)


_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:Sign", "kms:GenerateMac")


@rule(
    "LP-064",
    "kms-key-policy-limits-use",
    pack="least_privilege",
    types=(*KEYS, KEY_POLICY),
    severity="medium",
    rationale="A whole account as a key's user means whoever gets a permission there, which the key cannot see.",
    url=f"{_KMS}/conditions-kms.html",
    remediation="Ask for kms:ViaService with the services that use the key, or for aws:PrincipalArn with the roles.",
    controls=("KMS.5",),
    criteria=("TRADING-17.2",),
    parameters={"trusted_accounts": []},
)
def use(view: View) -> Outcome:
    """Accounts in `trusted_accounts` may use the key as a whole: they are other ones, which choose for themselves."""
    trusted = {str(each) for each in view.parameters["trusted_accounts"]}
    expected = "a condition on the service, the role or the encryption context"

    def judge(statement: Statement) -> Iterator[Outcome]:
        wide = [
            each for each in aws_principals(statement) if whole_account(each) and named_account(each) not in trusted
        ]
        wide += [value for _, value in statement.principals if has_wildcard(value)]
        used = [action for action in _USE if statement.grants(action)]
        if wide and used and not any(map(_limits_use, statement.conditions)):
            found = f"{several(wide)} with {several(used)}"
            yield fail(f"{statement.path}.Condition", found, expected)

    return each_allowing(view, expected, judge)


def _limits_use(condition: Condition) -> bool:
    """Say whether a condition says for what, or by whom, a key is used: an account is neither."""
    if not restricts(condition):
        return False
    key, values = condition.key, condition.values
    if key == "kms:viaservice":
        return all(re.match(r"[a-z0-9-]+\.", value) for value in values)
    if key == "aws:principalarn":
        return all(specific(value) and not whole_account(value) for value in values)
    return key.startswith(("kms:encryptioncontext:", "aws:principaltag/")) or key in ("aws:sourcearn", "aws:userid")
