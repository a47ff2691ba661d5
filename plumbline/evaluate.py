"""Runs the Pulumi program in this process and returns the stack that it describes."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import os
import re
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import settings as pulumi_settings
from pulumi.runtime.mocks import MockEngine, MockSettings
from pulumi.runtime.stack import run_in_stack

from plumbline.graph import StackGraph
from plumbline.invokes import answer
from plumbline.monitor import Deployer, StrictMonitor
from plumbline.processes import collect_seldom
from plumbline.project import Project, UserError

_EVALUATOR = Path(__file__).resolve().parent  # its frames say nothing about where the program went wrong


@dataclass(frozen=True)
class Evaluation:
    """What one run of the program gave. `mistakes` are the program's own, `warnings` what the SDK logged."""

    graph: StackGraph
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if line not in self.lines:
            self.lines.append(line)


def evaluate_stack(
    project: Project, stack: str, deployer: Deployer | None = None, *, dry_run: bool | None = None
) -> Evaluation:
    """Evaluate the project's `__main__.py` for a stack: as a preview, or through `deployer` as an `up`.

    `dry_run` says whether the program is told that it is a preview, in which what nobody answers is unknown to it;
    None is without a deployer only. Raises UserError for a wrong stack file and for settings that the program refuses.
    """
    config = project.config(stack)
    main = project.root / "__main__.py"

    def program() -> None:
        with _directory(project.root):
            runpy.run_path(str(main), run_name="__main__")

    return evaluate(
        program,
        stack=stack,
        project=project.name,
        config=config,
        deployer=deployer,
        root=project.root,
        dry_run=dry_run,
    )


def evaluate(
    program: Callable[[], Any],
    *,
    stack: str = "test",
    project: str = "plumbline",
    config: dict[str, str] | None = None,
    deployer: Deployer | None = None,
    root: Path | None = None,
    dry_run: bool | None = None,
) -> Evaluation:
    """Evaluate any program: a function that registers resources.

    An error that the program raises for its user (pulumi.RunError) becomes a UserError; any other exception
    becomes a mistake with the place in the program that raised it. For `dry_run` see evaluate_stack.
    """
    where = root or Path.cwd()
    monitor = StrictMonitor(stack, project, where, answer, deployer)
    log = _Log()

    def run() -> None:
        logger = logging.getLogger(f"plumbline.engine.{id(monitor)}")
        logger.propagate = False
        logger.addHandler(log)
        pulumi_config.set_all_config(config or {}, [])
        pulumi_settings.configure(
            MockSettings(
                monitor=monitor,
                engine=MockEngine(logger),
                project=project,
                stack=stack,
                dry_run=deployer is None if dry_run is None else dry_run,
                organization="organization",
                root_directory=str(where),
                parallel=1,
                callbacks=None,
                outputs=set(),
                monitor_features=set(),
            )
        )
        try:
            with _directory(where):
                asyncio.run(_with_workers(deployer.parallel if deployer is not None else 1, program))
        except pulumi.RunError as error:
            raise UserError(*str(error).splitlines()) from None
        except UserError:
            raise
        except Exception as error:
            monitor.mistakes.append(_explain(error, where))

    with _importable(where), _few_collections():
        # A context of its own: the SDK keeps the root stack, configuration and settings in context variables.
        contextvars.Context().run(run)
    return Evaluation(monitor.graph(), tuple(dict.fromkeys(monitor.mistakes)), tuple(log.lines))


async def _with_workers(count: int, program: Callable[[], Any]) -> None:
    # One worker makes the order of registrations, and so that of mistakes, the same in each run.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=count))
    await run_in_stack(program)


def _explain(error: BaseException, root: Path) -> str:
    """Return "file:line: message" for the innermost frame of the project that the exception passed."""
    place = "program"
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        own = file.is_relative_to(_EVALUATOR) or "site-packages" in file.parts
        if file.is_relative_to(root) and not own:
            place = f"{file.relative_to(root)}:{frame.lineno}"
    # An object's address differs in each run, and a message should not.
    message = re.sub(r" at 0x[0-9a-f]+", "", " ".join(str(error).split())) or type(error).__name__
    return f"{place}: {message}"


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[None]:
    """Work in the project's directory, as the engine does, so that asset paths are relative to it."""
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _importable(path: Path) -> Iterator[None]:
    sys.path.insert(0, str(path))
    try:
        yield
    finally:
        sys.path.remove(str(path))
