"""What is asked, with which policies, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plumbline.graph import Unknown
from plumbline.iam.documents import Policy, Shape
from plumbline.iam.gates import Reason, Slot
from plumbline.iam.logic import Truth
from plumbline.iam.principals import Principal
from plumbline.iam.variables import Context

Outcome = Literal["allow", "explicit deny", "implicit deny", "unknown"]


@dataclass(frozen=True)
class Decision:
    """What becomes of a request.

    `statements` are those that decide: that allow on each way that is needed, that deny, or that would change an
    unknown answer. `lacking` are the kinds of policy without the allow that an implicit deny misses: where identity and
    resource are both named, either of them would do in one account, and both are needed across accounts.
    """

    outcome: Outcome
    statements: tuple[Reason, ...] = ()
    lacking: tuple[Slot, ...] = ()

    @property
    def allowed(self) -> Truth:
        """True or False, None where it is unknown."""
        return None if self.outcome == "unknown" else self.outcome == "allow"


@dataclass(frozen=True)
class Policies:
    """All policies that bear on a principal's requests for one resource.

    `boundary` and `session` are None where there are none; several session policies allow together. `service_control`
    has a sequence for each level of the organization, root first, each of which must allow. `resource_account` owns the
    resource; where it is empty the resource's ARN says it, and where that does not, it is the principal's.

    Raises ValueError for a policy of the wrong shape.
    """

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Sequence[Policy] | None = None
    service_control: Sequence[Sequence[Policy]] = ()
    resource: Sequence[Policy] = ()
    resource_account: str = ""

    def __post_init__(self) -> None:
        limits = (self.boundary,) if self.boundary else ()
        for found in (
            *self.identity,
            *limits,
            *(self.session or ()),
            *(one for all_ in self.service_control for one in all_),
        ):
            _check(found, ("identity",), "of a principal")
        for found in self.resource:
            _check(found, ("resource", "trust"), "of a resource")


def _check(found: Policy, shapes: tuple[Shape, ...], owner: str) -> None:
    if found.shape not in shapes:
        raise ValueError(f"{found.name}: a policy of shape {found.shape} given; needed: {' or '.join(shapes)}, {owner}")


@dataclass(frozen=True)
class Request:
    """One request. `action` is `s3:GetObject`, `resource` an ARN, `*` or UNKNOWN, `context` what the caller knows.

    Keys that every request of the principal has are added: aws:PrincipalArn, aws:PrincipalAccount, aws:ResourceAccount
    and their like. Raises ValueError for a wildcard in the action.
    """

    principal: Principal
    action: str
    resource: str | Unknown
    context: Context | Mapping[str, Any] = field(default_factory=dict)
