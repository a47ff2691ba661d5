"""The parts of an expansion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class NotExpanded(Exception):
    """Inputs that the component refuses, or that no offline expansion is known for; the text is one line."""


@dataclass(frozen=True)
class Ref:
    """An output of another child, known once that is made: its id, or a named property.

    `only_waits` says that the component looks at the output and then gives nothing: the input is there as long as the
    output is unknown, and gone afterwards.
    """

    child: str
    property: str = "id"
    only_waits: bool = False


@dataclass(frozen=True)
class Reference:
    """The child itself, as a resource reference."""

    child: str


@dataclass(frozen=True, kw_only=True)
class Child:
    """One resource that the component registers.

    `key` names it within the expansion; `parent` is the key of another child, "" for the component. `inputs` may hold
    Refs at any depth. `after` are the keys that it depends on besides those of its Refs.
    """

    key: str
    type: str
    name: str
    parent: str = ""
    inputs: Mapping[str, Any] = field(hash=False)
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """The children in an order in which they can be made, and the component's outputs (with Refs and References).

    `needs` are the keys of the children that each output depends on, which may be more than it refers to.
    """

    children: tuple[Child, ...]
    outputs: Mapping[str, Any] = field(hash=False)
    needs: Mapping[str, tuple[str, ...]] = field(hash=False)


# (name, inputs, region) -> expansion. Raises NotExpanded.
Expander = Callable[[str, Mapping[str, Any], str], Expansion]
