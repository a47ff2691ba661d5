"""Answers a program's registrations with marks instead of values, so that a reader sees where each value goes.

A preview knows only that a value is unknown. With marks, "this text holds the ARN of that queue" is in the graph, at
any depth, and without ids that differ from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline import sdk
from plumbline.graph import Resource

MARK = re.compile(r"plumbline\.([0-9]+)\.([A-Za-z]+)\.mark")


class Symbols:
    """A deployer that makes nothing: the id and every text that AWS would answer are marks."""

    parallel = 1

    def __init__(self) -> None:
        self.urns: list[str] = []

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Nothing remembers what a provider function found."""

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        number = len(self.urns)
        self.urns.append(resource.urn)
        outputs = {
            name: f"plumbline.{number}.{name}.mark"
            for name, type_ in sdk.output_types(resource.type).items()
            if name not in resource.inputs and type_ is str
        }
        return f"plumbline.{number}.id.mark", outputs

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
