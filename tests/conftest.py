"""Shared by all tests: each stack is evaluated once per run."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plumbline.evaluate import Evaluation, evaluate, evaluate_stack
from plumbline.graph import StackGraph
from plumbline.project import Project
from plumbline.sandbox import Sandbox

# Pytest knows this module by another name than the tests that import it; both must share what is evaluated once.
sys.modules["conftest"] = sys.modules[__name__]

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Rehearsed:
    """One up of a stack: the evaluation, and what was made and what was simulated, by type."""

    evaluation: Evaluation
    materialised: Counter[str]
    simulated: Counter[str]


@functools.cache
def preview(stack: str) -> Evaluation:
    """Return the preview evaluation of one of the project's stacks."""
    return evaluate_stack(Project(ROOT), stack)


@functools.cache
def deployed(stack: str) -> Rehearsed:
    """Return one of the project's stacks after an up in a sandbox."""
    with Sandbox() as sandbox:
        evaluation = evaluate_stack(Project(ROOT), stack, sandbox)
    return Rehearsed(evaluation, sandbox.materialised, sandbox.simulated)


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
