"""What a probe is, what it may look at, and what it answers.

A probe uses a stack that is up as its application would. What the sandbox cannot answer is judged on the graph instead,
and counted apart.
"""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from plumbline.graph import UNKNOWN, Resource, StackGraph, dig, reveal

if TYPE_CHECKING:
    from plumbline.sandbox.adapters import Context
    from plumbline.sandbox.function_code import Code
    from plumbline.sandbox.workflows import Workflows

Word = Literal["passed", "failed", "not_observable"]
WORDS: tuple[Word, ...] = ("passed", "failed", "not_observable")


@dataclass(frozen=True)
class Trial:
    """What became of one thing that was tried. `why` is what the sandbox lacks where it could not be observed."""

    word: Word
    tried: str
    evidence: str
    why: str = ""


def passed(tried: str, evidence: str) -> Trial:
    return Trial("passed", tried, evidence)


def failed(tried: str, evidence: str) -> Trial:
    return Trial("failed", tried, evidence)


def trial(holds: bool, tried: str, evidence: str, otherwise: str) -> Trial:
    """Return what was tried as passed with the evidence, or as failed with what was found otherwise."""
    return passed(tried, evidence) if holds else failed(tried, otherwise)


def judged(holds: bool, tried: str, why: str, evidence: str, otherwise: str) -> Trial:
    """Return what the sandbox does not show, because of `why`, judged on the graph. What fails there has failed."""
    return Trial("not_observable", tried, evidence, why) if holds else failed(tried, otherwise)


class NotSo(Exception):
    """What a probe found otherwise than it must be, in one line. Ends the probe of one subject as failed."""


@dataclass(frozen=True)
class ProbeContext:
    """A stack that is up: its graph, its settings as its file gives them, and the account that it was made in."""

    graph: StackGraph
    settings: Mapping[str, Any]
    account: Context
    root: Path
    _undone: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, compare=False, repr=False)

    def client(self, service: str, resource: Resource | None = None) -> Any:
        """Return a boto3 client, for the region of a resource where that names one."""
        return self.account.client(service, None if resource is None else resource.inputs)

    def undo(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> None:
        """Have a call made when the probe of the present subject has ended: what a probe changes, it puts back."""
        self._undone.callback(call, *arguments, **named)

    def put_back(self) -> None:
        """Make the calls that undo what was changed, the last change first."""
        self._undone.close()

    @functools.cached_property
    def code(self) -> Code:
        """The functions' own code, which is called in this process."""
        from plumbline.sandbox.function_code import Code

        return Code(self.account)

    def fresh_code(self) -> Code:
        """Return the same as another process has it: nothing is loaded yet."""
        from plumbline.sandbox.function_code import Code

        return Code(self.account)

    @functools.cached_property
    def workflows(self) -> Workflows:
        """What runs the stack's state machines, without waiting."""
        from plumbline.sandbox.workflows import Workflows

        return Workflows(self.account)

    @functools.cached_property
    def kept(self) -> dict[Any, Any]:
        """Hold what several probes of one run need, under keys of their own."""
        return {}


def value(resource: Resource, path: str, default: Any = None) -> Any:
    """Return what a resource is or was given at a dotted path; its outputs come first. UNKNOWN counts as nothing."""
    for values in (resource.outputs, resource.inputs):
        found = dig(values, path)
        if found is not None and found is not UNKNOWN:
            return reveal(found)
    return default


Run = Callable[[ProbeContext, Resource], Iterable[Trial]]
Subjects = Callable[[ProbeContext], Iterable[Resource]]


@dataclass(frozen=True)
class Title:
    """What a probe is called. `about` says what it tries as a claim that then holds."""

    name: str
    group: str
    about: str


@dataclass(frozen=True)
class Probe(Title):
    """What is tried with each of its subjects.

    Where a stack has no subject at all the probe has failed, unless `optional`: nothing was tried.
    """

    subjects: Subjects
    run: Run
    optional: bool = False


def probe(
    group: str, *types: str, where: Callable[[Resource], Any] = lambda resource: True, optional: bool = False
) -> Callable[[Run], Probe]:
    """Make a function the probe of its name. Its docstring is what holds, its subjects the resources of the types."""

    def subjects(context: ProbeContext) -> Iterator[Resource]:
        return (resource for resource in context.graph.of_type(*types) if where(resource))

    def make(run: Run) -> Probe:
        about = (run.__doc__ or "").strip().split("\n")[0].rstrip(".")
        return Probe(run.__name__.strip("_").replace("_", "-"), group, about, subjects, run, optional)

    return make


@dataclass(frozen=True)
class Result:
    """One row of the report: a trial, of which probe and with what. `urn` is empty for the stack as a whole."""

    group: str
    probe: str
    urn: str
    subject: str
    trial: Trial

    @property
    def word(self) -> Word:
        return self.trial.word

    def document(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "probe": self.probe,
            "resource": self.urn or None,
            "verdict": self.trial.word,
            "tried": self.trial.tried,
            "evidence": self.trial.evidence,
            "why": self.trial.why or None,
        }


@dataclass(frozen=True)
class Probed:
    """What the probes of a system say of a stack that is up. `probes` is empty where the system has none.

    It has their titles and not their functions, since it is sent from the process that has the sandbox.
    """

    probes: tuple[Title, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if result.word == "failed"]

    def counts(self, group: str | None = None) -> Counter[Word]:
        """Return the number of results by word, of all groups or of one."""
        return Counter(result.word for result in self.results if group in (None, result.group))

    def groups(self) -> list[str]:
        """Return the groups in the order of the probes."""
        return list(dict.fromkeys(probe.group for probe in self.probes))

    def documents(self) -> list[dict[str, Any]]:
        return [result.document() for result in self.results]

    def summary(self) -> dict[str, Any]:
        """Return the counts of the machine document."""

        def words(group: str | None = None) -> dict[str, int]:
            counts = self.counts(group)
            return {word: counts[word] for word in WORDS}

        return {**words(), "groups": {group: words(group) for group in self.groups()}}
