"""Hooks and fixtures of all tests."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

from plumbline.graph import StackGraph
from plumbline.processes import collect_seldom
from tests.evaluations import SHARED, preview


def pytest_sessionstart(session: pytest.Session) -> None:
    collect_seldom()  # graphs of whole stacks stay in memory, and looking at them again took a third of the time
    # Workers of pytest-xdist start later, and inherit it.
    if not hasattr(session.config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="plumbline-tests-")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


@pytest.fixture(params=["test", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    """The name of each trading stack in turn."""
    return request.param


@pytest.fixture
def graph(stack: str) -> StackGraph:
    """The preview graph of each trading stack in turn."""
    return preview(stack).graph
