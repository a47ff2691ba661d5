"""What a resource was called before: aliases as URNs, by the engine's own rules.

They are those of pulumi's step generator: an alias replaces parts of the resource's URN, and where a parent went by
another URN, its children did too.
"""

from __future__ import annotations

_STACK_TYPE = "pulumi:pulumi:Stack"


def urn_of(home: str, parent: str, type_: str, name: str) -> str:
    """Return the URN of a resource. `home` is "STACK::PROJECT", `parent` the parent's URN, "" for none."""
    above = parent.split("::")[2] if parent else ""
    qualified = f"{above}${type_}" if above and above != _STACK_TYPE else type_
    return f"urn:pulumi:{home}::{qualified}::{name}"


def inherited(type_: str, name: str, parent: str, parent_before: str) -> str:
    """Return the URN that a child had when its parent went by `parent_before`.

    A child whose name begins with its parent's is taken to have followed the parent's name.
    """
    parent_name, old_parent_name = (urn.split("::")[3] for urn in (parent, parent_before))
    if name.startswith(parent_name):
        name = old_parent_name + name.removeprefix(parent_name)
    home = "::".join(parent_before.removeprefix("urn:pulumi:").split("::")[:2])
    return urn_of(home, parent_before, type_, name)


def former(urn: str, type_: str, name: str, parent: str, declared: tuple[str, ...], parent_before: str) -> list[str]:
    """Return all URNs by which a resource may be known in an earlier state, the nearest first.

    `declared` are the URNs of its aliases, `parent_before` the URN by which its parent was found there, "" for none.
    """
    found = [urn, *declared]
    if parent and parent_before and parent_before != parent:
        found.append(inherited(type_, name, parent, parent_before))
        for alias in declared:
            parts = alias.split("::")
            if len(parts) > 3:
                found.append(inherited(parts[2].rpartition("$")[2], parts[3], parent, parent_before))
    return list(dict.fromkeys(found))
