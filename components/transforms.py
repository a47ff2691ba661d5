"""What is done to every resource of a program, in one transform.

The engine asks the program about each resource and each transform once more, over the wire: one transform for all that
is to be done halves what two cost, which is a tenth of a preview.
"""

from __future__ import annotations

from collections.abc import Callable

import pulumi

Change = Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]


def change_everything(*changes: Change) -> None:
    """Make these changes, one after another, to all resources that the program registers from now on."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        changed = None
        for change in changes:
            result = change(args)
            if result is not None:
                changed = result
                args = pulumi.ResourceTransformArgs(args.custom, args.type_, args.name, result.props, result.opts)
        return changed

    pulumi.runtime.register_resource_transform(transform)
