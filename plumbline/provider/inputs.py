"""What the provider says of a resource's inputs: which names it makes up, what changes, what must be replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline import sdk
from plumbline.changes import changed_outputs, differences, replacing
from plumbline.graph import UNKNOWN, Path, Resource, dig, path_text, reveal

DEFAULTS = "__defaults"  # names the inputs that the provider made up, as pulumi-aws does
# What an update leaves as it is in a type whose update gives other values.
_LASTING = {"arn", "id", "name", "region", "tagsAll"}


@dataclass(frozen=True)
class Difference:
    """One property path that differs, and whether it forces a replacement."""

    path: Path
    kind: str  # "add", "delete" or "update"
    replaces: bool

    @property
    def text(self) -> str:
        return path_text(self.path)


def takes_made_up_name(resource: Resource) -> bool:
    """Say whether a type has a name that need not be given, and it is not."""
    known = sdk.inputs_of(resource.type)
    return (
        known is not None
        and "name" in known.properties
        and "name" not in known.required
        and resource.inputs.get("name") is None
    )


def kept_name(before: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Return the name that the provider made up earlier, None where there is none or it was made of another prefix."""
    name = before.get("name")
    made_up = "name" in (before.get(DEFAULTS) or ())
    return name if made_up and isinstance(name, str) and before.get("namePrefix") == now.get("namePrefix") else None


def differing(type_: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what differs between the inputs that a resource was made from and those that it is to have."""
    old, new = reveal(before), reveal(now)
    forcing = replacing(type_)
    for path, value in differences(old, new):
        kind = "delete" if value is None else "add" if _at(old, path) is None else "update"
        yield Difference(path, kind, str(path[0]) in forcing)


def _at(value: Any, path: Path) -> Any:
    found = value
    for step in path:
        if isinstance(found, list) and isinstance(step, int):
            found = found[step] if step < len(found) else None
        elif isinstance(found, Mapping):
            found = found.get(str(step))
        else:
            return None
    return found


def must_go_first(type_: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Say whether the old resource is in the way of the one that replaces it: both would have the same name."""
    name = "bucket" if type_ == "aws:s3/bucket:Bucket" else "name"
    given = reveal(dig(now, name))
    made_up = name in (now.get(DEFAULTS) or ())
    return isinstance(given, str) and not made_up and given == reveal(dig(before, name))


def unknown_outputs(type_: str) -> dict[str, Any]:
    """Return the outputs that are not known before a resource is made: all of them."""
    return dict.fromkeys((*sdk.output_types(type_), "id"), UNKNOWN)


def outputs_before_update(type_: str, outputs: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs, besides the inputs, that are known before an update: those that it does not change."""
    changes = changed_outputs(type_)
    return {
        key: UNKNOWN if changes and key not in _LASTING else value for key, value in outputs.items() if key not in now
    }
