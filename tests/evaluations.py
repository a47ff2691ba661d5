"""What all tests share: each stack is evaluated once per run, whichever of its processes asks first.

It is no conftest: pytest loads those of every folder under one name, and what is evaluated once must be one class.
"""

from __future__ import annotations

import functools
import os
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from plumbline.evaluate import Evaluation, evaluate, evaluate_stack
from plumbline.probing import ProbeContext, Result, runner
from plumbline.project import Project
from plumbline.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[1]
# Names the folder through which the processes of one run share evaluations.
SHARED = "PLUMBLINE_TESTS_SHARED"
_T = TypeVar("_T")


def _once(name: str, make: Callable[[], _T]) -> _T:
    """Return what one process of this run made, and make it where none has."""
    kept = Path(os.environ[SHARED]) / name
    with FileLock(f"{kept}.lock"):
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(make()))
        return pickle.loads(kept.read_bytes())


@dataclass(frozen=True)
class Rehearsed:
    """One up of a stack: the evaluation, what was made and what was simulated, by type, and what its probes found."""

    evaluation: Evaluation
    materialised: Counter[str]
    simulated: Counter[str]
    results: tuple[Result, ...]


@functools.cache
def preview(stack: str) -> Evaluation:
    """Return the preview evaluation of one of the project's stacks."""
    return _once(f"preview-{stack}", lambda: evaluate_stack(Project(ROOT), stack))


@functools.cache
def deployed(stack: str) -> Rehearsed:
    """Return one of the project's stacks after an up in a sandbox."""

    def up() -> Rehearsed:
        project = Project(ROOT)
        with Sandbox() as sandbox:
            evaluation = evaluate_stack(project, stack, sandbox)
            context = ProbeContext(evaluation.graph, project.settings(stack), sandbox.context, ROOT)
            probed = runner.run(runner.find(ROOT, project.system(stack)), context)
        return Rehearsed(evaluation, sandbox.materialised, sandbox.simulated, probed.results)

    return _once(f"deployed-{stack}", up)


def run_program(program: Callable[[], Any], **settings: Any) -> Evaluation:
    """Evaluate a small program: a function that registers resources."""
    return evaluate(program, root=ROOT, **settings)
