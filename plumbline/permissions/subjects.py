"""Who asks: the roles of a stack with their policies, and everybody else whom a resource's policy lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from plumbline.iam import ANONYMOUS, Principal, session
from plumbline.permissions.estate import Estate, Held, read, statements, texts
from plumbline.permissions.universe import ANY

# Stands for any account that nobody names.
STRANGER = "000000000000"
ANYBODY, ANY_ACCOUNT = "anonymous", "another account"
_ROOT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root|(\d{12})")
_NAMED = re.compile(r"arn:[\w-]+:(?P<service>iam|sts)::(?P<account>\d{12}):(?P<kind>[a-z-]+)/.+")


@dataclass(frozen=True, eq=False)
class Subject:
    """One who asks. `label` is how declared grants call it: `role test-orders`, `service events.amazonaws.com`.

    `facts` are context keys that it always has, `free` those that differ among those whom it stands for. `foreign` is
    whether a resource's policy has to let it in, as another account's.
    """

    label: str
    principal: Principal
    identity: tuple[Held, ...] = ()
    boundary: Held | None = None
    urn: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    foreign: bool = False
    managed: tuple[tuple[str, str], ...] = ()

    @property
    def is_role(self) -> bool:
        return bool(self.urn)

    @property
    def limits(self) -> tuple[Held, ...]:
        """What takes away from its policies: the boundary, where there is one."""
        return (self.boundary,) if self.boundary is not None else ()


_ATTACHMENTS = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/policyAttachment:PolicyAttachment")
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def roles(estate: Estate) -> Iterator[Subject]:
    """Yield the roles of the stack with everything that is attached to them."""
    graph = estate.graph
    inline = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    attached = graph.of_type(*_ATTACHMENTS)
    for role in graph.of_type("aws:iam/role:Role"):
        held = [estate.read(row.inputs.get("policy"), row, "identity") for row in inline if _is_of(row, "role", role)]
        for row in role.get("inlinePolicies", []):
            if isinstance(row, Mapping) and "policy" in row:
                held.append(estate.read(row["policy"], role, "identity"))
        managed: list[tuple[str, str]] = []
        for row in attached:
            if _is_of(row, "role" if "role" in row.inputs else "roles", role):
                _attach(estate, row, "policyArn", held, managed)
        if role.get("managedPolicyArns"):
            for index, _ in enumerate(role.get("managedPolicyArns")):
                _attach(estate, role, f"managedPolicyArns.{index}", held, managed)
        arn = estate.arn(role.urn)
        tags = role.get("tagsAll", role.get("tags", {}))
        facts = {f"aws:PrincipalTag/{key}": value for key, value in tags.items()} if isinstance(tags, Mapping) else {}
        yield Subject(
            f"role {role.get('name', role.name)}",
            session(arn),
            tuple(one for one in held if one is not None),
            _boundary(estate, role),
            role.urn,
            {**facts, "kms:CallerAccount": estate.home.account},
            managed=tuple(managed),
        )


def _is_of(row: Resource, property_: str, role: Resource) -> bool:
    given = row.get(property_)
    if role.urn in row.sources(property_):
        return True
    return role.get("name") in (given if isinstance(given, list) else [given])


def _attach(estate: Estate, row: Resource, path: str, held: list[Held | None], managed: list[tuple[str, str]]) -> None:
    """Add a managed policy: its document where the stack makes it, its ARN where somebody else keeps it."""
    own = _own_policy(estate, row, path)
    given = row.get(path)
    if own is not None:
        held.append(estate.read(own.inputs.get("policy"), own, "identity"))
    elif isinstance(given, str):
        managed.append((given, f"{row.type.rpartition(':')[2]} {row.name}"))
    else:
        estate.unknown.append(f"{row.display}: the policy that it attaches is not known yet")


def _own_policy(estate: Estate, row: Resource, path: str) -> Resource | None:
    given = row.get(path)
    for made in estate.graph.of_type("aws:iam/policy:Policy"):
        if made.urn in row.sources(path) or given == estate.arn(made.urn):
            return made
    return None


def _boundary(estate: Estate, role: Resource) -> Held | None:
    if role.get("permissionsBoundary") is None:
        return None
    own = _own_policy(estate, role, "permissionsBoundary")
    held = estate.read(own.inputs.get("policy"), own, "identity") if own is not None else None
    if held is not None:
        return held
    # Nobody can say what it leaves.
    estate.unknown.append(f"{role.display}: the document of its permissions boundary is not here")
    return read(UNKNOWN, f"the permissions boundary of {role.name}", "identity")


def others(estate: Estate) -> Iterator[Subject]:
    """Yield everybody besides the stack's roles whom a policy of a resource allows something."""
    own = {estate.arn(role.urn) for role in estate.graph.of_type("aws:iam/role:Role")}
    names: dict[tuple[str, str], None] = {}
    for held in {id(one): one for target in list(estate.targets.values()) for one in target.held}.values():
        for row, _ in statements(held):
            if row.get("Effect") == "Allow":
                names.update(dict.fromkeys(_named(row)))
    for kind, name in names:
        if name not in own:
            yield other(estate, kind, name)


def _named(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    principal = row.get("Principal")
    if "NotPrincipal" in row or principal == "*":
        principal = {"AWS": "*"}
    if not isinstance(principal, Mapping):
        return
    for kind, given in principal.items():
        for name in texts(given):
            if name == "*":
                yield from (("", ANYBODY), ("", ANY_ACCOUNT))
            elif kind == "AWS" and (found := _ROOT.fullmatch(name)):
                yield "account", found[1] or found[2]
            else:
                yield {"Service": "service", "Federated": "provider"}.get(kind, "principal"), name


def other(estate: Estate, kind: str, name: str) -> Subject:
    """Return somebody besides the stack's roles, as a declared grant or a policy names it. Raises ValueError."""
    if kind == "service":
        return Subject(f"service {name}", Principal("service", name))
    if kind == "provider":
        return Subject(f"provider {name}", Principal("provider", name))
    if name == ANYBODY:
        return Subject(ANYBODY, ANONYMOUS)
    if kind == "account" or name == ANY_ACCOUNT:
        account = STRANGER if name == ANY_ACCOUNT else name
        return _account(estate, f"account {name}" if kind else name, account)
    found = _NAMED.fullmatch(name)
    if found is None:
        raise ValueError(f"{kind} {name}: no principal that IAM knows")
    facts = {"kms:CallerAccount": found["account"]}
    foreign = found["account"] != estate.home.account
    identity = (read(_EVERYTHING, f"its own policies ({name})", "identity"),) if foreign else ()
    if found["kind"] == "role":
        principal = session(name)
    elif found["kind"] == "assumed-role":
        short = name.split("/")[1]
        principal = Principal("session", name, f"arn:{estate.home.partition}:iam::{found['account']}:role/{short}")
    else:
        principal = Principal("user", name)
    return Subject(f"principal {name}", principal, identity, facts=facts, foreign=foreign)


def _account(estate: Estate, label: str, account: str) -> Subject:
    """Return whoever of an account its own policies allow everything: what is left is what a resource's policy says."""
    anybody = session(f"arn:{estate.home.partition}:iam::{account}:role/{ANY}")
    identity = (read(_EVERYTHING, f"the policies of account {account}", "identity"),)
    facts = {"kms:CallerAccount": account}
    return Subject(label, anybody, identity, facts=facts, free=("aws:principalarn",), foreign=True)


def managed_word(arn: str) -> str:
    """Return how declared grants call an attached policy that somebody else keeps."""
    return f"policy {arn}"
