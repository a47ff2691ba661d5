"""Executions of state machines in the sandbox, with the functions' real code and without waiting.

moto interprets the Amazon States Language, but without Docker its Lambda answers with what it was sent, and waits and
back-offs really pass. Here the code of the function is called in this process, and time is written down instead.
Branches and iterations, which AWS runs side by side, run one after another, each to its end, so that two runs are the
same. Not thread-safe: one execution at a time, and no other use of moto's Lambda meanwhile.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from unittest.mock import patch

from botocore.exceptions import ClientError
from moto.awslambda.utils import get_backend
from moto.core.config import default_user_config
from moto.core.exceptions import JsonRESTError
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.utils import TMP_THREADS

from plumbline.sandbox.adapters import Context
from plumbline.sandbox.function_code import Code, FunctionFailed
from plumbline.sandbox.interpreter import Interpreter

_INTERPRETER = {"stepfunctions": {"execute_state_machine": True}}
_NAMES = itertools.count(1)


@dataclass(frozen=True)
class ServiceError:
    """Lambda itself refuses the call, for example "TooManyRequestsException" with status 429."""

    code: str
    message: str = "scripted"
    status: int = 500


@dataclass(frozen=True)
class Slow:
    """The function answers null after some seconds, unless its own timeout or that of the state comes first."""

    seconds: float


class Behave:
    """The function's own code is called, between other entries of a script."""


Step = ServiceError | Slow | type[Behave] | Exception | Callable[[Any], Any] | Any
"""What one call of a function does: an exception is raised by its code, and any other value is its result.

A Python function gets the event and returns the step.
"""


@dataclass(frozen=True)
class Wait:
    """Seconds that would have passed in a state: a Wait state, or the longest back-off before a retry."""

    state: str
    kind: Literal["wait", "retry"]
    seconds: float


@dataclass(frozen=True)
class Invocation:
    """One call of a function: by which state, with what, and how it ended. `log` is what its code printed."""

    state: str | None
    function: str
    event: Any
    result: Any = None
    error: str | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exhausted:
    """A retrier of a state, known by the errors that it names, that allowed no further try."""

    state: str
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Caught:
    """A catcher of a state, known by the errors that it names and by where it leads, that took an error."""

    state: str
    errors: tuple[str, ...]
    next: str


@dataclass(frozen=True)
class Execution:
    """How an execution ended. `states` are in the order in which they were entered, those of branches too."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    states: tuple[str, ...]
    waits: tuple[Wait, ...]
    invocations: tuple[Invocation, ...]
    exhausted: tuple[Exhausted, ...] = ()
    caught: tuple[Caught, ...] = ()


class StillRunning(Exception):
    """An execution that did not end within its real seconds, in which no wait is slept."""


class Workflows:
    """Runs the state machines of a stack that is up in the sandbox. Functions stay warm between executions."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._code = Code(context)
        self._interpreter = Interpreter()

    def run(
        self,
        state_machine_arn: str,
        input: Any,
        script: Mapping[str, Sequence[Step]] | None = None,
        within_seconds: float = 60,
        tasks: Mapping[str, Sequence[Step]] | None = None,
    ) -> Execution:
        """Execute a state machine to its end.

        `script` says, by a function's physical name, what its first calls do; after them its own code is called.
        `tasks` says the same by the name of a state, whose task calls a function or publishes to a topic.
        Raises StillRunning, or botocore's ClientError where there is no such machine.
        """
        recorder = _Recorder(self._code, script or {}, tasks or {})
        client = self._context.client("stepfunctions")
        machine = client.describe_state_machine(stateMachineArn=state_machine_arn)
        backend = get_backend(self._context.account_id, self._context.region)
        with patch.dict(default_user_config, _INTERPRETER), self._interpreter.tells(recorder, type(backend)):
            arn = self._interpreted(machine)
            before = len(TMP_THREADS)
            started = client.start_execution(stateMachineArn=arn, name=f"run-{next(_NAMES)}", input=json.dumps(input))
            execution = {"executionArn": started["executionArn"]}
            TMP_THREADS[before].join(within_seconds)  # the execution's own thread, which waits for all others
            ended = client.describe_execution(**execution)
            if ended["status"] == "RUNNING":
                client.stop_execution(**execution)
                raise StillRunning(f"{machine['name']}: still running after {within_seconds} s without waits")
        return Execution(
            status=ended["status"],
            output=json.loads(ended["output"]) if "output" in ended else None,
            error=ended.get("error"),
            cause=ended.get("cause"),
            states=tuple(recorder.states),
            waits=tuple(recorder.waits),
            invocations=tuple(recorder.invocations),
            exhausted=tuple(recorder.exhausted),
            caught=tuple(recorder.caught),
        )

    def _interpreted(self, machine: Mapping[str, Any]) -> str:
        """Return the ARN of the machine where moto's interpreter finds it.

        It keeps machines of its own, apart from those of a moto that was started without it.
        """
        client = self._context.client("stepfunctions")
        arn, definition = machine["stateMachineArn"], machine["definition"]
        try:
            present = client.describe_state_machine(stateMachineArn=arn)
        except ClientError:
            made = client.create_state_machine(
                name=machine["name"], definition=definition, roleArn=machine["roleArn"], type=machine["type"]
            )
            return made["stateMachineArn"]
        if present["definition"] != definition:
            client.update_state_machine(stateMachineArn=arn, definition=definition)
        return arn


