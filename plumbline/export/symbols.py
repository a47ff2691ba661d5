"""Answers a program's registrations with marks instead of values, so that a reader sees where each value goes.

A preview knows only that a value is unknown. With marks, "this text holds the ARN of that queue" is in the graph, at
any depth, and without ids that differ from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline import sdk
from plumbline.graph import UNKNOWN, Resource
from plumbline.invokes import ZONE

MARK = re.compile(r"plumbline\.([0-9]+)\.([A-Za-z.]+?)\.mark")


class Symbols:
    """A deployer that makes nothing: the id and every text of a resource are marks, those that it was given among them.

    The program is to run as in a preview: what is no text stays unknown to it. `zones` are the ids of the hosted zones
    that were looked up, with their names.
    """

    parallel = 1

    def __init__(self) -> None:
        self.urns: list[str] = []
        self.zones: dict[str, str] = {}

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Remember a hosted zone: its id is another one in each account."""
        if token == ZONE:
            self.zones[str(answer["zoneId"])] = str(answer["name"])

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        """Return marks for what AWS would answer; secrets are left as they were given."""
        number = len(self.urns)
        self.urns.append(resource.urn)
        outputs: dict[str, Any] = {}
        for name, type_ in sdk.output_types(resource.type).items():
            given = resource.inputs.get(name)
            if type_ is str and _markable(given):
                outputs[name] = _mark(number, name)
            elif isinstance(given, Mapping):
                # AWS answers more in some objects than it was given: a domain, where it is reached.
                more = [key for key, kind in sdk.nested_types(type_).items() if kind is str and key not in given]
                outputs[name] = {**given, **{key: _mark(number, f"{name}.{key}") for key in more}}
        return _mark(number, "id"), outputs

    def pieces(self, text: str) -> Iterator[str | tuple[str, str]]:
        """Yield the parts of a text: plain ones, and (URN, output) for each mark."""
        position = 0
        for match in MARK.finditer(text):
            if match.start() > position:
                yield text[position : match.start()]
            yield self.urns[int(match[1])], match[2]
            position = match.end()
        if position < len(text):
            yield text[position:]

    def single(self, value: Any) -> tuple[str, str] | None:
        """Return (URN, output) of a value that is one mark and nothing else."""
        match = MARK.fullmatch(value) if isinstance(value, str) else None
        return (self.urns[int(match[1])], match[2]) if match else None


def _mark(number: int, output: str) -> str:
    return f"plumbline.{number}.{output}.mark"


def _markable(given: Any) -> bool:
    return given is None or given is UNKNOWN or isinstance(given, str)
