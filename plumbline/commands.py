"""What the commands do: preview, up and judge. Each returns its report; nothing here prints one."""

from __future__ import annotations

import contextlib
import functools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline import contract, documents, kept, state
from plumbline.changes import Change, compare
from plumbline.graph import Resource, StackGraph
from plumbline.probing.model import ProbeContext, Probed
from plumbline.project import Project, UserError
from plumbline.rehearsal import Rehearsal, rehearsal
from plumbline.report import Report
from plumbline.rulings import judge as by_rules
from plumbline.verdicts import Subject, judge, ledger, undecided

if TYPE_CHECKING:
    from plumbline.evaluate import Evaluation
    from plumbline.monitor import Deployer
    from plumbline.sandbox import Sandbox

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """A report, the machine document about the same, and the command's exit status."""

    report: Report
    document: dict[str, Any]

    @property
    def status(self) -> int:
        """0, or 1 where a criterion, a mandatory rule or a probe fails."""
        failing = any(verdict.word == "fail" for verdict in self.report.verdicts.values())
        probes = self.report.probed.failed if self.report.probed else []
        return 1 if failing or self.report.rulings.mandatory or probes else 0


def preview(project: Project, stack: str) -> Outcome:
    """Evaluate a stack, compare it with the last `up`, and judge it. Raises UserError."""
    started = time.monotonic()
    evaluation = evaluated(project, stack)
    notes = list(evaluation.warnings)
    try:
        before = state.read(project.state_directory, stack)
    except state.BrokenState as error:
        before = None
        notes.append(f"the state of the last up is left out ({error}); the next up sets it aside")
    changes = compare(before, evaluation.graph)
    base = "against the last up" if before is not None else "against nothing: there was no up yet"
    return _outcome(project, stack, evaluation.graph, changes, started, notes=notes, base=base)


def up(project: Project, stack: str, say: Say, wait_seconds: float, progress: Progress) -> Outcome:
    """Deploy a stack into a fresh sandbox, judge it, and keep its state for the next preview. Raises UserError."""
    started = time.monotonic()
    project.system(stack)  # an unknown stack is told before anything is locked
    with state.locked(project.state_directory, stack, wait_seconds, say):
        notes: list[str] = []
        try:
            before = state.read(project.state_directory, stack)
        except state.BrokenState as error:
            aside = state.set_aside(project.state_directory, stack)
            before = None
            notes.append(f"the state of the last up could not be read ({error}); it was set aside as {aside.name}")
        expected = sum(resource.custom for resource in before) if before is not None else None
        with progress(expected) as advance, rehearsal(project, stack, evaluated, advance) as made:
            outcome = _outcome(
                project,
                stack,
                made.evaluation.graph,
                compare(before, made.planned),
                started,
                notes=[*made.evaluation.warnings, *notes],
                base="against the last up" if before is not None else "in an empty account",
                counts=(made.materialised, made.simulated),
                probed=_probed(project, stack, made),
            )
        state.write(project.state_directory, stack, outcome.document)
    return outcome


@dataclass(frozen=True)
class ProbeOutcome:
    """What the probes of a stack's system found, and the seconds that they took."""

    graph: StackGraph
    system: str
    probed: Probed
    seconds: float

    @property
    def status(self) -> int:
        return 1 if self.probed.failed else 0


def probe(project: Project, stack: str, progress: Progress) -> ProbeOutcome:
    """Deploy a stack into a sandbox of its own and run the probes of its system; nothing is kept. Raises UserError."""
    system = project.system(stack)
    with progress(None) as advance, rehearsal(project, stack, evaluated, advance) as made:
        started = time.monotonic()
        probed = _probed(project, stack, made)()
    return ProbeOutcome(made.evaluation.graph, system, probed, time.monotonic() - started)


def _probed(project: Project, stack: str, made: Rehearsal) -> Callable[[], Probed]:
    """Start the probes of a stack; the stack may be judged meanwhile."""
    return made.use(_use, project, stack, made.evaluation.graph)


