"""Shows a diff: on the terminal, as the comment of a pull request, and as the machine document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape

from plumbline.diff.approvals import Approval
from plumbline.diff.compared import Diff, StackDiff, Verdicts
from plumbline.diff.details import Detail, Value
from plumbline.diff.losses import Loss
from plumbline.markdown import cell

VERSION = 1
# By it the one comment is found that is edited in place.
MARK = "<!-- plumbline: diff -->"
_CAVEAT = "A diff of graphs, by the programs' inputs: what the provider itself would decide is not in it."
_SIGNS = {"delete": "-", "replace": "±", "update": "~", "create": "+", "same": "~"}
_FIRST = ("delete", "replace")
_LATER = ("update", "same", "create")
_MOST_ROWS = 40  # of one list in a comment; the report that goes with it has all
_MOST_VALUES = 8
_MOST_IN_SIGHT = 10  # deletions and replacements of a stack; what is lost is always in sight


def document(diff: Diff) -> dict[str, Any]:
    """Return the machine document (docs/contract.schema.json, `diff`)."""
    return {
        "version": VERSION,
        "project": diff.project,
        "base": {"name": diff.base.name, "commit": diff.base.commit},
        "head": {"name": diff.head.name, "commit": diff.head.commit},
        "stacks": [_stack_document(stack) for stack in diff.stacks],
        "notes": list(diff.notes),
        "summary": {
            **{
                status: sum(stack.status == status for stack in diff.stacks)
                for status in ("changed", "new", "removed", "same", "broken")
            },
            "losses": sum(len(stack.losses) for stack in diff.stacks),
            "blocked": sum(len(stack.blocked) for stack in diff.stacks),
            "fails": bool(diff.status),
        },
    }


def _stack_document(stack: StackDiff) -> dict[str, Any]:
    return {
        "stack": stack.stack,
        "system": stack.system,
        "status": stack.status,
        "resources": {"before": stack.resources[0], "after": stack.resources[1]},
        "changes": [
            {
                "urn": detail.urn,
                "type": detail.type,
                "name": detail.name,
                "action": detail.action,
                "before": detail.before or None,
                "causes": list(detail.causes),
                "values": [_value_document(value) for value in detail.values],
            }
            for detail in _sorted(stack.details)
        ],
        "outputs": [_value_document(value) for value in stack.outputs],
        "permissions": [
            {
                "to": right.who,
                "on": right.on,
                "gained": list(right.gained),
                "lost": list(right.lost),
                "text": right.text,
            }
            for right in stack.rights
        ],
        "criteria": [
            {"id": row.id, "before": row.before or None, "after": row.after or None, "evidence": row.evidence}
            for row in stack.verdicts
        ],
        "policies": {"new": list(stack.policies.new), "gone": list(stack.policies.gone)},
        "waivers": {"new": list(stack.waivers.new), "gone": list(stack.waivers.gone)},
        "losses": [
            {
                "urn": loss.urn,
                "action": loss.action,
                "text": loss.text,
                "repair": loss.repair or None,
                "approved": None
                if loss.approval is None
                else {
                    "owner": loss.approval.owner,
                    "reason": loss.approval.reason,
                    "expires": loss.approval.expires.isoformat(),
                },
            }
            for loss in stack.losses
        ],
        "errors": [{"side": side, "line": line} for side, line in stack.errors],
    }


def _value_document(value: Value) -> dict[str, Any]:
    return {"path": value.path, "old": value.old or None, "new": value.new or None}


def text(diff: Diff, console: Console, every: bool = False) -> None:
    """Print a diff. `every` lists all values of all changes."""
    console.print(f"[bold]{_title(diff)}[/]", highlight=False)
    for stack in _telling(diff):
        console.print(f"\n[bold]{escape(stack.stack)}[/] ({escape(stack.system)}): {_headline(stack)}", highlight=False)
        for line in _lines(stack, None if every else _MOST_VALUES):
            console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    console.print(f"\n{_quiet(diff)}" if _quiet(diff) else "", highlight=False)
    for note in (*diff.notes, _CAVEAT):
        console.print(f"[yellow]note[/] {escape(note)}", highlight=False, soft_wrap=True)


def _title(diff: Diff) -> str:
    return f"{diff.base.name} ({diff.base.short}) → {diff.head.name} ({diff.head.short}): {_outcome(diff)}"


def _outcome(diff: Diff) -> str:
    count = len(_telling(diff))
    changed = f"{count} of {len(diff.stacks)} stacks change" if count else f"none of {len(diff.stacks)} stacks changes"
    blocked = sum(len(stack.blocked) for stack in diff.stacks)
    worse = sum(row.is_worse for stack in diff.stacks for row in stack.verdicts)
    mandatory = sum(stack.policies.mandatory for stack in diff.stacks)
    broken = sum(stack.status == "broken" for stack in diff.stacks)
    reasons = [
        (blocked, "lost without approval"),
        (worse, "newly failing criteria" if worse != 1 else "newly failing criterion"),
        (mandatory, "new mandatory violations" if mandatory != 1 else "new mandatory violation"),
        (broken, "stacks not evaluated" if broken != 1 else "stack not evaluated"),
    ]
    told = [f"{number} {what}" for number, what in reasons if number]
    return "; ".join([changed, *told])


def _telling(diff: Diff) -> list[StackDiff]:
    return [stack for stack in diff.stacks if stack.status != "same"]


def _quiet(diff: Diff) -> str:
    names = [stack.stack for stack in diff.stacks if stack.status == "same"]
    return f"No change: {', '.join(names)}" if names else ""


def _headline(stack: StackDiff) -> str:
    if stack.status == "new":
        return f"new stack, {stack.resources[1]} resources to create"
    if stack.status == "removed":
        return f"its file is gone; its {stack.resources[0]} resources stay until `pulumi destroy`"
    if stack.status == "broken":
        sides = " and ".join(dict.fromkeys(side for side, _ in stack.errors))
        return f"{sides} cannot be evaluated"
    actions = Counter(_action(detail) for detail in stack.details)
    shown = [f"{actions[action]} to {action}" for action in (*_FIRST, "update", "move", "create") if actions[action]]
    return ", ".join(shown) or "no resource changes"


def _action(detail: Detail) -> str:
    """Return what happens to a resource, in one word: nothing happens in AWS to one that moves."""
    if detail.action != "same":
        return detail.action
    return "update" if detail.values else "move"


def _sorted(details: Iterable[Detail]) -> list[Detail]:
    """Return changes, the ones first that destroy something, and otherwise in the order of their URNs."""
    order = {action: number for number, action in enumerate((*_FIRST, *_LATER))}
    return sorted(details, key=lambda detail: (order[detail.action], detail.urn))


def _lines(stack: StackDiff, most: int | None) -> Iterator[str]:
    yield from (f"{side}: {line}" for side, line in stack.errors)
    for group in _grouped(stack.losses):
        yield from _loss_lines(group)
    for detail in _sorted(stack.details):
        yield _change_line(detail)
        yield from (f"    {_value_line(value)}" for value in detail.values[:most])
        if most is not None and len(detail.values) > most:
            yield f"    … {len(detail.values) - most} more, with --all"
    yield from (f"output {_value_line(value)}" for value in stack.outputs)
    yield from (f"permission {right.text}" for right in stack.rights)
    yield from (f"criterion {_verdict_line(row)}" for row in stack.verdicts)
    yield from _ruling_lines(stack)


def _grouped(losses: Iterable[Loss]) -> list[list[Loss]]:
    """Return losses by what would keep them: one alias of a component keeps all that it has."""
    groups: dict[str, list[Loss]] = {}
    for loss in losses:
        own = loss.approval is not None or loss.expired is not None or not loss.repair
        groups.setdefault(loss.urn if own else loss.repair, []).append(loss)
    return list(groups.values())


def _loss_lines(group: list[Loss]) -> Iterator[str]:
    first = group[0]
    if first.approval is not None:
        yield f"approved loss: {first.text} ({_approval(first.approval)})"
        return
    yield from (f"LOSS: {loss.text}" for loss in group)
    if first.expired is not None:
        yield f"    its approval has expired: {_approval(first.expired)}"
    if first.repair:
        yield f"    to keep {'it' if len(group) == 1 else 'them'}: {first.repair}"
    else:
        yield f"    to let it go: a row in approvals.yaml with its stack, resource {_short(first.urn)} and action"


def _approval(approval: Approval) -> str:
    return f"{approval.owner} until {approval.expires.isoformat()}: {approval.reason}"


def _short(urn: str) -> str:
    return f"{urn.split('::')[2].rpartition('$')[2]}::{urn.split('::')[3]}"


def _change_line(detail: Detail) -> str:
    because = f" because of {', '.join(detail.causes)}" if detail.causes else ""
    moved = f" (was {_short(detail.before)} in {_parents(detail.before)})" if detail.before else ""
    return f"{_SIGNS[detail.action]} {_action(detail)} {detail.type} {detail.name}{because}{moved}"


def _parents(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[0] or "the stack"


def _value_line(value: Value) -> str:
    if not value.old:
        return f"{value.path}: + {value.new}"
    if not value.new:
        return f"{value.path}: - {value.old}"
    return f"{value.path}: {value.old} → {value.new}"


def _verdict_line(row: Verdicts) -> str:
    return f"{row.id}: {row.before or 'not judged'} → {row.after or 'no longer judged'} ({row.evidence})"


def _ruling_lines(stack: StackDiff) -> Iterator[str]:
    for what, rulings in (("violation", stack.policies), ("waiver", stack.waivers)):
        yield from (f"new {what} {line}" for line in rulings.new)
        yield from (f"{what} gone {line}" for line in rulings.gone)


def markdown(diff: Diff) -> str:
    """Return the comment: what destroys something is in sight, the rest is folded, what is the same is one line."""
    return "\n".join(_markdown(diff)) + "\n"


def _markdown(diff: Diff) -> Iterator[str]:
    yield MARK
    yield f"### Plumbline: {_outcome(diff)}"
    yield ""
    yield f"`{diff.base.short}` → `{diff.head.short}`"
    for stack in _telling(diff):
        yield from ("", f"#### {stack.stack} ({stack.system}): {_headline(stack)}")
        yield from _stack_markdown(stack)
    if _quiet(diff):
        yield from ("", _quiet(diff))
    for note in (*diff.notes, _CAVEAT):
        yield from ("", f"> {note}")


def _stack_markdown(stack: StackDiff) -> Iterator[str]:
    if stack.errors:
        yield from ("", "```")
        yield from (f"{side}: {line}" for side, line in stack.errors)
        yield "```"
    for group in _grouped(stack.losses):
        yield from ("", *_loss_markdown(group))
    ordered = _sorted(stack.details)
    first = [detail for detail in ordered if detail.action in _FIRST]
    yield from _table(first[:_MOST_IN_SIGHT])
    yield from _folded(f"{len(first) - _MOST_IN_SIGHT} more to delete or replace", _table(first[_MOST_IN_SIGHT:]))
    worse = [row for row in stack.verdicts if row.is_worse]
    if worse:
        yield from ("", "| criterion | was | is | evidence |", "| --- | --- | --- | --- |")
        for row in worse:
            yield f"| {row.id} | {row.before or 'not judged'} | **{row.after}** | {cell(row.evidence)} |"
    if stack.policies.new:
        yield from ("", "New violations:", "")
        yield from _bullets(stack.policies.new)
    if stack.rights:
        yield from ("", "Permissions:", "")
        yield from _bullets([right.text for right in stack.rights])
    for action in ("update", "move", "create"):
        rows = [row for row in ordered if _action(row) == action]
        yield from _folded(f"{len(rows)} to {action}", _table(rows))
    yield from _folded("outputs", _bullets([_value_line(value) for value in stack.outputs]))
    others = [_verdict_line(row) for row in stack.verdicts if not row.is_worse]
    yield from _folded("other criteria", _bullets(others))
    gone = [f"violation gone: {line}" for line in stack.policies.gone]
    waivers = [f"new waiver: {line}" for line in stack.waivers.new]
    waivers += [f"waiver gone: {line}" for line in stack.waivers.gone]
    yield from _folded("policies and waivers", _bullets([*gone, *waivers]))


def _loss_markdown(group: list[Loss]) -> Iterator[str]:
    first = group[0]
    if first.approval is not None:
        yield f"Approved loss: {first.text} ({_approval(first.approval)})."
    elif first.expired is not None:
        yield f"**Data loss**: {first.text}. Its approval has expired ({_approval(first.expired)})."
    elif first.repair:
        yield from (f"**Data loss**: {loss.text}.{'' if loss is group[-1] else '<br>'}" for loss in group)
        code, _, place = first.repair.partition(" among ")
        yield from ("", f"`{code}` among {place} keeps {'it' if len(group) == 1 else 'them'}.")
    else:
        yield f"**Data loss**: {first.text}. Keep it, or approve it in `approvals.yaml` (`{_short(first.urn)}`)."


def _table(rows: list[Detail]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", "| | resource | property | old | new |", "| --- | --- | --- | --- | --- |")
    for row in rows[:_MOST_ROWS]:
        name = f"{_change_line(row)[2:]}"
        values = row.values[:_MOST_VALUES]
        if not values:
            yield f"| {_SIGNS[row.action]} | {cell(name)} | | | |"
        for number, value in enumerate(values):
            shown = cell(name) if number == 0 else ""
            sign = _SIGNS[row.action] if number == 0 else ""
            yield f"| {sign} | {shown} | {_code(value.path)} | {_code(value.old)} | {_code(value.new)} |"
        if len(row.values) > _MOST_VALUES:
            yield f"| | | … {len(row.values) - _MOST_VALUES} more | | |"
    if len(rows) > _MOST_ROWS:
        yield f"| | … {len(rows) - _MOST_ROWS} more in the report | | | |"


def _code(value: str) -> str:
    return f"`{cell(value.replace('`', chr(0x2BC)))}`" if value else ""


def _bullets(lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    yield from (f"- {line}" for line in lines[:_MOST_ROWS])
    if len(lines) > _MOST_ROWS:
        yield f"- … {len(lines) - _MOST_ROWS} more in the report"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if lines:
        above = [] if lines[0] == "" else [""]
        yield from ("", f"<details><summary>{title}</summary>", *above, *lines, "", "</details>")
