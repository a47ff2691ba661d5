"""The command `diff`: what changes between two revisions, stack by stack."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from plumbline.diff import approvals, revisions, sides
from plumbline.diff.details import Detail, Value, details, outputs
from plumbline.diff.losses import Loss, is_protected, losses
from plumbline.diff.revisions import Revision
from plumbline.diff.rights import RightChange
from plumbline.diff.rights import changes as right_changes
from plumbline.diff.sides import Side
from plumbline.graph import urn_type
from plumbline.project import Project, UserError, suggestion

_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements.txt", "requirements-dev.txt")


@dataclass(frozen=True)
class Verdicts:
    """How a criterion was judged and is judged now; "" where the revision has no such criterion."""

    id: str
    before: str
    after: str
    evidence: str

    @property
    def is_worse(self) -> bool:
        """Say whether the criterion fails, and did not."""
        return self.after == "fail" and self.before != "fail"


@dataclass(frozen=True)
class Rulings:
    """Findings of the policies, or waivers, that one revision has and the other has not: one line each.

    `mandatory` counts the new findings that no deployment passes.
    """

    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    mandatory: int = 0


@dataclass(frozen=True)
class StackDiff:
    """What changes in one stack. `status` is new, removed, changed, same, or broken where a side was not evaluated."""

    stack: str
    system: str
    status: str
    resources: tuple[int, int] = (0, 0)
    details: tuple[Detail, ...] = ()
    outputs: tuple[Value, ...] = ()
    rights: tuple[RightChange, ...] = ()
    verdicts: tuple[Verdicts, ...] = ()
    policies: Rulings = Rulings()
    waivers: Rulings = Rulings()
    losses: tuple[Loss, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()  # (base or head, line)

    @property
    def blocked(self) -> list[Loss]:
        """The losses that nobody approved."""
        return [loss for loss in self.losses if loss.approval is None]

    @property
    def fails(self) -> bool:
        """Say whether a reviewer must not let this pass."""
        return bool(
            self.blocked or self.errors or self.policies.mandatory or any(row.is_worse for row in self.verdicts)
        )


@dataclass(frozen=True)
class Diff:
    """What changes between two revisions, by stack."""

    project: str
    base: Revision
    head: Revision
    stacks: tuple[StackDiff, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def status(self) -> int:
        """1 where data is lost, a side was not evaluated, or a criterion or mandatory rule fails that did not."""
        return 1 if any(stack.fails for stack in self.stacks) else 0


def compare(
    project: Project,
    base: str,
    head: str | None,
    only: Sequence[str],
    today: datetime.date,
    progress: Callable[[int], AbstractContextManager[Callable[[], None]]],
) -> Diff:
    """Evaluate the stacks of two revisions, each with its own code, and compare them. Raises UserError."""
    before = revisions.find(project.root, base)
    after = revisions.find(project.root, head or "HEAD")
    if head is None and (count := revisions.uncommitted(project.root)):
        files = "1 file is" if count == 1 else f"{count} files are"
        raise UserError(
            f"{files} not committed, and only commits are compared: commit or stash, or name HEAD to leave them out"
        )
    approved = approvals.read(revisions.text(project.root, after, approvals.FILE))
    with revisions.checked_out(project.root, (before, after)) as folders:
        known = {one.commit: _stacks(Project(folders[one.commit])) for one in (before, after)}
        stacks = _chosen(only, sorted({*known[before.commit], *known[after.commit]}))
        asked = [
            (one, folders[one.commit], stack)
            for stack in stacks
            for one in dict.fromkeys((before, after))
            if stack in known[one.commit]
        ]
        with progress(len(asked)) as done:
            found = sides.evaluate(project, asked, done)
        systems = {stack: _system(folders, (after, before), stack) for stack in stacks}
    compared = tuple(
        _stack(
            stack, systems[stack], found.get((before.commit, stack)), found.get((after.commit, stack)), approved, today
        )
        for stack in stacks
    )
    return Diff(project.name, before, after, compared, _notes(project, before, after))


def _stacks(project: Project) -> list[str]:
    return project.stacks() if (project.root / "Pulumi.yaml").is_file() else []


def _chosen(only: Sequence[str], known: list[str]) -> list[str]:
    unknown = [name for name in dict.fromkeys(only) if name not in known]
    if unknown:
        listed = ", ".join(known) or "none"
        raise UserError(
            *(f"stack {name!r} is in neither revision{suggestion(name, known)}; known: {listed}" for name in unknown)
        )
    return [name for name in known if not only or name in only]


def _system(folders: Mapping[str, Any], order: Sequence[Revision], stack: str) -> str:
    for revision in order:
        try:
            return Project(folders[revision.commit]).system(stack)
        except UserError:
            continue
    return ""


def _notes(project: Project, before: Revision, after: Revision) -> tuple[str, ...]:
    changed = [
        name
        for name in _LOCKS
        if revisions.text(project.root, before, name) != revisions.text(project.root, after, name)
    ]
    if not changed:
        return ()
    return (f"{', '.join(changed)}: differ; both revisions were evaluated with the packages that are installed here",)


def _stack(
    stack: str,
    system: str,
    before: Side | None,
    after: Side | None,
    approved: Sequence[approvals.Approval],
    today: datetime.date,
) -> StackDiff:
    errors = tuple(
        (name, line) for name, side in (("base", before), ("head", after)) if side is not None for line in side.errors
    )
    if errors:
        sizes = _size(before), _size(after)
        # Of the other side the verdicts are told, as far as they fail.
        whole = after if after is not None and after.graph is not None else None
        return StackDiff(
            stack,
            system,
            "broken",
            sizes,
            verdicts=_verdicts({}, whole.document, failing=True) if whole else (),
            policies=_rulings((), whole.document.get("policies", ())) if whole else Rulings(),
            errors=errors,
        )
    if after is None or after.graph is None:
        assert before is not None and before.graph is not None
        return StackDiff(stack, system, "removed", (len(before.graph), 0))
    if before is None or before.graph is None:
        return StackDiff(
            stack,
            system,
            "new",
            (0, len(after.graph)),
            verdicts=_verdicts({}, after.document, failing=True),
            policies=_rulings((), after.document.get("policies", ())),
            waivers=_waivers((), after.document.get("waived", ())),
        )
    found = details(before.graph, after.graph)
    lost = (
        losses(stack, before.graph, after.graph, found, approved, today)
        if is_protected(before.settings, after.settings)
        else []
    )
    compared = StackDiff(
        stack,
        system,
        "changed",
        (len(before.graph), len(after.graph)),
        tuple(found),
        outputs(before.graph, after.graph),
        tuple(right_changes(before.graph, after.graph, after.settings)),
        _verdicts(before.document, after.document),
        _rulings(before.document.get("policies", ()), after.document.get("policies", ())),
        _waivers(before.document.get("waived", ()), after.document.get("waived", ())),
        tuple(lost),
    )
    changed = (
        compared.details, compared.outputs, compared.rights, compared.verdicts,
        compared.policies != Rulings(), compared.waivers != Rulings(),
    )  # fmt: skip
    return compared if any(changed) else StackDiff(stack, system, "same", compared.resources)


def _size(side: Side | None) -> int:
    return len(side.graph) if side is not None and side.graph is not None else 0


def _verdicts(before: Mapping[str, Any], after: Mapping[str, Any], *, failing: bool = False) -> tuple[Verdicts, ...]:
    old = {row["id"]: row for row in before.get("criteria", ())}
    new = {row["id"]: row for row in after.get("criteria", ())}
    rows = [
        Verdicts(
            id_,
            old.get(id_, {}).get("verdict", ""),
            new.get(id_, {}).get("verdict", ""),
            (new.get(id_) or old[id_])["evidence"],
        )
        for id_ in dict.fromkeys((*old, *new))
    ]
    return tuple(row for row in rows if row.before != row.after and (not failing or row.after == "fail"))


def _rulings(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Rulings:
    old, new = {_ruling(row): row for row in before}, {_ruling(row): row for row in after}
    gone = [line for line in old if line not in new]
    fresh = []
    for line in new:
        if line not in old:
            # The same finding on a resource of another name is no news: the old one is gone with its name.
            same = next((other for other in gone if _finding(old[other]) == _finding(new[line])), None)
            gone.remove(same) if same is not None else fresh.append(line)
    return Rulings(tuple(gone), tuple(fresh), sum(new[line]["level"] == "mandatory" for line in fresh))


def _finding(row: Mapping[str, Any]) -> tuple[Any, ...]:
    urn = row.get("resource") or ""
    return row["rule"], row["level"], urn_type(urn), row.get("path"), row["message"]


def _waivers(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Rulings:
    old, new = ({_waiver(row): row for row in rows} for rows in (before, after))
    return Rulings(tuple(line for line in old if line not in new), tuple(line for line in new if line not in old))


def _ruling(row: Mapping[str, Any]) -> str:
    urn = row.get("resource") or ""
    name = urn.split("::")[3] if urn.count("::") > 2 else ""
    place = ": ".join(part for part in (name, row.get("path") or "") if part)
    return f"{row['level']} {row['rule']}: {place}{': ' if place else ''}{row['message']}"


def _waiver(row: Mapping[str, Any]) -> str:
    waiver = row["waiver"]
    return f"{_ruling(row)}; {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
