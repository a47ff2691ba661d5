"""Enumerations, lengths, ranges and patterns, as botocore's service models list them.

botocore's own validator ignores most of these, and the provider's schema does not have them.
data/aws_shapes.yaml says which shape of which service model describes which property.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from botocore.loaders import Loader

from plumbline import yaml12
from plumbline.constraints.registry import Finding, every_resource
from plumbline.graph import Resource, StackGraph

_STEP = re.compile(r"[^.\[\]]+|\[\*\]")


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    return yaml12.load(FilePath(__file__).parents[1] / "data" / "aws_shapes.yaml")


@functools.cache
def _shapes(service: str) -> dict[str, Any]:
    return Loader().load_service_model(service, "service-2")["shapes"]


@every_resource
def values(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Compare a resource's values with the shapes that the table names for its type."""
    row = _table().get(resource.type)
    if row is None:
        return
    for path, name in row["properties"].items():
        shape = _shapes(row["service"])[name]
        for place, value in _select(resource.inputs, _STEP.findall(path), ""):
            message = refusal(value, shape)
            if message:
                yield place, message


def _select(value: Any, steps: list[str], place: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield place, value
        return
    step, rest = steps[0], steps[1:]
    if step == "[*]":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _select(item, rest, f"{place}[{index}]")
    elif isinstance(value, dict) and value.get(step) is not None:
        yield from _select(value[step], rest, f"{place}.{step}" if place else step)


def refusal(value: Any, shape: dict[str, Any]) -> str | None:
    """Say why a value does not fit a botocore shape, None where it fits or cannot be judged."""
    if isinstance(value, str) and shape["type"] == "string":
        allowed = shape.get("enum")
        if allowed and value not in allowed:
            return f"{value!r} given; allowed: {_some(allowed)}"
        low, high = shape.get("min"), shape.get("max")
        if low is not None and len(value) < low:
            return f"{len(value)} characters given; allowed: at least {low}"
        if high is not None and len(value) > high:
            return f"{len(value)} characters given; allowed: at most {high}"
        pattern = _pattern(shape.get("pattern"))
        if pattern is not None and not pattern.fullmatch(value):
            return f"{value!r} given; allowed: {shape['pattern']}"
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and shape["type"] in ("integer", "long", "double")
    ):
        low, high = shape.get("min"), shape.get("max")
        if low is not None and value < low:
            return f"{value} given; allowed: at least {low}"
        if high is not None and value > high:
            return f"{value} given; allowed: at most {high}"
    return None


@functools.cache
def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None  # a Java pattern that Python does not know, such as \\p{L}


def _some(allowed: list[str]) -> str:
    return ", ".join(allowed) if len(allowed) <= 12 else ", ".join([*allowed[-12:], "…"])
