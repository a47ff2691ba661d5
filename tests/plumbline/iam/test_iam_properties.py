"""What holds for all policies, and a second evaluator, written another way, that agrees where there is no condition."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.iam import Policies, Policy, Principal, Request, effective, evaluate, policy, session

ACCOUNT, OTHER = "111122223333", "444455556666"
PRINCIPALS = [
    session(f"arn:aws:iam::{ACCOUNT}:role/orders", "s1"),
    session(f"arn:aws:iam::{OTHER}:role/orders", "s1"),
    Principal("user", f"arn:aws:iam::{ACCOUNT}:user/ann"),
    Principal("root", f"arn:aws:iam::{ACCOUNT}:root"),
    Principal("service", "events.amazonaws.com"),
    Principal("anonymous"),
]
NAMES = [
    *(name for one in PRINCIPALS for name in (one.name, one.entity) if name.startswith("arn:")),
    ACCOUNT,
    OTHER,
    "*",
]
RESOURCES = [f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}" for name in ("orders", "Orders", "audit:x")] + [
    f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1",
    f"arn:aws:iam::{ACCOUNT}:role/target",
]
ACTIONS = ["sqs:SendMessage", "SQS:sendmessage", "kms:Decrypt", "sts:AssumeRole", "iam:GetRole"]
ACTION_PATTERNS = ["*", "sqs:*", "sqs:Send*", "SQS:SENDMESSAG?", "kms:Decrypt", "sts:Assume*", "iam:*Role", "sns:*"]
RESOURCE_PATTERNS = [
    "*",
    *RESOURCES,
    f"arn:aws:sqs:*:{ACCOUNT}:*",
    "arn:aws:sqs:us-*-1:*:?rders",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:iam::*:role/t*",
    "arn:aws:sqs:us*1:*:audit:?",
    "arn:aws:sqs:*:x:x:*",
    "arn:aws:sqs:*",
]


def some_of(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def statements(*, named: bool, effects: tuple[str, ...] = ("Allow", "Deny")) -> st.SearchStrategy[dict[str, Any]]:
    parts = [
        st.fixed_dictionaries({"Effect": st.sampled_from(effects)}),
        st.sampled_from(["Action", "NotAction"]).flatmap(
            lambda key: st.fixed_dictionaries({key: some_of(ACTION_PATTERNS)})
        ),
        st.sampled_from(["Resource", "Resource", "NotResource"]).flatmap(
            lambda key: st.fixed_dictionaries({key: some_of(RESOURCE_PATTERNS)})
        ),
    ]
    if named:
        service = st.just({"Principal": {"Service": "events.amazonaws.com"}})
        aws = some_of(NAMES).map(lambda names: {"Principal": {"AWS": names}})
        parts.append(service | aws | st.just({"Principal": "*"}))
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def documents(*, named: bool = False) -> st.SearchStrategy[list[dict[str, Any]]]:
    mostly_allow = statements(named=named, effects=("Allow", "Allow", "Allow", "Deny"))
    return st.lists(mostly_allow, min_size=1, max_size=3)


def read(found: list[dict[str, Any]], name: str = "p", *, named: bool = False) -> Policy:
    return policy({"Version": "2012-10-17", "Statement": found}, name, "resource" if named else "identity")


@dataclasses.dataclass(frozen=True)
class World:
    """The documents of one request, before they are parsed."""

    principal: Principal
    action: str
    resource: str
    identity: list[dict[str, Any]]
    boundary: list[dict[str, Any]] | None
    session: list[dict[str, Any]] | None
    control: list[dict[str, Any]] | None
    owned: list[dict[str, Any]] | None

    @property
    def policies(self) -> Policies:
        return Policies(
            [read(self.identity)],
            None if self.boundary is None else read(self.boundary),
            None if self.session is None else [read(self.session)],
            () if self.control is None else [[read(self.control)]],
            () if self.owned is None else [read(self.owned, "owned", named=True)],
        )

    def outcome(self) -> str:
        return evaluate(Request(self.principal, self.action, self.resource), self.policies).outcome


WORLDS = st.builds(
    World,
    st.sampled_from(PRINCIPALS),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    documents(),
    st.none() | documents(),
    st.none() | documents(),
    st.none() | documents(),
    st.none() | documents(named=True) | documents(named=True),
)
many = settings(max_examples=60, deadline=None)


# The second evaluator: wildcards by recursion, sets of statements instead of gates.
def like(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return like(pattern[1:], text) or (text != "" and like(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and like(pattern[1:], text[1:])


def covers(pattern: str, arn: str) -> bool:
    """Parts one by one; a part that ends with a star may also take what follows up to any later colon."""
    if pattern == "*":
        return True

    def parts(rest: list[str], given: list[str], last: bool) -> bool:
        if not rest:
            return not given
        if len(rest) == 1 and last:
            return bool(given) and like(rest[0], ":".join(given))
        for taken in range(1, len(given) + 1 if rest[0].endswith("*") else 2):
            if given and like(rest[0], ":".join(given[:taken])) and parts(rest[1:], given[taken:], last):
                return True
        return False

    split = pattern.split(":", 5)
    return parts(split, arn.split(":"), len(split) == 6)


def hits(statement: dict[str, Any], world: World) -> bool:
    action = any(like(one.lower(), world.action.lower()) for one in statement.get("Action", statement.get("NotAction")))
    resource = any(covers(one, world.resource) for one in statement.get("Resource", statement.get("NotResource")))
    return action is ("Action" in statement) and resource is ("Resource" in statement)


def named(statement: dict[str, Any], principal: Principal) -> set[str]:
    """Return as whom a statement names the principal: itself, its role, its account."""
    given = statement["Principal"]
    if given == "*":
        return {"itself"}
    if "Service" in given:
        return {"itself"} if principal.kind == "service" else set()
    names = {name.split(":")[4] if name.endswith(":root") else name for name in given["AWS"]}
    if "*" in names:
        return {"itself"}
    if not principal.account:
        return set()
    found = {"itself"} & ({"itself"} if principal.name in names else set())
    found |= {"role"} if principal.entity in names else set()
    found |= {"itself" if principal.kind == "root" else "account"} if principal.account in names else set()
    return found


def naive(world: World) -> str:
    principal = world.principal
    trust_aside = ":role/" in world.resource and not world.action.lower().startswith("sts:")
    owned = [] if trust_aside else [one for one in world.owned or [] if hits(one, world) and named(one, principal)]
    bare = principal.kind in ("root", "service", "anonymous")
    mine = [] if bare else [world.identity, world.boundary or [], world.session or []]
    above = world.control or [] if principal.account else []
    reached = [one for all_ in (*mine, above) for one in all_ if hits(one, world)]
    if any(one["Effect"] == "Deny" for one in (*reached, *owned)):
        return "explicit deny"
    grants = set().union(*(named(one, principal) for one in owned))
    if not principal.account:
        return "allow" if "itself" in grants else "implicit deny"

    def gives(found: list[dict[str, Any]] | None) -> bool:
        return found is None or any(hits(one, world) for one in found)

    limits = bare or (gives(world.boundary) and gives(world.session))
    identity = bare or gives(world.identity)
    special = ":key/" in world.resource or (":role/" in world.resource and world.action.lower().startswith("sts:"))
    if principal.account != ACCOUNT:
        good = bool(grants) and identity and limits
    elif "itself" in grants:
        good = True
    elif special:
        good = limits and ("role" in grants or ("account" in grants and identity))
    else:
        good = limits and ("role" in grants or identity)
    return "allow" if good and gives(world.control) else "implicit deny"


@settings(max_examples=300, deadline=None)
@given(WORLDS)
def test_second_evaluator_agrees(world: World) -> None:
    assert world.outcome() == naive(world)


@many
@given(
    WORLDS, statements(named=False, effects=("Deny",)), st.sampled_from(["identity", "boundary", "session", "control"])
)
def test_another_deny_never_widens(world: World, deny: dict[str, Any], place: str) -> None:
    known = getattr(world, place)
    if known is not None and world.outcome() != "allow":
        assert dataclasses.replace(world, **{place: [*known, deny]}).outcome() != "allow"


@many
@given(WORLDS, statements(named=True, effects=("Deny",)))
def test_another_deny_of_a_resource_never_widens(world: World, deny: dict[str, Any]) -> None:
    if world.outcome() != "allow":
        assert dataclasses.replace(world, owned=[*(world.owned or []), deny]).outcome() != "allow"


@many
@given(WORLDS, statements(named=False, effects=("Allow",)), statements(named=True, effects=("Allow",)))
def test_another_allow_never_narrows(world: World, allow: dict[str, Any], owned: dict[str, Any]) -> None:
    if world.outcome() == "allow":
        wider = dataclasses.replace(world, identity=[*world.identity, allow], owned=[*(world.owned or []), owned])
        assert wider.outcome() == "allow"


@many
@given(WORLDS, st.randoms(use_true_random=False))
def test_order_of_statements_changes_nothing(world: World, random: Any) -> None:
    identity, owned = list(world.identity), list(world.owned or []) or None
    random.shuffle(identity)
    if owned:
        random.shuffle(owned)
    assert dataclasses.replace(world, identity=identity, owned=owned).outcome() == world.outcome()


@many
@given(some_of(ACTION_PATTERNS), st.sampled_from(ACTIONS), st.sampled_from(["Action", "NotAction"]))
def test_not_action_is_the_complement_of_action(patterns: list[str], action: str, key: str) -> None:
    other = {"Action": "NotAction", "NotAction": "Action"}[key]
    answers = [
        evaluate(
            Request(PRINCIPALS[0], action, RESOURCES[0]),
            Policies([read([{"Effect": "Allow", one: patterns, "Resource": "*"}])]),
        )
        for one in (key, other)
    ]
    assert sorted(found.outcome for found in answers) == ["allow", "implicit deny"]


@many
@given(WORLDS)
def test_effective_says_of_each_action_what_evaluate_says(world: World) -> None:
    expected = {
        action: evaluate(Request(world.principal, action, world.resource), world.policies) for action in ACTIONS
    }
    assert effective(world.principal, world.policies, world.resource, ACTIONS) == expected


@many
@given(WORLDS)
def test_answer_gives_its_reasons(world: World) -> None:
    found = evaluate(Request(world.principal, world.action, world.resource), world.policies)
    reasons = {
        "allow": (bool(found.statements) or world.principal.kind == "root", not found.lacking),
        "explicit deny": (bool(found.statements), not found.lacking),
        "implicit deny": (not found.statements, bool(found.lacking)),
    }
    assert reasons[found.outcome] == (True, True)
