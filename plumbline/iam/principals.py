"""Who asks, and whom the Principal and NotPrincipal of a resource's policy name.

Sources are "AWS JSON policy elements: Principal" and "NotPrincipal", and the table "Resource-based policies and
implicit denies in other policy types" of the IAM User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from plumbline.graph import UNKNOWN, Unknown
from plumbline.iam.logic import Truth, negate, some

Kind = Literal["session", "federated_user", "user", "root", "service", "provider", "anonymous"]
_ACCOUNT = re.compile(r"\d{12}")
_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>iam|sts)::(?P<account>\d{12}):(?P<name>[^*?]+)")
_NAMES = {
    "session": "assumed-role/",
    "federated_user": "federated-user/",
    "user": "user/",
    "root": "root",
}


@dataclass(frozen=True)
class Principal:
    """Who sends a request.

    `name` is the ARN of a session, federated user, user or account root, `events.amazonaws.com` of a service, the host
    name or ARN of an identity provider (whose users assume a role), and "" of an anonymous caller. `entity` is the ARN
    of what a session comes from: its role, with path, or the user that called GetFederationToken. `canonical_user` is
    the id that S3 has for the account.

    Raises ValueError for a name that does not fit the kind.
    """

    kind: Kind
    name: str = ""
    entity: str = ""
    canonical_user: str | Unknown = UNKNOWN

    def __post_init__(self) -> None:
        prefix = _NAMES.get(self.kind)
        found = _ARN.fullmatch(self.name)
        fits = found and (found["name"] == prefix or (prefix != "root" and found["name"].startswith(str(prefix))))
        if prefix is not None and not fits:
            raise ValueError(f"principal: {self.name!r} given; needed: an ARN whose last part begins with {prefix}")
        if self.kind in ("session", "federated_user") and not _ARN.fullmatch(self.entity):
            raise ValueError(f"principal: {self.entity!r} given; needed: the ARN that the session comes from")

    @property
    def account(self) -> str:
        """The account's number, "" for a service, a provider and an anonymous caller."""
        return self.name.split(":")[4] if self.kind in _NAMES else ""

    @property
    def chain(self) -> tuple[str, ...]:
        """The ARNs that a principal is validated by: its account, what its session comes from, itself."""
        if not self.account:
            return (self.name,)
        root = f"arn:{self.name.split(':')[1]}:iam::{self.account}:root"
        return tuple(dict.fromkeys(name for name in (root, self.entity, self.name) if name))

    def keys(self) -> dict[str, Any]:
        """Return the context keys that every request of this principal has; what IAM numbers itself is unknown."""
        short = self.name.rsplit("/", 1)[-1]
        # None: absent, also where a caller does not know all keys of the request.
        unnamed = {"aws:username": None, "aws:PrincipalServiceName": None}
        if self.kind == "anonymous":
            return {**unnamed, "aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}
        if self.kind == "provider":
            return unnamed
        signed = {**unnamed, "aws:PrincipalIsAWSService": self.kind == "service"}
        if self.kind == "service":
            return {**signed, "aws:PrincipalServiceName": self.name, "aws:PrincipalServiceNamesList": UNKNOWN}
        common = {**signed, "aws:PrincipalAccount": self.account, "aws:PrincipalArn": self.name}
        if self.kind == "root":
            return {**common, "aws:PrincipalType": "Account", "aws:userid": self.account}
        if self.kind == "user":
            return {**common, "aws:PrincipalType": "User", "aws:userid": UNKNOWN, "aws:username": short}
        if self.kind == "federated_user":
            return {**common, "aws:PrincipalType": "FederatedUser", "aws:userid": f"{self.account}:{short}"}
        return {**common, "aws:PrincipalArn": self.entity, "aws:PrincipalType": "AssumedRole", "aws:userid": UNKNOWN}


ANONYMOUS = Principal("anonymous")


def session(role: str, name: str = "session") -> Principal:
    """Return a session of a role, which is named by its ARN."""
    found = _ARN.fullmatch(role)
    if not found or found["service"] != "iam" or not found["name"].startswith("role/"):
        raise ValueError(f"principal: {role!r} given; needed: the ARN of a role")
    short = role.rsplit("/", 1)[-1]
    return Principal("session", f"arn:{found['partition']}:sts::{found['account']}:assumed-role/{short}/{name}", role)


class Grades(NamedTuple):
    """How closely a statement names a principal.

    `direct` is the caller itself: a session's or user's ARN, a service, everybody. `entity` is what a session comes
    from, whose limits stay. `account` lets the account decide by its identity policies.
    """

    direct: Truth
    entity: Truth
    account: Truth

    @property
    def any(self) -> Truth:
        return some(self)


_NOBODY = Grades(False, False, False)
EVERYBODY = Grades(True, False, False)


class Principals:
    """Those whom Principal or NotPrincipal names. `named` is by type: AWS, Service, Federated, CanonicalUser."""

    __slots__ = ("_by_type", "_unknown", "_values", "everybody", "negated")

    def __init__(self, named: Mapping[str, list[Any]] | Unknown, *, negated: bool = False) -> None:
        known: Mapping[str, list[Any]] = {} if isinstance(named, Unknown) else named
        self._by_type = {
            type_: frozenset(_normal(name) for name in names if isinstance(name, str)) for type_, names in known.items()
        }
        self._unknown = isinstance(named, Unknown) or any(UNKNOWN in names for names in known.values())
        self.everybody = "*" in self._by_type.get("AWS", ())
        self.negated = negated

    def match(self, principal: Principal, *, deny: bool) -> Grades:
        """Return how closely the element names a principal.

        NotPrincipal in a Deny spares only whom it names with account, role and session, since AWS validates each of
        them; in an Allow it leaves out whom it names with any.
        """
        if not self.negated:
            return self._named(principal)
        names = self._by_type.get("AWS", frozenset())
        if principal.account and deny:
            spared = all(_normal(link) in names for link in principal.chain) or self.everybody
            applies = negate(True if spared else None if self._unknown else False)
        else:
            applies = negate(self._named(principal).any)
        return Grades(applies, False, False)

    def _named(self, principal: Principal) -> Grades:
        if self.everybody:
            return EVERYBODY
        if principal.kind == "service" or principal.kind == "provider":
            names = self._by_type.get("Service" if principal.kind == "service" else "Federated", ())
            found = Grades(principal.name in names or "*" in names, False, False)
        elif principal.kind == "anonymous":
            found = _NOBODY
        else:
            found = self._of_account(principal)
        if self._unknown and not found.direct:
            return Grades(None, found.entity, found.account)
        return found

    def _of_account(self, principal: Principal) -> Grades:
        names = self._by_type.get("AWS", ())
        account: Truth = principal.account in names
        canonical = self._by_type.get("CanonicalUser")
        if canonical and not account:
            unknown = isinstance(principal.canonical_user, Unknown)
            account = None if unknown else principal.canonical_user in canonical
        if principal.kind == "root":
            return Grades(account, False, False)
        return Grades(principal.name in names, principal.entity in names, account)


def _normal(name: str) -> str:
    """Return an account's number for the ARN of its root: both say the same."""
    found = _ARN.fullmatch(name)
    return found["account"] if found and found["name"] == "root" else name


def name_mistake(type_: str, name: str) -> str | None:
    """Return what is wrong with a name in Principal, None where nothing is."""
    if name == "*" or type_ in ("Service", "Federated", "CanonicalUser"):
        return None if name and (name == "*" or not set(name) & set("*?")) else f"{name!r} given; a full name is needed"
    if _ACCOUNT.fullmatch(name) or _ARN.fullmatch(name) or re.fullmatch(r"A[A-Z0-9]{15,}", name):
        return None
    return f"{name!r} given; allowed: *, an account's number, and an ARN of IAM or STS without wildcards"
