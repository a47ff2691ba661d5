"""Shared by all tests: each stack is evaluated once per run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline.evaluate import Evaluation, evaluate, evaluate_stack
from plumbline.graph import StackGraph
from plumbline.project import Project

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def preview(stack: str) -> Evaluation:
    """Return the preview evaluation of one of the project's stacks."""
    return evaluate_stack(Project(ROOT), stack)


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
