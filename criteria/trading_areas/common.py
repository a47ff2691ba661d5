"""What the predicates share: the documents' facts, and ways into the graph."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.graph import Resource
from plumbline.verdicts import Subject


@functools.cache
def facts() -> Mapping[str, Any]:
    """Return what the documents say of tables and functions (criteria/facts/trading.yaml)."""
    return yaml12.load(Path(__file__).parents[1] / "facts" / "trading.yaml")


def function_rows() -> Iterator[tuple[str, str, str, int]]:
    """Yield (function, group, kind, memory in MB) for every handler that the documents name."""
    for group, kinds in facts()["functions"].items():
        for kind, rows in kinds.items():
            for function, memory in rows.items():
                yield function, group, kind, memory


def by_name(subject: Subject, type_: str, name: str) -> Resource | None:
    """Return the stack's resource of a type whose physical name is the environment's prefix and `name`."""
    return subject.graph.named(type_, "name", f"{subject.environment}-{name}")


def bucket_name(subject: Subject, bucket: str) -> str:
    """Return the physical name of a bucket of the stack: with its environment, and its account, as names are global."""
    return f"{subject.environment}-{bucket}-{subject.settings.get('account_id')}"
