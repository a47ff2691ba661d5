"""Ways to more rights: passing roles, and calls that together give what no single one does."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from policies.rules.documents import Document, Statement, matches, restricts
from policies.rules.least_privilege.actions import account, escalations, has_wildcard, known, reaches_all
from policies.rules.least_privilege.holders import holdings
from policies.rules.least_privilege.statements import (
    GROUP,
    IAM,
    ROLE,
    TYPES,
    USER,
    documents,
    each_allowing,
    is_named,
    names,
    narrowed,
    on_every_one,
    several,
)
from policies.rules.model import PASS, Outcome, View, all_of, fail, rule, unknown

_PASS = "iam:passrole"
_ROLES = "iam:role/~"
_SERVICE = "iam:passedtoservice"
_BOUNDARY = "iam:permissionsboundary"
_WHICH_POLICY = "iam:policyarn"
# A user's own keys and password, by the variable that stands for the caller.
_OWN = "${aws:username}"
_OF_ONESELF = frozenset({"iam:createaccesskey", "iam:updateloginprofile", "iam:createloginprofile"})


def _all_roles(resource: str) -> bool:
    return reaches_all(resource, _ROLES) or (":role/" in resource and has_wildcard(account(resource)))


@rule(
    "LP-020",
    "iam-pass-role-names-roles",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Whoever may pass any role to a service can have the service do whatever any of the roles may do.",
    url=f"{IAM}/id_roles_use_passrole.html",
    remediation="Name the roles that may be passed, at least by the prefix that they share.",
    controls=("CKV_AWS_286", "CKV_AWS_289", "CKV_AWS_290"),
    criteria=("TRADING-16.0", "TRADING-16.8"),
)
def passed_roles(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        if statement.grants(_PASS) and (statement.any_resource or any(map(_all_roles, statement.resources))):
            yield fail(f"{statement.path}.Resource", "iam:PassRole on every role", "the ARNs of the roles")

    return each_allowing(view, "named roles for iam:PassRole", judge)


@rule(
    "LP-021",
    "iam-pass-role-names-services",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="A role that is meant for one service does other things in another one's hands.",
    url=f"{IAM}/reference_policies_iam-condition-keys.html#ck_PassedToService",
    remediation='Add the condition {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", ...]}}.',
    controls=("CKV_AWS_286", "CKV_AWS_289"),
    criteria=("TRADING-16.0", "TRADING-16.8"),
)
def passed_to(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        if statement.grants(_PASS) and not _services(statement):
            yield fail(f"{statement.path}.Condition", "iam:PassRole to any service", "iam:PassedToService")

    return each_allowing(view, "iam:PassedToService for iam:PassRole", judge)


def _services(statement: Statement) -> tuple[str, ...]:
    """Return the services that a statement lets roles be passed to; () where it leaves that open."""
    for condition in statement.condition(_SERVICE):
        if restricts(condition) and not any(has_wildcard(value) for value in condition.values):
            return condition.values
    return ()


class Grant(NamedTuple):
    """One action that somebody's policies allow, and by which policy."""

    action: str
    policy: str
    services: tuple[str, ...]


@functools.cache
def _ingredients() -> frozenset[str]:
    return frozenset(action for way in escalations() for action in way.actions)


@functools.lru_cache(maxsize=4096)
def _named(actions: tuple[str, ...], not_actions: tuple[str, ...]) -> frozenset[str]:
    if not_actions:
        return frozenset(each for each in _ingredients() if not any(matches(pattern, each) for pattern in not_actions))
    return frozenset(each for each in _ingredients() if any(matches(pattern, each) for pattern in actions))


def _granted(statement: Statement) -> frozenset[str]:
    """Return those actions of a statement that can be part of a way to more rights."""
    return _named(statement.actions, statement.not_actions)


def grants(found: Sequence[tuple[str, Document]], *, deployer: bool) -> list[Grant]:
    """Return what documents, by their policies' names, allow of what can lead to more rights."""
    denied = {
        action
        for _, document in found
        for statement in document.statements
        if statement.denies and statement.any_resource and not statement.not_resources and not statement.conditions
        for action in _granted(statement)
    }
    return [
        Grant(action, policy, _services(statement) if action == _PASS else ())
        for policy, document in found
        for statement in document.allowing()
        for action in _granted(statement)
        if action not in denied and not _contained(statement, action, deployer)
    ]


