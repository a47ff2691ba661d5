"""Decide requests as AWS documents it: deny first, then the policies that limit, then those that allow.

Sources are "Policy evaluation logic", "Cross-account policy evaluation logic", "Permissions boundaries for IAM
entities" and "Session policies" of the IAM User Guide, and "Key policies" of the KMS Developer Guide.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from plumbline.graph import Unknown
from plumbline.iam.documents import Policy, Statement
from plumbline.iam.gates import OPEN, Gate, Reason, Slot, both, either, gate
from plumbline.iam.logic import Truth, every
from plumbline.iam.principals import Grades, Principal
from plumbline.iam.requests import Decision, Policies, Request
from plumbline.iam.variables import Context

_SLOTS: tuple[Slot, ...] = ("identity", "boundary", "session", "service control", "resource")
_WITHOUT_POLICIES = ("root", "service", "provider", "anonymous")
_ALONE = Grades(True, False, False)


@functools.lru_cache(4096)
def _defaults(principal: Principal, account: str) -> Context:
    return Context({**principal.keys(), "aws:ResourceAccount": account or None})


@functools.lru_cache(1 << 16)
def _lower(action: str) -> str:
    if set(action) & set("*?") or ":" not in action:
        raise ValueError(f"action: {action!r} given; needed: one action such as s3:GetObject")
    return action.lower()


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide one request."""
    return _Case(request.principal, policies, request.resource, request.context, request.action).decide(request.action)


def effective(
    principal: Principal,
    policies: Policies,
    resource: str | Unknown,
    actions: Iterable[str],
    context: Context | Mapping[str, Any] | None = None,
) -> dict[str, Decision]:
    """Decide several actions of one principal on one resource: each action with its decision.

    What does not depend on the action is looked at once, so that tables of roles and resources take seconds.
    """
    case = _Case(principal, policies, resource, context or {})
    return {action: case.decide(action) for action in actions}


class _Row(NamedTuple):
    """A statement that may apply, with what is known of it apart from its action."""

    statement: Statement
    reason: Reason
    truth: Truth
    grades: Grades
    level: int


_Found = list[tuple[Truth, _Row]]


