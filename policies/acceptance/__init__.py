"""The acceptance criteria of a stack's system, as stack policies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pulumi_policy import EnforcementLevel, Policy, ReportViolation, StackValidationArgs, StackValidationPolicy

from plumbline.graph import StackGraph
from plumbline.project import Project, UserError
from plumbline.verdicts import Entry, Verdict, judge, ledger
from policies import engine

ROOT = Path(__file__).resolve().parents[2]
# What a preview cannot know of our stacks, and every `up` decides: which of the VPC's subnets are meant, what the
# stack's outputs lead to, and by which id a WebSocket API is measured. Any other criterion that is unknown is a
# violation (docs/decisions.md, 76).
AFTER_UP = frozenset({"AGENTIC-07.5", "TRADING-00.6", "TRADING-02.4", "TRADING-06.4", "TRADING-08.2", "TRADING-21.4"})


def verdicts(root: Path, graph: StackGraph) -> list[tuple[Entry, Verdict]]:
    """Return the verdicts on a stack's criteria, without the goals, which are conjunctions of the others."""
    # Loaded when the engine asks about the stack: a pack has to start at once.
    from plumbline.commands import subject

    project = Project(root)
    entries = ledger(root, project.system(graph.stack))
    found = judge(entries, subject(project, graph.stack, graph)) if entries else {}
    return [(entry, found[entry.id]) for entry in entries if not entry.is_goal]


def policies(seen: engine.Seen, root: Path = ROOT) -> list[Policy]:
    """Return the two policies of the pack: criteria that fail, and those that only the deployment decides.

    `seen` are the inputs of single resources, where another policy of the same process keeps them.
    The engine asks both about the same stack, one after the other; the verdicts are found once.
    """
    found: list[list[tuple[Entry, Verdict]]] = []

    def mandatory(graph: StackGraph) -> list[tuple[Entry, Verdict]]:
        found[:] = [verdicts(root, graph)]
        return found[0]

    def advisory(graph: StackGraph) -> list[tuple[Entry, Verdict]]:
        # Nothing was found where the pack's user disabled the other policy.
        return found.pop() if found else verdicts(root, graph)

    return [
        StackValidationPolicy(
            name="acceptance-mandatory-stack",
            description="Every acceptance criterion of the system holds",
            validate=_validate(seen, mandatory, _fails),
            enforcement_level=EnforcementLevel.MANDATORY,
        ),
        StackValidationPolicy(
            name="acceptance-advisory-stack",
            description="Acceptance criteria that the deployment decides",
            validate=_validate(seen, advisory, _waits),
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
    ]


def _fails(entry: Entry, verdict: Verdict) -> bool:
    return verdict.word == "fail" or (verdict.word == "unknown" and entry.id not in AFTER_UP)


def _waits(entry: Entry, verdict: Verdict) -> bool:
    return verdict.word == "unknown" and entry.id in AFTER_UP


def _validate(
    seen: engine.Seen,
    judged: Callable[[StackGraph], list[tuple[Entry, Verdict]]],
    tells: Callable[[Entry, Verdict], bool],
) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        try:
            found = judged(engine.graph(args.resources, seen))
        except UserError as error:
            report("; ".join(error.args), None)
            return
        for entry, verdict in found:
            if tells(entry, verdict):
                urn, _, path = verdict.path.partition("#")
                where = f" ({path})" if path else ""
                report(f"[{entry.id}] {verdict.word}: {verdict.evidence}{where}", urn or None)

    return validate
