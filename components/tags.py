"""Tags on every resource that takes them, put on by the program's transform (TRADING-23.1).

The provider's default tags would do the same on AWS, but policies never see them in a preview.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.transforms import Change
from plumbline import sdk


def tagged(tags: Mapping[str, str]) -> Change:
    """Return the change that tags a resource. Its own tags win over these."""

    def change(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        shape = sdk.tag_shape(args.type_) if args.custom else None
        if shape is None:
            return None
        own = args.props.get("tags")
        # Tags that are one output are merged when they are known; otherwise each of them keeps its own state.
        is_output = isinstance(own, pulumi.Output)
        merged = own.apply(lambda own: _merge(own, shape, tags)) if is_output else _merge(own, shape, tags)
        return pulumi.ResourceTransformResult(props={**args.props, "tags": merged}, opts=args.opts)

    return change


def _merge(own: Any, shape: str, tags: Mapping[str, str]) -> object:
    """Add the tags to a resource's own, in the shape that its type takes."""
    if shape == "map":
        return {**tags, **(own or {})}
    own = list(own or [])
    taken = {tag["key"] for tag in own}
    # Only Auto Scaling groups take tags as a list, and say for each whether instances inherit it.
    return own + [
        {"key": key, "value": value, "propagateAtLaunch": True} for key, value in tags.items() if key not in taken
    ]
