"""Shared by all tests: each stack is evaluated once per run, whichever of its processes asks first."""

from __future__ import annotations

import functools
import os
import pickle
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from filelock import FileLock

from plumbline.evaluate import Evaluation, evaluate, evaluate_stack
from plumbline.graph import StackGraph
from plumbline.probing import ProbeContext, Result, runner
from plumbline.processes import collect_seldom
from plumbline.project import Project
from plumbline.sandbox import Sandbox

# Pytest knows this module by another name than the tests that import it; both must share what is evaluated once.
sys.modules["conftest"] = sys.modules[__name__]

ROOT = Path(__file__).resolve().parents[1]
# Names the folder through which the processes of one run share evaluations.
SHARED = "PLUMBLINE_TESTS_SHARED"
_T = TypeVar("_T")


def pytest_sessionstart(session: pytest.Session) -> None:
    collect_seldom()  # graphs of whole stacks stay in memory, and looking at them again took a third of the time
    # Workers of pytest-xdist start later, and inherit it.
    if not hasattr(session.config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="plumbline-tests-")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


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


@pytest.fixture(params=["test", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    """The name of each trading stack in turn."""
    return request.param


@pytest.fixture
def graph(stack: str) -> StackGraph:
    """The preview graph of each trading stack in turn."""
    return preview(stack).graph
