"""Rules of AWS WAF: their statements at every depth, and the capacity that they take (data/firewall.yaml)."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.constraints.networks import known_rows

GROUPS = ("managedRuleGroupStatement", "ruleGroupReferenceStatement")
RATE = "rateBasedStatement"
_LISTS = ("andStatement", "orStatement")
_NO_TRANSFORMATION = "NONE"


@dataclass(frozen=True)
class Statement:
    """One statement: where it is, its kind such as rateBasedStatement, what it says, and whether it is in another."""

    path: str
    kind: str
    said: Mapping[str, Any]
    is_nested: bool


@functools.cache
def capacities() -> Mapping[str, Any]:
    """Return data/firewall.yaml."""
    return yaml12.load(Path(__file__).parents[1] / "data" / "firewall.yaml")


def kinds(statement: Mapping[str, Any]) -> list[str]:
    """Return the kinds of statement that an object holds; AWS takes exactly one."""
    return [kind for kind, said in statement.items() if said is not None]


def statements(statement: Any, path: str, *, is_nested: bool = False) -> Iterator[Statement]:
    """Yield what is known of a statement and of those in it."""
    for kind, said in statement.items() if isinstance(statement, Mapping) else ():
        if not isinstance(said, Mapping):
            continue
        place = f"{path}.{kind}"
        yield Statement(place, kind, said, is_nested)
        rows = said.get("statements") if kind in _LISTS else None
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            yield from statements(row, f"{place}.statements[{index}]", is_nested=True)
        for name in ("statement", "scopeDownStatement"):
            yield from statements(said.get(name), f"{place}.{name}", is_nested=True)


def capacity(rules: Any) -> int | None:
    """Return the capacity units that rules take at least, None where a group's are not known.

    What is unknown counts nothing.
    """
    table, total = capacities(), 0
    transformed: set[tuple[str, str]] = set()
    for rule in known_rows(rules):
        for statement in statements(rule.get("statement"), ""):
            said = statement.said
            if statement.kind in GROUPS:
                name = said.get("name")
                if said.get("vendorName") != "AWS" or not isinstance(name, str) or name not in table["groups"]:
                    return None
                total += table["groups"][name]
                continue
            total += _base(statement) + table["custom_key"] * len(known_rows(said.get("customKeys")))
            transformed |= {
                (repr(said.get("fieldToMatch")), row["type"])
                for row in known_rows(said.get("textTransformations"))
                if isinstance(row.get("type"), str) and row["type"] != _NO_TRANSFORMATION
            }
    return total + table["text_transformation"] * len(transformed)


def _base(statement: Statement) -> int:
    table, said = capacities(), statement.said
    units = table["statements"].get(statement.kind, 0)
    for path, values in table["instead"].get(statement.kind, {}).items():
        value: Any = said
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        units = values.get(value, units) if isinstance(value, str) else units
    field = said.get("fieldToMatch")
    parts = kinds(field) if isinstance(field, Mapping) else []
    if "jsonBody" in parts:
        units *= table["json_body"]
    return units + (table["all_query_arguments"] if "allQueryArguments" in parts else 0)