class _Recorder:
    """Takes the place of Lambda and of time, and writes down what happened."""

    def __init__(self, code: Code, script: Mapping[str, Sequence[Step]], tasks: Mapping[str, Sequence[Step]]) -> None:
        self.states: list[str] = []
        self.waits: list[Wait] = []
        self.invocations: list[Invocation] = []
        self.exhausted: list[Exhausted] = []
        self.caught: list[Caught] = []
        self._code = code
        self._script = {function: list(steps) for function, steps in script.items()}
        self._tasks = {state: list(steps) for state, steps in tasks.items()}
        self._state: str | None = None
        self._limit: float | None = None
        self._timed_out = False

    @contextlib.contextmanager
    def state(self, name: str, timeout_seconds: float | None) -> Iterator[None]:
        """Say on behalf of which state moto works. Raises EvalTimeoutError if the state's time ran out."""
        self._state, self._limit, self._timed_out = name, timeout_seconds, False
        try:
            yield
        finally:
            self._state = self._limit = None
        if self._timed_out:
            raise EvalTimeoutError

    def enter(self, state: str) -> None:
        self.states.append(state)

    def exhaust(self, state: str, errors: tuple[str, ...]) -> None:
        self.exhausted.append(Exhausted(state, errors))

    def catch(self, state: str, errors: tuple[str, ...], next: str) -> None:
        self.caught.append(Caught(state, errors, next))

    def wait(self, kind: Literal["wait", "retry"], seconds: float, state: str | None = None) -> None:
        self.waits.append(Wait(state or self._state or "", kind, seconds))

    def invoke(self, function: Any, body: Any, answer: dict[str, str]) -> bytes:
        """Stand for the call of a function that moto holds. `answer` is the headers that the answer gets."""
        name, state = function.function_name, self._state
        event = json.loads(body) if body else {}
        step = _next(self._tasks.get(state or ""), self._script.get(name), event=event)
        try:
            result, log = self._result(step, function, event)
        except FunctionFailed as error:
            answer["x-amz-function-error"] = "Unhandled"
            self.invocations.append(Invocation(state, name, event, error=error.type, log=error.log))
            return json.dumps({"errorMessage": error.message, "errorType": error.type}).encode()
        except JsonRESTError as error:
            self.invocations.append(Invocation(state, name, event, error=error.error_type))
            raise
        self.invocations.append(Invocation(state, name, event, result, log=log))
        return json.dumps(result).encode()

    def publish(self, parameters: Any, task: Callable[[], None], stack: list[Any]) -> None:
        """Stand for the publishing to a topic, which `task` is."""
        step = _next(self._tasks.get(self._state or ""), event=parameters)
        match step:
            case ServiceError():
                raise ClientError(_refusal(step), "Publish")
            case Slow():
                self._timed_out = self._limit is not None and step.seconds > self._limit
                stack.append({})
            case type() if step is Behave:
                task()
            case _:
                raise ValueError(f"state {self._state}: a topic cannot do {step!r}")

    def _result(self, step: Step, function: Any, event: Any) -> tuple[Any, tuple[str, ...]]:
        match step:
            case ServiceError():
                refusal = JsonRESTError(step.code, step.message)
                refusal.code = step.status
                raise refusal
            case Slow():
                return self._slow(step.seconds, function)
            case Exception():
                raise FunctionFailed(type(step).__name__, str(step))
            case type() if step is Behave:
                return self._code.call(function, event)
        return step, ()

    def _slow(self, seconds: float, function: Any) -> tuple[Any, tuple[str, ...]]:
        own, limit = function.timeout, self._limit
        if limit is not None and seconds > limit and limit <= own:
            self._timed_out = True
        elif seconds > own:
            raise FunctionFailed("Sandbox.Timedout", f"Error: Task timed out after {own:.2f} seconds")
        return None, ()


def _next(*scripts: list[Step] | None, event: Any) -> Step:
    """Take the next step of the first script that has one left."""
    steps = next((script for script in scripts if script), [])
    step = steps.pop(0) if steps else Behave
    return step(event) if inspect.isfunction(step) else step


def _refusal(error: ServiceError) -> Any:
    metadata = {"HTTPStatusCode": error.status, "RequestId": "scripted"}
    return {"Error": {"Code": error.code, "Message": error.message}, "ResponseMetadata": metadata}
