"""What is known of IAM's actions: their access levels, what they can be limited to, and what they can be used for.

Everything is read when the first policy is judged, and remembered: a pack must start fast, and most policies of a stack
are alike.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from plumbline import yaml12
from policies.rules.documents import matches

_DATA = Path(__file__).resolve().parents[2] / "data"
_ACTIONS = Path(__file__).resolve().parents[3] / "plumbline" / "data" / "iam_actions.json"
_LEVELS = {"L": "List", "R": "Read", "W": "Write", "T": "Tagging", "P": "Permissions management"}
READING = ("List", "Read")
MANAGING = "Permissions management"
# Stands for a name that nobody has in the data: a pattern that matches it matches every name.
ANY_NAME = "~"
# Any value of the parts of an ARN that a pattern is not asked about.
_ELSEWHERE = ("arn", "aws", "", "region", "account")
_BEFORE_WILDCARD = re.compile(r"^[^*?]+(?=[*?])")


class Action(NamedTuple):
    """One action. `reaches` are the kinds of resources that it can be limited to, as `service:resource`."""

    name: str
    level: str
    reaches: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name as statements hold it, in lower case."""
        return self.name.lower()


class Escalation(NamedTuple):
    """Actions that together lead to more rights. `passed_to` is the service that must accept a passed role."""

    actions: frozenset[str]
    passed_to: str


@functools.cache
def _services() -> Mapping[str, Any]:
    return json.loads(_ACTIONS.read_text(encoding="utf-8"))


@functools.cache
def _service(name: str) -> Mapping[str, Action]:
    row = _services().get(name)
    if row is None:
        return {}
    found = {}
    for action, text in row["actions"].items():
        level, *numbers = text.split()
        reaches = tuple(row["reaches"][int(number)] for number in numbers)
        found[action.lower()] = Action(f"{name}:{action}", _LEVELS[level], reaches)
    return found


def has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


@functools.lru_cache(maxsize=4096)
def known(pattern: str) -> tuple[Action, ...]:
    """Return the known actions that a statement's pattern such as `s3:get*`, in lower case, names."""
    service, _, name = pattern.partition(":")
    if set(pattern) == {"*"}:
        service = name = "*"
    services = [each for each in _services() if matches(service, each)] if has_wildcard(service) else [service]
    if not has_wildcard(name):
        return tuple(action for each in services if (action := _service(each).get(name)))
    return tuple(action for each in services for key, action in _service(each).items() if matches(name, key))


@functools.lru_cache(maxsize=4096)
def named(actions: tuple[str, ...]) -> tuple[Action, ...]:
    """Return the known actions that a statement's patterns name, each once."""
    return tuple({action.key: action for pattern in actions for action in known(pattern)}.values())


def strangers(actions: tuple[str, ...]) -> list[str]:
    """Return the patterns that name nothing known: nobody can say what they allow, or on what."""
    return [pattern for pattern in actions if not known(pattern)]


@functools.lru_cache(maxsize=16384)
def reaches_all(resource: str, reach: str) -> bool:
    """Say whether a statement's resource covers every resource of a kind: `*`, and `arn:…:table/*` for tables."""
    service, _, rest = reach.partition(":")
    *parts, last = resource.split(":", 5)
    whole = [*_ELSEWHERE, rest]
    whole[2] = service
    if len(parts) > 2 and not matches(parts[2], service):
        return False
    if len(parts) in (3, 4):
        # A part of the region or of the account limits no name.
        last = _BEFORE_WILDCARD.sub("", last)
    return matches(last, ":".join(whole[len(parts) :]))


def account(resource: str) -> str:
    """Return the account of an ARN, "" where it has none; AWS's own resources have the account "aws"."""
    return (resource.split(":", 5) + [""] * 5)[4]


def bare_star(resource: str) -> bool:
    return set(resource) == {"*"}


@functools.cache
def _risks() -> Mapping[str, Any]:
    return yaml12.load(_DATA / "iam_risks.yaml")


@functools.cache
def credentials() -> frozenset[str]:
    """Return the actions whose answer holds credentials, in lower case."""
    return frozenset(_risks()["credentials"])


@functools.cache
def data_reads() -> frozenset[str]:
    """Return the actions that hand out what is stored, in lower case."""
    return frozenset(_risks()["data_reads"])


@functools.cache
def escalations() -> tuple[Escalation, ...]:
    """Return the ways to more rights, those of the fewest actions first."""
    rows = [Escalation(frozenset(row["actions"]), row.get("passed_to", "")) for row in _risks()["escalations"]]
    return tuple(sorted(rows, key=lambda row: len(row.actions)))


@functools.cache
def source_senders() -> frozenset[str]:
    """Return the service principals that name what they act for when they assume a role."""
    return frozenset(_risks()["source_senders"])


_REGIONAL = re.compile(r"\.[a-z]{2}(-[a-z]+)+-\d(?=\.amazonaws)")


def service_name(principal: str) -> str:
    """Return a service principal without region and partition: `logs.eu-west-1.amazonaws.com` is one of the logs'."""
    return _REGIONAL.sub("", principal.lower()).removesuffix(".cn")
