"""Protection of everything stateful by the program's transform: tables, buckets, keys, secrets, zones.

No component decides by itself whether its data survives a stack: the stack's settings do, in one place, and
stateful.yaml says which types hold data and what the decision means for each.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from components.transforms import Change
from plumbline import yaml12


@functools.cache
def stateful() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Return the properties by type and decision, from stateful.yaml."""
    return yaml12.load(Path(__file__).with_name("stateful.yaml"))


def data_kept(protected: bool) -> Change:
    """Return the change that protects a stateful resource, or makes it disposable.

    Protected ones cannot be deleted or replaced by Pulumi, stay in AWS when they leave the program, and refuse
    deletion in AWS where their type can. Disposable ones leave nothing behind.
    """
    decision = "protected" if protected else "disposable"

    def change(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        by_type = stateful().get(args.type_) if args.custom else None
        if by_type is None:
            return None
        opts = args.opts
        if protected:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True, retain_on_delete=True))
        return pulumi.ResourceTransformResult(props={**by_type[decision], **args.props}, opts=opts)

    return change
