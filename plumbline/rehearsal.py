"""A stack in a sandbox, quickly: the program in this process, its preview and the sandbox in processes of their own."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.graph import Resource, StackGraph
from plumbline.monitor import DeployError
from plumbline.processes import Worker, process
from plumbline.project import Project, UserError

if TYPE_CHECKING:
    from plumbline.evaluate import Evaluation
    from plumbline.monitor import Deployer
    from plumbline.sandbox import Sandbox

Evaluate = Callable[[Project, str, "Deployer | None"], "Evaluation"]


@dataclass(frozen=True)
class Rehearsal:
    """A stack that is up in a sandbox: its preview, its evaluation, and what was made and simulated, by type."""

    planned: StackGraph
    evaluation: Evaluation
    materialised: Counter[str]
    simulated: Counter[str]
    worker: Worker

    def use(self, function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        """Start a function with the sandbox and arguments, where the sandbox is. Returns what waits for its result."""
        self.worker.start(_use, function, *arguments)
        return self.worker.answer


@contextlib.contextmanager
def rehearsal(
    project: Project, stack: str, evaluate: Evaluate, created: Callable[[Resource], None]
) -> Iterator[Rehearsal]:
    """Put a stack up in a sandbox that ends with the block. Raises UserError where `evaluate` does.

    `evaluate` evaluates a stack of a project through a deployer, or without one as a preview. Nothing remains of a
    sandbox, so it may be filled before it is known whether the preview is refused; what that refuses is told alone.
    `created` is called after each resource.
    """
    with process() as preview, process() as sandbox:
        preview.start(_plan, evaluate, project, stack)
        sandbox.start(_open)  # it loads while the program does
        plan, remote = _Plan(preview), _Remote(sandbox)

        def made(resource: Resource) -> None:
            if plan.is_refused():
                raise DeployError("the preview is refused")
            created(resource)

        remote.created = made
        try:
            with _quick_switches():
                evaluation = evaluate(project, stack, remote)
        except UserError:
            plan.graph()
            raise
        materialised, simulated = sandbox.call(_use, _counts)
        yield Rehearsal(plan.graph(), evaluation, materialised, simulated, sandbox)


@contextlib.contextmanager
def _quick_switches() -> Iterator[None]:
    """Let threads take turns more often: one that hears of the sandbox would wait, and the sandbox would idle."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Plan:
    """The preview on its way."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._graph: StackGraph | None = None
        self._refusal: UserError | None = None

    def is_refused(self) -> bool:
        """Say whether the preview has ended already, and with an error."""
        if self._graph is None and self._refusal is None and self._worker.is_done():
            self._wait()
        return self._refusal is not None

    def graph(self) -> StackGraph:
        """Wait for the preview and return it. Raises UserError with everything that would be refused."""
        if self._graph is None and self._refusal is None:
            self._wait()
        if self._graph is None:
            raise self._refusal or UserError("the preview gave nothing")
        return self._graph

    def _wait(self) -> None:
        try:
            self._graph = self._worker.answer().graph
        except UserError as error:
            self._refusal = error


class _Remote:
    """The sandbox of another process, as a deployer.

    While that makes one resource, the program here prepares the next ones.
    """

    parallel = 4
    created: Callable[[Resource], None]

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._is_open = False
        self._lock = threading.Lock()

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        result = self._call(_create, resource)
        self.created(resource)
        return result

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        self._call(_found, token, answer)

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with self._lock:
            if not self._is_open:
                self._worker.answer()
                self._is_open = True
            return self._worker.call(_use, function, *arguments)


def _plan(evaluate: Evaluate, project: Project, stack: str) -> Evaluation:
    if hasattr(os, "nice"):
        os.nice(5)  # the other two processes are waited for longer
    return evaluate(project, stack, None)


# What the sandbox's process does. It has one sandbox, which ends with it.
_SANDBOX: list[Sandbox] = []


def _open() -> None:
    from plumbline.sandbox import Sandbox

    sandbox = Sandbox()
    sandbox.__enter__()
    _SANDBOX.append(sandbox)


def _use(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(_SANDBOX[0], *arguments)


def _create(sandbox: Sandbox, resource: Resource) -> tuple[str, Mapping[str, Any]]:
    return sandbox.create(resource)


def _found(sandbox: Sandbox, token: str, answer: Mapping[str, Any]) -> None:
    sandbox.found(token, answer)


def _counts(sandbox: Sandbox) -> tuple[Counter[str], Counter[str]]:
    return sandbox.materialised, sandbox.simulated
