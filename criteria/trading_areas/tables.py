"""Requirement 03: tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from criteria.common.lookups import KEY, TABLE, Word, best, follow, unnamed, worst
from criteria.common.tables import TARGET, index_key, key_of, types_of
from criteria.trading_areas.common import by_name, facts
from plumbline.graph import UNKNOWN, Resource, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion, fact

POLICY = "aws:appautoscaling/policy:Policy"


def _wanted(subject: Subject) -> Iterator[tuple[Mapping[str, Any], Resource]]:
    for name, row in facts()["tables"].items():
        table = by_name(subject, TABLE, name)
        if table is not None:
            yield row, table


@criterion("TRADING-03.1")
def all_tables(subject: Subject) -> Verdict:
    names = facts()["tables"]
    missing = [name for name in names if by_name(subject, TABLE, name) is None]
    agrees = len(names) == subject.facts["tables"]
    return fact(
        not missing and agrees, f"{len(names)} tables of the schema exist", f"missing: {', '.join(missing) or 'facts'}"
    )


@criterion("TRADING-03.2a")
def partition_keys(subject: Subject) -> Verdict:
    return _keys(subject, "hashKey", 0, "partition key")


@criterion("TRADING-03.2b")
def sort_keys(subject: Subject) -> Verdict:
    return _keys(subject, "rangeKey", 1, "sort key")


def _keys(subject: Subject, property_: str, position: int, what: str) -> Verdict:
    findings = unnamed(subject, TABLE)
    for row, table in _wanted(subject):
        key = key_of(row["key"])
        wanted = key[position] if len(key) > position else None
        types = types_of(table)
        if types is None:
            findings.append(Finding(table, "attributes", "unknown"))
            continue

        def same(name: Any, wanted: tuple[str, str] | None = wanted, types: Mapping[Any, Any] = types) -> bool:
            return (name, types.get(name)) == wanted if name else wanted is None

        findings.append(claim(table, property_, same, default=""))
    return combine(findings, "tables", f"have the {what} and its type as the schema gives them")


@criterion("TRADING-03.3")
def indexes(subject: Subject) -> Verdict:
    findings = unnamed(subject, TABLE)
    for row, table in _wanted(subject):
        wanted = {name: key_of(key) for name, key in row.get("indexes", {}).items()}
        types = types_of(table)
        if types is None:
            findings.append(Finding(table, "attributes", "unknown"))
            continue

        def same(given: Any, wanted: Mapping[str, Any] = wanted, types: Mapping[Any, Any] = types) -> bool:
            found = {index.get("name"): [(n, types.get(n)) for n in index_key(index)] for index in given}
            return all(found.get(name) == key for name, key in wanted.items())

        if wanted:
            findings.append(claim(table, "globalSecondaryIndexes", same, default=[]))
    return combine(findings, "tables", "have every index that the schema names, with its keys")


@criterion("TRADING-03.4")
def recovery(subject: Subject) -> Verdict:
    return _every(subject, "pointInTimeRecovery.enabled", lambda on: on is True, "can be restored to a point in time")


@criterion("TRADING-03.5")
def encryption(subject: Subject) -> Verdict:
    """Tables are encrypted with the key that AWS manages, or, by setting, with a customer key of the stack."""
    path = "serverSideEncryption.kmsKeyArn"
    tables = subject.graph.of_type(TABLE)
    findings = [claim(table, "serverSideEncryption.enabled", lambda on: on is True) for table in tables]
    with_keys = [table for table in tables if table.get(path) is not None]
    for table in with_keys:
        link = follow(subject.graph, table, path, KEY)
        findings.append(Finding(table, path, "pass" if link.to else "fail" if link.certain else "unknown"))
    verdict = combine(findings, "tables", "are encrypted with the AWS-managed key")
    if verdict.word != "pass" or not with_keys:
        return verdict
    return Verdict("deviation", "tables are encrypted with a customer-managed key, by setting", decision=4)


@criterion("TRADING-03.6", "TRADING-03.7a")
def billing(subject: Subject) -> Verdict:
    wanted = subject.facts["billing"]
    # The provider's default is PROVISIONED.
    return _every(subject, "billingMode", lambda mode: mode == wanted, f"are {wanted}", default="PROVISIONED")


@criterion("TRADING-03.7b")
def scaling(subject: Subject) -> Verdict:
    """The capacity of each table and index has a range, and a policy that tracks how much of it is used."""
    targets = _by_dimension(subject.graph.of_type(TARGET), _has_range)
    policies = _by_dimension(subject.graph.of_type(POLICY), _tracks_use)
    findings = []
    for table in subject.graph.of_type(TABLE):
        if any(leaf is UNKNOWN for _, leaf in walk(table.get("globalSecondaryIndexes", []))):
            findings.append(Finding(table, "globalSecondaryIndexes", "unknown"))
            continue
        for pair in _scalable(table):
            words = [best([*found.get(pair, ()), *found.get(None, ())]) for found in (targets, policies)]
            findings.append(Finding(table, "billingMode", worst(words)))
    return combine(findings, "capacities of tables and indexes", "scale by a target-tracking policy")


def _by_dimension(
    resources: Iterable[Resource], judge: Callable[[Resource], Word]
) -> dict[tuple[Any, Any] | None, list[Word]]:
    """Judge resources of Application Auto Scaling by (table or index, dimension), None where that is not known yet."""
    found: dict[tuple[Any, Any] | None, list[Word]] = {}
    for resource in resources:
        pair = (resource.get("resourceId"), resource.get("scalableDimension"))
        known = UNKNOWN not in pair
        found.setdefault(pair if known else None, []).append(judge(resource) if known else "unknown")
    return found


def _has_range(target: Resource) -> Word:
    least, most = target.get("minCapacity", 0), target.get("maxCapacity", 0)
    if UNKNOWN in (least, most):
        return "unknown"
    return "pass" if 0 < least < most else "fail"


def _tracks_use(policy: Resource) -> Word:
    """Say whether a policy follows the use of the very capacity that it changes."""
    unit = str(policy.get("scalableDimension")).rpartition(":")[2].removesuffix("Units")
    path = "targetTrackingScalingPolicyConfiguration"
    metric = f"{path}.predefinedMetricSpecification.predefinedMetricType"
    return worst(
        [
            claim(policy, "policyType", lambda given: given == "TargetTrackingScaling").word,
            claim(policy, metric, lambda given: given == f"DynamoDB{unit}Utilization").word,
            # DynamoDB takes from 20 to 90 percent.
            claim(policy, f"{path}.targetValue", lambda percent: 20 <= percent <= 90, default=0).word,
        ]
    )


def _scalable(table: Resource) -> Iterator[tuple[str, str]]:
    owner = f"table/{table.get('name')}"
    for unit in ("ReadCapacityUnits", "WriteCapacityUnits"):
        yield owner, f"dynamodb:table:{unit}"
        for index in table.get("globalSecondaryIndexes", []):
            yield f"{owner}/index/{index.get('name')}", f"dynamodb:index:{unit}"


@criterion("TRADING-03.8")
def ttl(subject: Subject) -> Verdict:
    findings = unnamed(subject, TABLE)
    for name in subject.facts["tables"]:
        table = by_name(subject, TABLE, name)
        attribute = facts()["tables"][name]["ttl"]
        if table is not None:
            findings.append(claim(table, "ttl.attributeName", lambda given, wanted=attribute: given == wanted))
            findings.append(claim(table, "ttl.enabled", lambda on: on is True))
    return combine(findings, "settings of tables that expire", "switch time to live on for the right attribute")


@criterion("TRADING-03.9")
def names(subject: Subject) -> Verdict:
    prefix = f"{subject.environment}-"
    return _every(subject, "name", lambda name: name.startswith(prefix), f"have names that begin with {prefix}", "")


def _every(subject: Subject, path: str, holds: Any, says: str, default: Any = None) -> Verdict:
    return combine((claim(t, path, holds, default) for t in subject.graph.of_type(TABLE)), "tables", says)
