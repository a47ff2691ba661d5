"""Which resource types of the AWS SDK take tags, and in which shape: an extract, as plumbline/data/taggable.json.

To ask the SDK for all types takes half a minute, since it loads a module for each, and some seconds for those of one
stack; the extract takes milliseconds. Run `python -m plumbline.taggable` after a new version of pulumi-aws.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from plumbline import sdk

FILE = Path(__file__).with_name("data") / "taggable.json"
Shape = Literal["map", "list"]
_SHAPES: tuple[Shape, ...] = ("map", "list")


def derive() -> dict[str, Any]:
    """Return the SDK's version and, for each shape of tags, the types that take it."""
    shapes: dict[str, list[str]] = {shape: [] for shape in _SHAPES}
    for type_ in sdk.known_types():
        shape = sdk.tag_shape(type_)
        if shape is not None:
            shapes[shape].append(type_)
    return {"pulumi-aws": importlib.metadata.version("pulumi-aws"), **shapes}


@functools.cache
def taggable() -> Mapping[str, Shape]:
    """Return the shape in which each type takes tags: "map", or "list" of key, value and propagateAtLaunch."""
    extract = json.loads(FILE.read_text(encoding="utf-8"))
    return {type_: shape for shape in _SHAPES for type_ in extract[shape]}


if __name__ == "__main__":
    FILE.write_text(json.dumps(derive(), indent=1) + "\n", encoding="utf-8")