class _Case:
    """One principal and one resource: the statements that may apply, and the decision for an action."""

    def __init__(
        self,
        principal: Principal,
        policies: Policies,
        resource: str | Unknown,
        context: Context | Mapping[str, Any],
        only: str | None = None,
    ) -> None:
        self.principal = principal
        self.policies = policies
        parts = resource.split(":", 5) if isinstance(resource, str) else []
        self.service = parts[2] if len(parts) == 6 else ""
        self.kind = parts[5].partition("/")[0] if len(parts) == 6 else ""
        self.account = policies.resource_account or (parts[4] if len(parts) == 6 else "") or principal.account
        self.resource = resource
        given = context if isinstance(context, Context) else Context(context)
        self.context = given.over(_defaults(principal, self.account))
        self.only = only.lower() if only else None
        limits: dict[Slot, Sequence[Sequence[Policy]]] = {
            "identity": (policies.identity,),
            "boundary": ((policies.boundary,),) if policies.boundary else (),
            "session": (policies.session or (),),
            "service control": () if self._above_organization() else policies.service_control,
            "resource": (policies.resource,),
        }
        self.levels = range(len(limits["service control"]))
        self.rows = {slot: self._rows(slot, levels) for slot, levels in limits.items()}
        # Actions to which the same statements apply have the same answer.
        self.decided: dict[Any, Decision] = {}

    def _above_organization(self) -> bool:
        """Say whether service control policies leave the principal alone: services, and roles linked to a service."""
        return not self.principal.account or ":role/aws-service-role/" in self.principal.entity

    def _rows(self, slot: Slot, levels: Sequence[Sequence[Policy]]) -> list[_Row]:
        # A root has no policies of its own, and nobody without an account has.
        if slot in ("identity", "boundary", "session") and self.principal.kind in _WITHOUT_POLICIES:
            return []
        rows: list[_Row] = []
        for level, policies in enumerate(levels):
            for found in policies:
                for statement in found.statements:
                    row = self._row(slot, found, statement, level)
                    if row is not None:
                        rows.append(row)
        return rows

    def _row(self, slot: Slot, found: Policy, statement: Statement, level: int) -> _Row | None:
        if self.only is not None and statement.actions.match(self.only) is False:
            return None
        covered = True if statement.resources is None else statement.resources.match(self.resource, self.context)
        if covered is False:
            return None
        grades = _ALONE
        if statement.principals is not None:
            grades = statement.principals.match(self.principal, deny=statement.effects == ("Deny",))
            if grades.any is False:
                return None
        truth = covered
        if statement.conditions:
            truth = every((covered, *(condition.holds(self.context) for condition in statement.conditions)))
        if truth is False:
            return None
        return _Row(statement, Reason(slot, found.name, statement.label), truth, grades, level)

    def decide(self, action: str) -> Decision:
        action = _lower(action)
        rows: dict[Slot, _Found] = {slot: self._for_action(slot, action) for slot in _SLOTS}
        required = self._needs_resource_policy(action)
        same = (required, *((truth, id(row)) for slot in _SLOTS for truth, row in rows[slot]))
        found = self.decided.get(same)
        if found is None:
            found = self.decided[same] = self._decide(rows, required)
        return found

    def _decide(self, rows: Mapping[Slot, _Found], required: bool) -> Decision:
        denies = [(truth, row) for slot in _SLOTS for truth, row in rows[slot] if "Deny" in row.statement.effects]
        deny = gate((_sure(truth, row), row.reason) for truth, row in denies)
        if deny.truth:
            return Decision("explicit deny", deny.reasons)
        allow, ways = self._allow(rows, required)
        if allow.truth is False:
            return Decision("implicit deny", (), tuple(slot for slot in _SLOTS if ways[slot].truth is False))
        if allow.truth and deny.truth is False:
            return Decision("allow", _in_order(allow))
        return Decision("unknown", _in_order(*(found for found in (deny, allow) if found.truth is None)))

    def _for_action(self, slot: Slot, action: str) -> _Found:
        if not self.rows[slot]:
            return []
        if slot == "resource" and self._is_role() and not action.startswith("sts:"):
            return []  # a trust policy is about assuming the role, not about administering it
        found: _Found = []
        for row in self.rows[slot]:
            named = row.statement.actions.match(action)
            if named is not False:
                found.append((row.truth if named else None, row))
        return found

    def _is_role(self) -> bool:
        return self.service == "iam" and self.kind == "role"

    def _needs_resource_policy(self, action: str) -> bool:
        """Say whether identity policies count only where the resource's policy lets the account decide."""
        if isinstance(self.resource, Unknown):
            return action.startswith(("kms:", "sts:assumerole"))
        return (self.service == "kms" and self.kind == "key") or (self._is_role() and action.startswith("sts:"))

    def _allow(self, rows: Mapping[Slot, _Found], required: bool) -> tuple[Gate, Mapping[Slot, Gate]]:
        """Return whether the request is allowed, and by kind of policy what is closed where it is not."""
        if not self.principal.account:
            direct = _allows(rows["resource"])
            return direct, {**dict.fromkeys(_SLOTS, OPEN), "resource": direct}
        ways = self._of_principal(rows)
        if self.principal.account == self.account:
            return self._in_account(ways, rows, required)
        shared = either(*(_allows(rows["resource"], grade) for grade in range(3)))
        ways["resource"] = shared
        return both(*ways.values()), ways

    def _of_principal(self, rows: Mapping[Slot, _Found]) -> dict[Slot, Gate]:
        """Return what the policies of the principal and of its organization allow; a limit that is not set is open."""
        found = rows["service control"]
        control = both(*(_allows([one for one in found if one[1].level == level]) for level in self.levels))
        if self.principal.kind == "root":
            return {"identity": OPEN, "boundary": OPEN, "session": OPEN, "service control": control}
        free = self.policies.session is None and self.principal.kind != "federated_user"
        return {
            "identity": _allows(rows["identity"]),
            "boundary": OPEN if self.policies.boundary is None else _allows(rows["boundary"]),
            "session": OPEN if free else _allows(rows["session"]),
            "service control": control,
        }

    def _in_account(
        self, ways: dict[Slot, Gate], rows: Mapping[Slot, _Found], required: bool
    ) -> tuple[Gate, Mapping[Slot, Gate]]:
        direct, entity, account = (_allows(rows["resource"], grade) for grade in range(3))
        identity, control, limits = ways["identity"], ways["service control"], both(ways["boundary"], ways["session"])
        own = both(identity, account) if required else identity
        result = both(control, either(direct, both(limits, either(entity, own))))
        if direct.truth is not False:
            ways |= {"boundary": OPEN, "session": OPEN}
        if either(direct, entity).truth is not False:
            ways["identity"] = OPEN
        if required:
            ways["resource"] = either(direct, entity, account)
        else:
            # The resource's policy is named where it exists and would have been a way.
            ways["resource"] = either(direct, entity, identity) if self.policies.resource else OPEN
        return result, ways


def _in_order(*gates: Gate) -> tuple[Reason, ...]:
    """Return the statements of gates, each once, by kind of policy."""
    return tuple(
        sorted({reason: None for one in gates for reason in one.reasons}, key=lambda one: _SLOTS.index(one.slot))
    )


def _sure(truth: Truth, row: _Row, grade: int | None = None) -> Truth:
    """Return whether a statement applies, to the principal as it is named, with the effect that is asked about."""
    named = row.grades.any if grade is None else row.grades[grade]
    return every((truth, named, True if len(row.statement.effects) == 1 else None))


def _allows(found: _Found, grade: int = 0) -> Gate:
    return gate((_sure(truth, row, grade), row.reason) for truth, row in found if "Allow" in row.statement.effects)
