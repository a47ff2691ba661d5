"""What the tests of the generic probes share: a small stack that is up, and what probes say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plumbline.evaluate import evaluate
from plumbline.probing import Probe, ProbeContext, Result, runner
from plumbline.sandbox import Sandbox
from tests.evaluations import ROOT


@dataclass(frozen=True)
class Both:
    """What probes say of a stack as it was made, and of the same one after it was broken."""

    whole: tuple[Result, ...]
    again: tuple[Result, ...]
    broken: tuple[Result, ...]

    def bad(self) -> set[tuple[str, str]]:
        """Return the probes that fail in the broken stack, with the names of what they fail for."""
        return {(result.probe, result.urn.rpartition("::")[2]) for result in self.broken if result.word == "failed"}


def both(
    program: Callable[[], None],
    probes: tuple[Probe, ...],
    break_: Callable[[ProbeContext], None],
    settings: dict[str, Any] | None = None,
) -> Both:
    """Bring a program up, probe it twice, break it, and probe it once more."""
    with Sandbox() as sandbox:
        evaluation = evaluate(program, root=ROOT, deployer=sandbox)
        assert evaluation.mistakes == ()

        def context() -> ProbeContext:
            return ProbeContext(evaluation.graph, settings or {}, sandbox.context, ROOT)

        whole, again = (runner.run(probes, context()).results for _ in range(2))
        break_(context())
        return Both(whole, again, runner.run(probes, context()).results)


def failures(results: tuple[Result, ...]) -> list[tuple[str, str]]:
    return [(result.probe, result.trial.evidence) for result in results if result.word == "failed"]
