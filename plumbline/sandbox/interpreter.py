"""moto's interpreter of the Amazon States Language, from inside: the one place that knows its parts.

While it executes a machine, it tells a recorder what happens, asks it what a task does, and does not wait. What it
would read or make anew for each step is kept: that takes far longer than the steps.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Literal, Protocol
from unittest.mock import patch

from jsonpath_ng.ext.parser import parse
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.common.catch import catcher_decl
from moto.stepfunctions.parser.asl.component.common.catch.catcher_outcome import CatcherOutcomeCaught
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import inline_iteration_component
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_sns
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sns import (
    StateTaskServiceSns,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.static_analyser import static_analyser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.backend import execution_worker


class Recorder(Protocol):
    """What is told and asked while a machine is executed."""

    def enter(self, state: str) -> None: ...
    def exhaust(self, state: str, errors: tuple[str, ...]) -> None: ...
    def catch(self, state: str, errors: tuple[str, ...], next: str) -> None: ...
    def wait(self, kind: Literal["wait", "retry"], seconds: float, state: str | None = None) -> None: ...
    def state(self, name: str, timeout_seconds: float | None) -> contextlib.AbstractContextManager[None]: ...
    def invoke(self, function: Any, body: Any, answer: dict[str, str]) -> bytes: ...
    def publish(self, parameters: Any, task: Callable[[], None], stack: list[Any]) -> None: ...


class Interpreter:
    """moto's interpreter, with what it read and made so far."""

    def __init__(self) -> None:
        # An execution changes neither the program that was made of a definition nor the reading of a path.
        self._read = functools.cache(AmazonStateLanguageParser.parse)
        self._path = functools.cache(parse)
        self._clients: dict[tuple[str, str], Any] = {}

    def _client(self, region: str, service: str, state_credentials: Any = None) -> Any:
        if (region, service) not in self._clients:
            self._clients[region, service] = boto_client_for(region, service, state_credentials)
        return self._clients[region, service]

    @contextlib.contextmanager
    def tells(self, recorder: Recorder, backend: type) -> Iterator[None]:
        """Have it tell and ask a recorder within `with`. `backend` is the class of moto's Lambda."""
        task, topic = StateTaskServiceLambda._eval_service_task, StateTaskServiceSns._eval_service_task
        add = EventManager.add_event
        retry, catch = retrier_decl.RetrierDecl._eval_body, catcher_decl.CatcherDecl._eval_body

        def in_state(state: Any, env: Any) -> contextlib.AbstractContextManager[None]:
            state.timeout.eval(env=env)
            limit = env.stack.pop()
            return recorder.state(state.name, None if state.timeout.is_default_value() else limit)

        def eval_service_task(
            state: Any,
            env: Any,
            resource_runtime_part: Any,
            normalised_parameters: dict[str, Any],
            state_credentials: Any,
        ) -> None:
            with in_state(state, env):
                task(state, env, resource_runtime_part, normalised_parameters, state_credentials)

        def eval_topic_task(
            state: Any,
            env: Any,
            resource_runtime_part: Any,
            normalised_parameters: dict[str, Any],
            state_credentials: Any,
        ) -> None:
            def publish() -> None:
                topic(state, env, resource_runtime_part, normalised_parameters, state_credentials)

            with in_state(state, env):
                recorder.publish(normalised_parameters, publish, env.stack)

        def eval_retry(decl: Any, env: Any) -> None:
            with recorder.state(env.next_state_name, None):
                retry(decl, env)
            if env.stack[-1] is RetrierOutcome.Failed:
                recorder.exhaust(env.next_state_name, _names(decl))

        def eval_catch(decl: Any, env: Any) -> None:
            state = env.next_state_name
            catch(decl, env)
            if isinstance(env.stack[-1], CatcherOutcomeCaught):
                recorder.catch(state, _names(decl), env.next_state_name)

        def wait_interval(wait: Any, env: Any, wait_seconds: float) -> None:
            recorder.wait("wait", wait_seconds, env.next_state_name)

        def invoke(
            lambda_: Any, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
        ) -> bytes:
            return recorder.invoke(lambda_.get_function(function_name, qualifier), body, response_headers)

        def add_event(
            manager: Any, context: Any, event_type: Any, event_details: Any = None, *rest: Any, **more: Any
        ) -> int:
            entered = (event_details or {}).get("stateEnteredEventDetails")
            if entered:
                recorder.enter(entered["name"])
            return add(manager, context, event_type, event_details, *rest, **more)

        def longest(shortest: float, most: float) -> float:
            return most

        read = SimpleNamespace(parse=self._read)
        one_by_one = SimpleNamespace(Thread=_JoinedThread)
        sleeping = SimpleNamespace(sleep=lambda seconds: recorder.wait("retry", seconds))
        # moto logs every error of a state, with what its execution works on.
        log = logging.getLogger("moto.stepfunctions")
        with (
            patch.object(log, "level", logging.CRITICAL),
            patch.object(json_path, "parse", self._path),
            patch.object(lambda_eval_utils, "boto_client_for", self._client),
            patch.object(state_task_service_sns, "boto_client_for", self._client),
            patch.object(EventManager, "add_event", add_event),
            patch.object(backend, "invoke", invoke),
            patch.object(StateTaskServiceLambda, "_eval_service_task", eval_service_task),
            patch.object(StateTaskServiceSns, "_eval_service_task", eval_topic_task),
            patch.object(retrier_decl.RetrierDecl, "_eval_body", eval_retry),
            patch.object(catcher_decl.CatcherDecl, "_eval_body", eval_catch),
            patch.object(retrier_decl, "time", sleeping),
            patch.object(jitter_strategy_decl, "random", SimpleNamespace(uniform=longest)),
            patch.object(branch_worker, "threading", one_by_one),
            patch.object(execution_worker, "AmazonStateLanguageParser", read),
            patch.object(models, "AmazonStateLanguageParser", read),
            patch.object(static_analyser, "AmazonStateLanguageParser", read),
            patch.object(inline_iteration_component, "threading", one_by_one),
            patch.object(WaitFunction, "_wait_interval", wait_interval),
        ):
            yield


class _JoinedThread(threading.Thread):
    """A thread that whoever starts it waits for."""

    def start(self) -> None:
        super().start()
        self.join()


def _names(decl: Any) -> tuple[str, ...]:
    """Return the errors that a retrier or a catcher names."""
    return tuple(name.error_name for name in decl.error_equals.error_names)
