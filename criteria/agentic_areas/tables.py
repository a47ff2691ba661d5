"""The single table: its keys, what it costs, its encryption and its restoring (01.2, 02.3, 05.4a, 06.1, 07.3, 09.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from criteria.agentic_areas.common import absent, facts, table
from criteria.common.lookups import TABLE, Word, worst
from criteria.common.tables import TARGET, index_key, key_of, types_of
from plumbline.graph import UNKNOWN, Resource, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

DECISION_PROVISIONED = 33
_UNITS = {"read": "rcu", "write": "wcu"}


@criterion("AGENTIC-01.2")
def allowance(subject: Subject) -> Verdict:
    """The table's class is the one with free storage, and its capacity is not above the free one.

    Capacity on demand has no allowance at all (docs/decisions.md, 33): requirement 07.3 asks for it all the same.
    """
    owner = table(subject)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    findings = [claim(owner, "tableClass", lambda name: name == "STANDARD", default="STANDARD")]
    mode = owner.get("billingMode", "PROVISIONED")
    if mode not in ("PAY_PER_REQUEST", UNKNOWN):
        findings += [
            Finding(owner, f"{unit}Capacity", _within(subject, owner, unit, subject.facts[limit]))
            for unit, limit in _UNITS.items()
        ]
    findings.append(claim(owner, "billingMode", lambda given: given in ("PAY_PER_REQUEST", "PROVISIONED"), mode))
    what = "settings of the table"
    return combine(findings, what, "stay within what DynamoDB has free", _on_demand(mode))


def _on_demand(mode: Any) -> int:
    return DECISION_PROVISIONED if mode == "PAY_PER_REQUEST" else 0


def _within(subject: Subject, owner: Resource, unit: str, limit: int) -> Word:
    """Say whether a table and its indexes have no more capacity than is free, after all scaling."""
    indexes = owner.get("globalSecondaryIndexes", [])
    given = [owner.get(f"{unit}Capacity", 0)]
    given += [UNKNOWN] if indexes is UNKNOWN else [index.get(f"{unit}Capacity", 0) for index in indexes]
    dimension = f"{unit.capitalize()}CapacityUnits"
    targets = [row for row in subject.graph.of_type(TARGET) if row.get("scalableDimension") is not UNKNOWN]
    scaled = [row for row in targets if str(row.get("scalableDimension")).endswith(dimension)]
    most = [row.get("maxCapacity", 0) for row in scaled] if scaled else given
    if any(value is UNKNOWN for value in (*given, *most)):
        return "unknown"
    return "pass" if max(sum(given), sum(most)) <= limit else "fail"


@criterion("AGENTIC-07.3")
def on_demand(subject: Subject) -> Verdict:
    """Every table is billed by requests; provisioned capacity is another choice of the settings (decision 33)."""
    wanted = subject.facts["billing"]
    rows = subject.graph.of_type(TABLE)
    chosen = subject.settings.get("table")
    provisioned = isinstance(chosen, Mapping) and chosen.get("billing") == "provisioned"
    findings = [claim(row, "billingMode", lambda mode: mode == wanted, default="PROVISIONED") for row in rows]
    if provisioned and rows:
        findings = [
            claim(row, "billingMode", lambda mode: mode == "PROVISIONED", default="PROVISIONED") for row in rows
        ]
        return combine(findings, "tables", "have the capacity of the settings", DECISION_PROVISIONED)
    return combine(findings, "tables", "are billed on demand")


@criterion("AGENTIC-05.4a")
def encryption(subject: Subject) -> Verdict:
    findings = [
        claim(row, "serverSideEncryption.enabled", lambda on: on is True, default=False)
        for row in subject.graph.of_type(TABLE)
    ]
    return combine(findings, "tables", "are encrypted with a key of KMS")


@criterion("AGENTIC-06.1")
def recovery(subject: Subject) -> Verdict:
    wanted = subject.facts["pitr"]
    findings = [
        claim(row, "pointInTimeRecovery.enabled", lambda on: on is wanted, default=False)
        for row in subject.graph.of_type(TABLE)
    ]
    return combine(findings, "tables", "can be restored to a point in time")


@criterion("AGENTIC-09.3")
def single(subject: Subject) -> Verdict:
    """There is one table, with the keys and the indexes that all kinds of items share."""
    owner, tables = table(subject), subject.graph.of_type(TABLE)
    if len(tables) > 1:
        return Verdict("fail", f"{len(tables)} tables", tables[-1].urn)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    return combine(schema(owner), "settings of the one table", "are those of the single-table design")


def schema(owner: Resource) -> list[Finding]:
    """Judge that a table has the keys and the indexes of the documents, and that indexes hold whole items."""
    row = facts()["table"]
    types = types_of(owner)
    if types is None:
        return [Finding(owner, "attributes", "unknown")]
    (partition, kind), (sort, its_kind) = key_of(row["key"])
    findings = [
        claim(owner, "hashKey", lambda name: (name, types.get(name)) == (partition, kind), default=""),
        claim(owner, "rangeKey", lambda name: (name, types.get(name)) == (sort, its_kind), default=""),
    ]
    wanted = {name: key_of(key) for name, key in row["indexes"].items()}

    def same(given: list[Mapping[str, Any]]) -> bool:
        whole = all(index.get("projectionType") == "ALL" for index in given)
        return whole and {index.get("name"): [(n, types.get(n)) for n in index_key(index)] for index in given} == wanted

    indexes = owner.get("globalSecondaryIndexes", [])
    unseen = any(leaf is UNKNOWN for _, leaf in walk(indexes))
    word: Word = "unknown" if unseen else claim(owner, "globalSecondaryIndexes", same, default=[]).word
    return [*findings, Finding(owner, "globalSecondaryIndexes", worst([word]))]
