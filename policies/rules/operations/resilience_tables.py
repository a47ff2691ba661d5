"""DynamoDB tables: recovery, capacity and protection from deletion."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from plumbline.graph import UNKNOWN, Resource
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Estate,
    Outcome,
    View,
    all_of,
    check,
    check_true,
    check_word,
    fail,
    is_true,
    kind_of,
    rule,
    unknown,
)
from policies.rules.operations.resilience_backups import chosen
from policies.rules.operations.resilience_common import at_least, number

TABLE = "aws:dynamodb/table:Table"
TARGET = "aws:appautoscaling/target:Target"
SCALING = "aws:appautoscaling/policy:Policy"
_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"


@rule(
    "OP-255",
    "dynamodb-table-has-point-in-time-recovery",
    pack="operations",
    types=(TABLE,),
    severity="medium",
    rationale="A program that spoils rows can be undone to the second before it, which no daily backup offers.",
    url=f"{_GUIDE}/Point-in-time-recovery.html",
    remediation='Set point_in_time_recovery={"enabled": True}, for each replica as well.',
    controls=("DynamoDB.2", "CKV_AWS_28", "AwsSolutions-DDB3"),
    criteria=("TRADING-03.4",),
    parameters={"shortest_days": 7},
)
def recovery(view: View) -> Outcome:
    """AWS keeps 35 days where the program names none. A replica is a table of its own in another region."""
    least = view.parameters["shortest_days"]
    days = f"{least:g} to 35 days"
    outcomes = [
        check_true(view, "pointInTimeRecovery.enabled"),
        check(view, "pointInTimeRecovery.recoveryPeriodInDays", at_least(least), days, default=35),
    ]
    replicas = view.items("replicas")
    if replicas is None:
        outcomes.append(unknown("replicas", "replicas with point-in-time recovery"))
    outcomes += [check_true(view, f"replicas.{place}.pointInTimeRecovery") for place, _ in enumerate(replicas or ())]
    return all_of(outcomes)


@rule(
    "OP-256",
    "dynamodb-table-scales",
    pack="operations",
    types=(TABLE, TARGET, SCALING),
    severity="medium",
    scope="stack",
    rationale="Fixed capacity refuses requests as soon as there are more of them than somebody once guessed.",
    url=f"{_GUIDE}/AutoScaling.html",
    remediation='Set billing_mode="PAY_PER_REQUEST", or add an aws.appautoscaling.Target with a target-tracking Policy '
    "for reads and for writes of the table and of each index.",
    controls=("DynamoDB.1", "CKV2_AWS_16"),
    criteria=("TRADING-03.6", "TRADING-03.7b"),
    parameters={"lowest_utilization": 20, "highest_utilization": 90},
)
def scales(view: View) -> Outcome:
    if view.type == TARGET:
        return _target(view)
    if view.type == SCALING:
        return _policy(view)
    mode = view.get("billingMode", "PROVISIONED")
    if isinstance(mode, str) and mode.upper() == "PAY_PER_REQUEST":
        return PASS
    indexes = view.items("globalSecondaryIndexes")
    if indexes is None:
        return unknown("globalSecondaryIndexes", "indexes whose capacity scales")
    outcomes = [_scaled(view, None, direction) for direction in ("read", "write")]
    for place in range(len(indexes)):
        outcomes += [_scaled(view, place, direction) for direction in ("read", "write")]
    verdict = all_of(outcomes)
    if mode is UNKNOWN and verdict.word == "fail":
        return unknown("billingMode", "PAY_PER_REQUEST, or PROVISIONED with scaling")
    return verdict


@dataclass(frozen=True)
class _Known:
    """What targets, or policies, are about: resource and dimension, and those of which one is not known."""

    named: frozenset[tuple[str, str]]
    others: tuple[Resource, ...]


def _scaled(view: View, index: int | None, direction: str) -> Outcome:
    """Judge that one direction of a table or of an index has a target and a policy."""
    place = f"globalSecondaryIndexes.{index}"
    kind = "table" if index is None else "index"
    path = f"{direction}Capacity" if index is None else f"{place}.{direction}Capacity"
    expected = "a scalable target with a policy"
    dimension = f"dynamodb:{kind}:{direction}capacityunits"
    table = view.get("name")
    suffix = "" if index is None else view.get(f"{place}.name")
    wanted = None
    if isinstance(table, str) and isinstance(suffix, str):
        wanted = f"table/{table}" if index is None else f"table/{table}/index/{suffix}"
    found = [_is_there(view, type_, wanted, dimension, index) for type_ in (TARGET, SCALING)]
    if all(found):
        return PASS
    if False not in found:
        return unknown(path, expected)
    return fail(path, "no target" if found[0] is False else "a target without a policy", expected)


_SCALING: weakref.WeakKeyDictionary[Estate, dict[str, _Known]] = weakref.WeakKeyDictionary()


def _known(view: View, type_: str) -> _Known:
    """Return what the stack's targets or policies are about: there are several of them for each table and index."""
    by_type = _SCALING.setdefault(view.stack, {})
    if type_ not in by_type:
        named: set[tuple[str, str]] = set()
        others: list[Resource] = []
        for each in view.of_type(type_):
            resource, dimension = each.get("resourceId"), each.get("scalableDimension")
            if isinstance(resource, str) and isinstance(dimension, str):
                named.add((resource, dimension.lower()))
            else:
                others.append(each.resource)
        by_type[type_] = _Known(frozenset(named), tuple(others))
    return by_type[type_]