def _use(sandbox: Sandbox, project: Project, stack: str, graph: StackGraph) -> Probed:
    """Run the probes of a stack, where its sandbox is."""
    from plumbline.probing import runner

    context = ProbeContext(graph, project.settings(stack), sandbox.context, project.root)
    return runner.run(runner.find(project.root, project.system(stack)), context)


def judge_file(project: Project, path: Path, stack: str | None, state_file: Path | None) -> Outcome:
    """Judge the stack in a document without running the program. Raises UserError.

    `state_file` is an export of the stack, from which a preview is completed that leaves out what stays the same.
    Without it such a preview decides nothing, and its criteria are unknown.
    """
    started = time.monotonic()
    document = documents.load(path)
    if state_file is not None:
        document = document.completed(documents.load(state_file).graph)
    graph = document.graph
    name = stack or graph.stack
    if name not in project.stacks():
        known = ", ".join(project.stacks())
        raise UserError(f"{path}: it is of stack {name!r}, which has no file; say which it is with --stack: {known}")
    notes = []
    if document.left_out:
        notes.append(
            f"the document leaves out {document.left_out} unchanged resources, so it decides no criterion; "
            "give the stack's export with --state. Rules about several resources are not asked either"
        )
    base = "as the document says"
    return _outcome(
        project, name, graph, document.changes, started, notes=notes, base=base, partial=bool(document.left_out)
    )


class Progress:
    """Shows progress: called with the number of steps if it is known, it gives what is called at each.

    This one shows nothing.
    """

    @contextlib.contextmanager
    def __call__(self, total: int | None) -> Iterator[Callable[[Resource], None]]:
        yield lambda resource: None


def accepted(project: Project, stack: str) -> StackGraph:
    """Return a stack's graph as a preview. Raises UserError with everything that would be refused."""
    return evaluated(project, stack).graph


def evaluated(project: Project, stack: str, deployer: Deployer | None = None) -> Evaluation:
    """Evaluate a stack that nothing would refuse. Raises UserError with every mistake and problem."""
    # The SDK's types and the checks take half a second to load, and whoever judges a document needs neither.
    from plumbline.constraints import check
    from plumbline.evaluate import evaluate_stack

    evaluation = evaluate_stack(project, stack, deployer)
    lines = [*evaluation.mistakes, *map(str, check(evaluation.graph))]
    if lines:
        raise UserError(*lines)
    return evaluation


def _outcome(
    project: Project,
    stack: str,
    graph: StackGraph,
    changes: list[Change],
    started: float,
    *,
    notes: list[str] | None = None,
    base: str = "",
    counts: tuple[Counter[str], Counter[str]] | None = None,
    partial: bool = False,
    probed: Callable[[], Probed] | None = None,
) -> Outcome:
    system = project.system(stack)
    entries = ledger(project.root, system)
    verdicts = judge(entries, subject(project, stack, graph)) if entries else {}
    if partial:
        verdicts = {id_: undecided(verdict) for id_, verdict in verdicts.items()}
    rulings = by_rules(project.root, graph, partial=partial)
    extra = {"sandbox": {"exist": counts[0].total(), "simulated": counts[1].total()}} if counts else {}
    found = probed() if probed else None
    seconds = time.monotonic() - started
    report = Report(graph, system, changes, entries, verdicts, rulings, seconds, counts, notes or [], base, found)
    return Outcome(report, contract.document(graph, system, changes, verdicts, rulings, extra, found))


def subject(project: Project, stack: str, graph: StackGraph) -> Subject:
    """Return what the predicates of a stack look at."""
    settings = project.settings(stack)
    siblings = {str(other.get("environment")): other for other in project.siblings(stack).values()}

    @functools.cache
    def base() -> StackGraph | None:
        deployment = settings.get("deployment")
        name = deployment.get("bootstrap") if isinstance(deployment, Mapping) else None
        return kept.preview(project, str(name), lambda: accepted(project, str(name))) if name else None

    return Subject(graph, str(settings.get("environment")), settings, siblings, project.root, base=base)
