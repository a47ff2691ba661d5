"""What several rules about resilience share: dead letter targets, zones of subnets, functions that others name."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from policies.rules.model import PASS, Estate, Outcome, View, fail, kind_of, present_type, unknown

QUEUE = "aws:sqs/queue:Queue"
TOPIC = "aws:sns/topic:Topic"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
SUBNET = "aws:ec2/subnet:Subnet"
_SERVICES = {QUEUE: "sqs", TOPIC: "sns", FUNCTION: "lambda", ALIAS: "lambda", "aws:s3/bucket:Bucket": "s3"}


def number(value: Any) -> float | None:
    """Return a number, also where it is written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (OverflowError, ValueError):
        return None
    return found if math.isfinite(found) else None


def at_least(least: float) -> Any:
    """Return a test for `check`: a number, also as text, that is not below another."""

    def holds(value: Any) -> bool:
        found = number(value)
        return found is not None and found >= least

    return holds


def delivers_to(view: View, path: str, *types: str) -> Outcome:
    """Judge that a property names a resource of some types: by its ARN, or by the resource that the value is of."""
    services = [_SERVICES[type_] for type_ in types]
    expected = f"the ARN of a {' or '.join(type_.rpartition(':')[2].lower() for type_ in types)}"
    value = view.get(path)
    if isinstance(value, str) and value:
        service = value.split(":")[2:3]
        return PASS if service and service[0] in services else fail(path, "the ARN of something else", expected)
    if value is not UNKNOWN:
        return fail(path, kind_of(value), expected)
    sources = [source for source in view.source_types(path) if source.startswith("aws:")]
    if any(source in types for source in sources):
        return PASS
    if sources:
        return fail(path, f"a value of {', '.join(sources)}", expected)
    # The property itself is there, and what it names is decided elsewhere; a block that is not known may be empty.
    return unknown(path, expected) if view.get(path.rpartition(".")[0] or path) is UNKNOWN else PASS


def in_zones(view: View, path: str, least: int) -> Outcome:
    """Judge that a list of subnets spans zones, as far as the stack's subnets tell."""
    expected = f"subnets in at least {least} zones"
    items = view.items(path)
    if items is not None and len(_distinct(items)) < least:
        return fail(path, f"a list of {len(_distinct(items))}", expected)
    named = set(view.resource.sources(path))
    subnets = view.of_type(SUBNET)
    if items is None or all(item is UNKNOWN for item in items):
        among = [subnet for subnet in subnets if subnet.resource.urn in named]
        if not among:
            return unknown(path, expected) if items is None else PASS
    else:
        texts = {item for item in items if isinstance(item, str)}
        among = [subnet for subnet in subnets if subnet.resource.id in texts or subnet.get("id") in texts]
        if len(among) < len(_distinct(items)):
            return PASS  # subnets of elsewhere: that there are several is all that can be told
    zones = [_zone(subnet) for subnet in among]
    if len({zone for zone in zones if isinstance(zone, str)}) >= least:
        return PASS
    if any(not isinstance(zone, str) for zone in zones):
        return unknown(path, expected) if len(zones) < least else PASS
    return fail(path, "subnets of one zone", expected)


def _distinct(items: Iterable[Any]) -> list[Any]:
    """Return a list's items without repetitions; each unknown one may be another."""
    found: list[Any] = []
    for item in items:
        if item is UNKNOWN or item not in found:
            found.append(item)
    return found


def _zone(subnet: View) -> Any:
    return subnet.get(subnet.same("availabilityZone", "availabilityZoneId"))


_Found = dict[str, list[Resource]]
_NAMED: weakref.WeakKeyDictionary[Estate, dict[tuple[str, str], _Found]] = weakref.WeakKeyDictionary()


def about_function(view: View, type_: str, path: str) -> list[View]:
    """Return the resources of a type whose property names a function: itself, its alias, its name or its ARN."""
    known = _NAMED.setdefault(view.stack, {})
    if (type_, path) not in known:
        found: _Found = {}
        names = function_names(view)
        for each in view.of_type(type_):
            for urn in dict.fromkeys(function_urns(each, path, names)):
                found.setdefault(urn, []).append(each.resource)
        known[type_, path] = found
    return [replace(view, resource=each) for each in known[type_, path].get(view.resource.urn, ())]


def function_names(view: View) -> dict[str, str]:
    """Return the URNs of the stack's functions by their names."""
    return {name: each.resource.urn for each in view.of_type(FUNCTION) if isinstance(name := each.get("name"), str)}


def function_urns(view: View, path: str, names: dict[str, str]) -> Iterator[str]:
    """Yield the URNs of the functions that a property names. `names` are the functions' URNs by name."""
    value = view.get(path)
    if isinstance(value, str):
        text = value.partition(":function:")[2] or value
        if text.split(":")[0] in names:
            yield names[text.split(":")[0]]
    for urn in view.resource.sources(path):
        found = view.stack.find(urn)
        if found is None:
            continue
        if present_type(found.type) == FUNCTION:
            yield urn
        elif present_type(found.type) == ALIAS:
            yield from found.property_dependencies.get("functionName", ())
