"""Tags on every resource that takes them, put on by one transform (TRADING-23.1).

The provider's default tags would do the same on AWS, but policies never see them in a preview.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from plumbline import sdk


def tag_everything(tags: Mapping[str, str]) -> None:
    """Tag all resources that the program registers from now on. A resource's own tags win over these."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        shape = sdk.tag_shape(args.type_) if args.custom else None
        if shape is None:
            return None
        return pulumi.ResourceTransformResult(props={**args.props, "tags": _tagged(args, shape, tags)}, opts=args.opts)

    pulumi.runtime.register_resource_transform(transform)


def _tagged(args: pulumi.ResourceTransformArgs, shape: str, tags: Mapping[str, str]) -> object:
    own = args.props.get("tags")
    if shape == "map":
        return {**tags, **(own or {})}
    own = list(own or [])
    taken = {tag["key"] for tag in own}
    # Only Auto Scaling groups take tags as a list, and say for each whether instances inherit it.
    return own + [
        {"key": key, "value": value, "propagateAtLaunch": True} for key, value in tags.items() if key not in taken
    ]