def _is_there(view: View, type_: str, wanted: str | None, dimension: str, index: int | None) -> bool | None:
    """Say whether there is a target or a policy for one direction of a table or index."""
    known = _known(view, type_)
    if wanted is not None and (wanted, dimension) in known.named:
        return True
    answers = [_is_about(replace(view, resource=each), view, wanted, dimension, index) for each in known.others]
    return True if True in answers else None if None in answers else False


def _is_about(each: View, view: View, wanted: str | None, dimension: str, index: int | None) -> bool | None:
    """Say whether a target or a policy of which something is not known is about a table or index."""
    given, resource = each.get("scalableDimension"), each.get("resourceId")
    if isinstance(given, str) and given.lower() != dimension:
        return False
    if isinstance(resource, str):
        return None if given is UNKNOWN and wanted in (None, resource) else False
    if resource is not UNKNOWN:
        return False
    sources = set(_leads_to(each))
    if view.resource.urn not in sources:
        return False if sources else None
    return True if index is None and isinstance(given, str) else None


def _leads_to(view: View) -> Iterator[str]:
    """Yield the URNs that a target's or policy's resource comes from: a policy takes it from its target."""
    for urn in view.resource.property_dependencies.get("resourceId", ()):
        yield urn
        found = view.stack.find(urn)
        if found is not None:
            yield from found.property_dependencies.get("resourceId", ())


def _of_tables(view: View) -> bool | None:
    """Say whether a target or policy is DynamoDB's."""
    for path in ("serviceNamespace", "scalableDimension"):
        value = view.get(path)
        if isinstance(value, str):
            return value.lower().startswith("dynamodb")
    return None if view.get("serviceNamespace") is UNKNOWN else False


def _target(view: View) -> Outcome:
    ours = _of_tables(view)
    if not ours:
        return NOT_APPLICABLE if ours is False else unknown("serviceNamespace", "dynamodb, or another service")
    lowest, highest = view.get("minCapacity"), view.get("maxCapacity")
    expected = "more than min_capacity"
    if UNKNOWN in (lowest, highest):
        return unknown("maxCapacity" if highest is UNKNOWN else "minCapacity", expected)
    first, last = number(lowest), number(highest)
    if first is None or last is None or last <= first:
        return fail("maxCapacity", kind_of(highest), expected)
    return PASS


_METRICS = {"read": "DynamoDBReadCapacityUtilization", "write": "DynamoDBWriteCapacityUtilization"}


def _policy(view: View) -> Outcome:
    ours = _of_tables(view)
    if not ours:
        return NOT_APPLICABLE if ours is False else unknown("serviceNamespace", "dynamodb, or another service")
    low, high = view.parameters["lowest_utilization"], view.parameters["highest_utilization"]
    block = "targetTrackingScalingPolicyConfiguration"

    def between(value: object) -> bool:
        found = number(value)
        return found is not None and low <= found <= high

    outcomes = [
        check_word(view, "policyType", ["TargetTrackingScaling"], default="StepScaling", known=["StepScaling"]),
        check(view, f"{block}.targetValue", between, f"{low:g} to {high:g}"),
    ]
    dimension = view.get("scalableDimension")
    metric = f"{block}.predefinedMetricSpecification.predefinedMetricType"
    if view.is_set(f"{block}.customizedMetricSpecification"):
        outcomes.append(PASS)
    elif isinstance(dimension, str):
        wanted = _METRICS["read" if ":read" in dimension.lower() else "write"]
        outcomes.append(check_word(view, metric, [wanted], known=[*_METRICS.values()]))
    return all_of(outcomes)


@rule(
    "OP-257",
    "dynamodb-table-deletion-protected",
    pack="operations",
    types=(TABLE,),
    severity="medium",
    level="open",
    rationale="A renamed key replaces a table, and the old one is gone with its rows, unless DynamoDB refuses.",
    url=f"{_GUIDE}/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection",
    remediation="Set deletion_protection_enabled=True.",
    controls=("DynamoDB.6",),
)
def protected(view: View) -> Outcome:
    replicas = view.items("replicas")
    outcomes = [check_true(view, "deletionProtectionEnabled")]
    if replicas is None:
        outcomes.append(unknown("replicas", "replicas that are protected"))
    for place, replica in enumerate(replicas or ()):
        if replica is UNKNOWN:
            outcomes.append(unknown(f"replicas.{place}", "a replica that is protected"))
        # A replica is protected where it says so; those that say nothing are left to the region's own rules.
        if isinstance(replica, Mapping) and replica.get("deletionProtectionEnabled") is not None:
            path = f"replicas.{place}.deletionProtectionEnabled"
            outcomes.append(check(view, path, is_true, "true"))
    return all_of(outcomes)


@rule(
    "OP-258",
    "dynamodb-table-in-backup-plan",
    pack="operations",
    types=(TABLE,),
    severity="medium",
    scope="stack",
    rationale="Point-in-time recovery ends with the table; backups in a vault outlive it, and can be elsewhere.",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html",
    remediation="Let an aws.backup.Selection choose the table, by its ARN or by its tags.",
    controls=("DynamoDB.4",),
    criteria=("TRADING-22.1",),
)
def backed_up(view: View) -> Outcome:
    return chosen(view, "dynamodb", "table/", "name")