def _contained(statement: Statement, action: str, deployer: bool) -> bool:
    """Say whether a statement limits an action so that it leads to no more rights than were meant to be given."""
    if action.startswith("iam:") and any(names(each) for each in statement.condition(_BOUNDARY, _WHICH_POLICY)):
        return True
    if action in _OF_ONESELF and all(_OWN in resource for resource in statement.resources) and statement.resources:
        return True
    if action == _PASS:
        open_ = statement.any_resource or any(map(_all_roles, statement.resources))
        return not open_ and bool(_services(statement))
    if not deployer:
        return False
    found = known(action)
    return bool(found) and (narrowed(statement, found[0]) or not on_every_one(statement, found[0]))


def ways(given: Sequence[Grant]) -> list[list[Grant]]:
    """Return the ways to more rights that grants open: for each, the grants that it takes."""
    by_action: dict[str, list[Grant]] = {}
    for grant in given:
        by_action.setdefault(grant.action, []).append(grant)
    found: list[tuple[frozenset[str], list[Grant]]] = []
    for way in escalations():
        if not way.actions <= by_action.keys() or any(actions <= way.actions for actions, _ in found):
            continue
        used = [_usable(by_action[action], way.passed_to) for action in sorted(way.actions)]
        if all(used):
            found.append((way.actions, [grant for grant in used if grant]))
    return [used for _, used in found]


def _usable(given: Sequence[Grant], service: str) -> Grant | None:
    """Return the first grant that serves a way: a passed role must reach the service that uses it."""
    return next((grant for grant in given if not grant.services or service in grant.services), None)


def _shown(way: Sequence[Grant]) -> str:
    return " with ".join(known(grant.action)[0].name if known(grant.action) else grant.action for grant in way)


@rule(
    "LP-022",
    "iam-policy-leads-to-no-more-rights",
    pack="least_privilege",
    types=TYPES,
    severity="high",
    rationale="Some calls, alone or together, let an identity give itself, or use, the rights of others.",
    url=f"{IAM}/access_policies_boundaries.html",
    remediation="Take an action out, ask for a permissions boundary, or name the roles and services to pass to.",
    controls=("CKV_AWS_286", "iam_policy_allows_privilege_escalation", "iam_inline_policy_allows_privilege_escalation"),
    criteria=("TRADING-16.0", "TRADING-06.6"),
    parameters={"deployers": []},
)
def policy(view: View) -> Outcome:
    """Named resources are no excuse: the named role may have more rights. Only policies whose names are in `deployers`
    are meant to change what they name, and judged by whether they name it."""
    outcomes: list[Outcome] = []
    for document in documents(view):
        found = ways(grants([("", document)], deployer=is_named(view, "deployers")))
        if found:
            outcomes.append(
                fail(f"{document.path}.Statement", several(map(_shown, found)), "no way to more rights than are given")
            )
        else:
            outcomes.append(PASS if document.known else unknown(document.path, "no way to more rights"))
    return all_of(outcomes)


@rule(
    "LP-023",
    "iam-policies-together-lead-to-no-more-rights",
    pack="least_privilege",
    types=(ROLE, USER, GROUP),
    severity="high",
    scope="stack",
    rationale="Policies that are harmless each can open a way together: an identity has the rights of all of them.",
    url=f"{IAM}/reference_policies_evaluation-logic.html",
    remediation="Take one of the actions out of one of the policies, or give them to different roles.",
    controls=("CKV_AWS_286", "iam_policy_allows_privilege_escalation", "iam_inline_policy_allows_privilege_escalation"),
    criteria=("TRADING-16.0", "TRADING-06.6"),
    parameters={"deployers": []},
)
def together(view: View) -> Outcome:
    """What one policy does alone is another rule's finding."""
    held = holdings(view).of(view)
    deployer = is_named(view, "deployers")
    found = [
        way
        for way in ways(grants(held, deployer=deployer))
        if not any(
            {grant.action for grant in way} <= {grant.action for grant in grants([each], deployer=deployer)}
            for each in held
        )
    ]
    if found:
        shown = several(f"{_shown(way)} ({several(sorted({grant.policy for grant in way}))})" for way in found)
        return fail("", shown, "no way to more rights than are given")
    unclear = [name for name, document in held if not document.known]
    return unknown("", f"no way to more rights; {several(unclear)} decides") if unclear else PASS
