"""Measures an up of each trading stack against its preview: standing in the sandbox, and probed and judged as well.

Each side is measured as its command runs it, alternately, and the best of several rounds counts. Peak memory is that of
the largest of the command's processes. Usage: python -m benchmarks.up
"""

from __future__ import annotations

import resource as process
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plumbline import commands
from plumbline.processes import process as other_process
from plumbline.project import Project
from plumbline.rehearsal import rehearsal

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 2


@dataclass(frozen=True)
class Round:
    """Seconds of one side, and the resources and probes that it had."""

    seconds: float
    resources: int
    probes: int = 0
    megabytes: float = 0


def preview(stack: str) -> Round:
    """Preview a stack as `plumbline preview` does."""
    started = time.perf_counter()
    outcome = commands.preview(Project(ROOT), stack)
    return Round(time.perf_counter() - started, len(outcome.report.graph))


def stand(stack: str) -> Round:
    """Put a stack up and no more."""
    started = time.perf_counter()
    with rehearsal(Project(ROOT), stack, commands.evaluated, lambda resource: None) as made:
        seconds = time.perf_counter() - started
    return Round(seconds, len(made.evaluation.graph))


def up(stack: str) -> Round:
    """Put a stack up, probe and judge it, as `plumbline up` does."""
    started = time.perf_counter()
    outcome = commands.up(Project(ROOT), stack, lambda line: None, 60, commands.Progress())
    seconds, probed = time.perf_counter() - started, outcome.report.probed
    return Round(seconds, len(outcome.report.graph), len(probed.results) if probed else 0, _peak())


def _peak() -> float:
    return max(process.getrusage(who).ru_maxrss for who in (process.RUSAGE_SELF, process.RUSAGE_CHILDREN)) / 1024


def main() -> None:
    sys.path.insert(0, str(ROOT))
    print(
        f"{'stack':<8}{'resources':>10}{'preview s':>11}{'stands s':>10}{'ratio':>7}"
        f"{'probes':>8}{'up s':>8}{'ratio':>7}{'peak MB':>9}"
    )
    for stack in ("test", "prod"):
        rounds = [[_fresh(side, stack) for side in (preview, stand, up)] for _ in range(ROUNDS)]
        before, standing, whole = (min(side, key=lambda one: one.seconds) for side in zip(*rounds, strict=True))
        print(
            f"{stack:<8}{whole.resources:>10}{before.seconds:>11.1f}{standing.seconds:>10.1f}"
            f"{standing.seconds / before.seconds:>7.2f}{whole.probes:>8}{whole.seconds:>8.1f}"
            f"{whole.seconds / before.seconds:>7.2f}{whole.megabytes:>9.0f}"
        )


def _fresh(side: Callable[[str], Round], stack: str) -> Round:
    """Measure in a new process, in which nothing is loaded yet, as a command finds it."""
    with other_process(daemon=False) as worker:
        return worker.call(side, stack)


if __name__ == "__main__":
    main()
