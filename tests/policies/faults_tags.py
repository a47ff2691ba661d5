"""Faults in tags, in both shapes that types have them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault

AREA = "tags"
KEYS = ("Environment", "Project", "Owner", "CostCenter")
RULE = "resource-has-required-tags"


def faults(bench: Bench) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for resource in bench.graph:
        tags = resource.inputs.get("tags")
        if not resource.type.startswith("aws:") or not tags:
            continue
        seen[resource.type] = seen.get(resource.type, 0) + 1
        if seen[resource.type] > 3:
            continue
        yield from bench.edit(AREA, "no tags", resource, {"tags": GONE}, RULE)
        yield from bench.edit(AREA, "empty tags", resource, {"tags": type(tags)()}, RULE)
        for number, key in enumerate(KEYS):
            place = f"tags.{key}" if isinstance(tags, dict) else f"tags.{number}.value"
            gone = place if isinstance(tags, dict) else f"tags.{number}"
            yield from bench.edit(AREA, f"no {key}", resource, {gone: GONE}, RULE)
            yield from bench.edit(AREA, f"empty {key}", resource, {place: ""}, RULE)
            yield from bench.edit(AREA, f"another {key}", resource, {place: "someone-else"}, RULE)
            if isinstance(tags, dict):
                changes = {f"tags.{key}": GONE, f"tags.{key.lower()}": tags.get(key)}
                yield from bench.edit(
                    AREA, f"{key} in small letters", resource, changes, RULE, "tag-key-has-one-spelling"
                )
                both = {f"tags.{key.lower()}": tags.get(key)}
                yield from bench.edit(AREA, f"{key} twice", resource, both, "tag-key-has-one-spelling")
