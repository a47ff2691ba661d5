"""Executions in the sandbox call the functions' own code, and write down the time that they do not wait."""

from __future__ import annotations

import inspect
import io
import itertools
import json
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.models import LambdaBackend
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import inline_iteration_component
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction

from plumbline.sandbox.adapters import Context
from plumbline.sandbox.workflows import (
    Behave,
    Execution,
    Invocation,
    ServiceError,
    Slow,
    StillRunning,
    Wait,
    Workflows,
)

CONTEXT = Context(account_id="123456789012", region="us-east-1")
NUMBERS = itertools.count(1)  # of the machines: names are unique in the sandbox
ROLE = "arn:aws:iam::123456789012:role/any"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
MAIN = """
import os
import boto3
import common

print("loaded")

def handler(event, context):
    if event.get("fail"):
        print("failing")
        raise ValueError(event["fail"])
    if event.get("store"):
        boto3.client("sqs").send_message(QueueUrl=event["store"], MessageBody="from the function")
    if event.get("bad"):
        return {1, 2}
    return {
        "event": event,
        "common": common.WHO,
        "variables": sorted(name for name in os.environ if not name.startswith("MOTO_")),
        "who": [os.environ["WHO"], context.function_name, context.function_version, context.aws_request_id],
        "time": context.get_remaining_time_in_millis(),
    }
"""


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in files.items():
            file.writestr(name.replace("__", "/") + ".py", text)
    return buffer.getvalue()


def make_function(name: str, handler: str = "main.handler", timeout: int = 30, **files: str) -> None:
    """Make a function with a layer and the alias live."""
    client = CONTEXT.client("lambda")
    layer = client.publish_layer_version(
        LayerName=f"{name}-layer", Content={"ZipFile": zipped(python__common=f"WHO = 'layer of {name}'")}
    )
    client.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="python3.13",
        Handler=handler,
        Timeout=timeout,
        Code={"ZipFile": zipped(**files)},
        Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"WHO": name}},
        Publish=True,
    )
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")


@pytest.fixture(scope="module")
def stack() -> Iterator[None]:
    with mock_aws(config={"lambda": {"use_docker": False}}):
        CONTEXT.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(TRUST))
        make_function("one", main=MAIN)
        make_function("two", main=MAIN, timeout=3)
        make_function("broken", main="import nothing_of_this_name")
        make_function("headless", main="", handler="main.handle")
        yield


@pytest.fixture
def runner(stack: None) -> Workflows:
    return Workflows(CONTEXT)


def make_machine(states: dict[str, Any], name: str) -> str:
    """Make a machine of some states, the first of which is the first; return its ARN."""
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    client = CONTEXT.client("stepfunctions")
    return client.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]


@pytest.fixture
def execute(runner: Workflows) -> Any:
    """Return a function that runs a machine of some states."""

    def run(states: dict[str, Any], input: Any = None, **settings: Any) -> Execution:
        return runner.run(make_machine(states, f"machine-{next(NUMBERS)}"), input or {}, **settings)

    return run


def task(function: str = "one:live", **more: Any) -> dict[str, Any]:
    values = {"FunctionName": f"{FUNCTION_ARN}:{function}", "Payload.$": "$"}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": values,
        "OutputPath": "$.Payload",
        "End": True,
        **more,
    }


RETRIED = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 3}
SUCCEEDED = "SUCCEEDED"


def ended(execution: Execution) -> tuple[str, str | None, str | None]:
    return execution.status, execution.error, execution.cause


def failed(type_: str, message: str) -> tuple[str, str, str]:
    return "FAILED", type_, json.dumps({"errorMessage": message, "errorType": type_}, separators=(",", ":"))


# The functions' code.


def test_function_is_called_by_its_alias_with_its_layer_variables_and_context(execute: Any) -> None:
    execution = execute({"Call": task()}, {"a": 1})
    result = {
        "event": {"a": 1},
        "common": "layer of one",
        "variables": sorted(
            [
                *(name for name in ("LANG", "LC_ALL", "PATH", "TZ") if name in os.environ),
                "AWS_ACCESS_KEY_ID",
                "AWS_DEFAULT_REGION",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                "AWS_LAMBDA_FUNCTION_NAME",
                "AWS_LAMBDA_FUNCTION_VERSION",
                "AWS_REGION",
                "AWS_SECRET_ACCESS_KEY",
                "WHO",
            ]
        ),
        "who": ["one", "one", "1", "call-1"],
        "time": 30_000,
    }
    assert execution == Execution(
        status=SUCCEEDED,
        output=result,
        error=None,
        cause=None,
        states=("Call",),
        waits=(),
        invocations=(Invocation("Call", "one", {"a": 1}, result, log=("loaded",)),),
    )


def test_functions_with_modules_of_one_name_have_their_own(execute: Any) -> None:
    first = {**task(ResultPath="$.first", OutputPath="$"), "Next": "Second"}
    del first["End"]
    second = task("two:live", ResultPath="$.second", OutputPath="$")
    output = execute({"First": first, "Second": second}).output
    assert [output[name]["Payload"]["common"] for name in ("first", "second")] == ["layer of one", "layer of two"]


def test_function_stays_warm_between_executions(runner: Workflows) -> None:
    arn = make_machine({"Call": task()}, "warm")
    logs = [runner.run(arn, {}).invocations[0].log for _ in range(2)]
    assert logs == [("loaded",), ()]


def test_function_reaches_other_services_of_the_sandbox(execute: Any) -> None:
    queue = CONTEXT.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    assert execute({"Call": task()}, {"store": queue}).status == SUCCEEDED
    [message] = CONTEXT.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "from the function"


def test_nothing_of_a_call_stays_in_the_process(execute: Any) -> None:
    def state() -> tuple[Any, ...]:
        return dict(os.environ), list(sys.path), sys.modules.get("main"), sys.modules.get("common"), sys.stdout

    before = state()
    execute(
        {"Call": task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}]), "Done": {"Type": "Succeed"}},
        {"fail": "x"},
    )
    assert state() == before


def test_error_of_a_function_has_its_type_message_and_log(execute: Any) -> None:
    execution = execute({"Call": task()}, {"fail": "no such order"})
    assert ended(execution) == failed("ValueError", "no such order")
    assert execution.invocations == (
        Invocation("Call", "one", {"fail": "no such order"}, error="ValueError", log=("loaded", "failing")),
    )


@pytest.mark.parametrize(
    ("function", "input", "expected"),
    [
        (
            "broken",
            {},
            ("Runtime.ImportModuleError", "Unable to import module 'main': No module named 'nothing_of_this_name'"),
        ),
        ("headless", {}, ("Runtime.HandlerNotFound", "Handler 'handle' missing on module 'main'")),
        (
            "one",
            {"bad": True},
            ("Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ),
    ],
)
def test_code_that_cannot_be_run_fails_as_in_lambda(
    execute: Any, function: str, input: Any, expected: tuple[str, str]
) -> None:
    assert ended(execute({"Call": task(f"{function}:live")}, input)) == failed(*expected)


@pytest.mark.parametrize("function", ["three:live", "one:next"])
def test_function_or_alias_that_does_not_exist_fails(execute: Any, function: str) -> None:
    execution = execute({"Call": task(function)})
    assert (execution.status, execution.error) == ("FAILED", "Lambda.ResourceNotFoundException")


# Scripts.


def test_scripted_steps_come_first_and_then_the_function_behaves(execute: Any) -> None:
    script = {"one": [KeyError("x"), ServiceError("TooManyRequestsException", status=429), {"scripted": True}]}
    retried = task(Retry=[RETRIED])
    again = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.scripted", "IsPresent": True, "Next": "Again"}],
        "Default": "End",
    }
    del retried["End"]
    states = {"Call": {**retried, "Next": "Scripted?"}, "Scripted?": again, "Again": task(), "End": {"Type": "Fail"}}
    calls = execute(states, script=script).invocations
    assert [(call.state, call.error) for call in calls] == [
        ("Call", "KeyError"),
        ("Call", "TooManyRequestsException"),
        ("Call", None),
        ("Again", None),
    ]
    assert calls[2].result == {"scripted": True}
    assert calls[3].result["event"] == {"scripted": True}


def test_function_can_behave_between_scripted_steps(execute: Any) -> None:
    states = {"Call": task(Next="Again"), "Again": task()}
    del states["Call"]["End"]
    execution = execute(states, script={"one": [Behave, ValueError("second")]})
    assert ended(execution) == failed("ValueError", "second")
    assert execution.invocations[0].log == ("loaded",)


def test_refusal_of_lambda_is_an_error_of_the_service(execute: Any) -> None:
    execution = execute({"Call": task()}, script={"one": [ServiceError("TooManyRequestsException", "too fast", 429)]})
    assert (execution.status, execution.error) == ("FAILED", "Lambda.TooManyRequestsException")
    assert "too fast (Service: AWSLambda; Status Code: 429" in (execution.cause or "")


@pytest.mark.parametrize(
    ("function", "seconds", "limit", "expected"),
    [
        ("one", 20, 10, ("FAILED", "States.Timeout")),
        ("one", 31, 35, ("FAILED", "Sandbox.Timedout")),
        ("two", 4, None, ("FAILED", "Sandbox.Timedout")),
        ("one", 9, 10, (SUCCEEDED, None)),
    ],
)
def test_slow_function_meets_the_earlier_of_its_own_and_the_states_timeout(
    execute: Any, function: str, seconds: int, limit: int | None, expected: tuple[str, str | None]
) -> None:
    more = {"TimeoutSeconds": limit} if limit else {}
    execution = execute({"Call": task(f"{function}:live", **more)}, script={function: [Slow(seconds)]})
    assert (execution.status, execution.error) == expected


# Time.


def test_waits_are_written_down_and_not_slept(execute: Any) -> None:
    begun = time.monotonic()
    execution = execute({"Pause": {"Type": "Wait", "Seconds": 3600, "Next": "Call"}, "Call": task()})
    assert (execution.status, execution.waits) == (SUCCEEDED, (Wait("Pause", "wait", 3600),))
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("policy", "expected"),
    [({}, [2, 6, 18, 54]), ({"MaxDelaySeconds": 10}, [2, 6, 10, 10]), ({"JitterStrategy": "FULL"}, [2, 6, 18, 54])],
)
def test_back_off_is_written_down_at_its_longest(execute: Any, policy: dict[str, Any], expected: list[int]) -> None:
    retry = {**RETRIED, **policy}
    execution = execute({"Call": task(Retry=[retry])}, script={"one": [ValueError("x")] * 5})
    assert execution.waits == tuple(Wait("Call", "retry", seconds) for seconds in expected)
    assert ended(execution) == failed("ValueError", "x")


def test_execution_that_does_not_end_is_stopped(runner: Workflows) -> None:
    loop = {"Round": {"Type": "Wait", "Seconds": 1, "Next": "Again"}, "Again": {"Type": "Pass", "Next": "Round"}}
    arn = make_machine(loop, "endless")
    with pytest.raises(StillRunning, match=r"^endless: still running after 0\.3 s without waits$"):
        runner.run(arn, {}, within_seconds=0.3)


# Branches and iterations.


def tallying(step: str) -> dict[str, Any]:
    states = {step: {"Type": "Pass", "Next": f"{step} ends"}, f"{step} ends": {"Type": "Pass", "End": True}}
    return {"StartAt": step, "States": states}


def test_branches_run_one_after_another(execute: Any) -> None:
    split = {"Type": "Parallel", "Branches": [tallying("A"), tallying("B")], "End": True}
    assert execute({"Split": split}).states == ("Split", "A", "A ends", "B", "B ends")


def test_branch_beside_one_that_failed_runs_to_its_end(execute: Any) -> None:
    failing = {"StartAt": "Stop", "States": {"Stop": {"Type": "Fail", "Error": "Stopped"}}}
    split = {"Type": "Parallel", "Branches": [failing, tallying("B")], "End": True}
    execution = execute({"Split": split})
    assert (execution.error, execution.states) == ("Stopped", ("Split", "Stop", "B", "B ends"))


def test_iterations_run_one_after_another(execute: Any) -> None:
    each = {"StartAt": "Call", "States": {"Call": task()}}
    execution = execute(
        {"Each": {"Type": "Map", "MaxConcurrency": 3, "ItemProcessor": each, "End": True}}, [{"n": 1}, {"n": 2}]
    )
    assert [call.event for call in execution.invocations] == [{"n": 1}, {"n": 2}]
    assert [result["event"] for result in execution.output] == [{"n": 1}, {"n": 2}]


def test_scripted_step_can_depend_on_the_event(execute: Any) -> None:
    def step(event: Any) -> Any:
        return Behave if event["n"] == 1 else KeyError(event["n"])

    each = {"StartAt": "Call", "States": {"Call": task()}}
    execution = execute(
        {"Each": {"Type": "Map", "ItemProcessor": each, "End": True}}, [{"n": 1}, {"n": 2}], script={"one": [step] * 2}
    )
    assert [call.error for call in execution.invocations] == [None, "KeyError"]


# The machine.


def test_machine_that_does_not_exist_is_refused(runner: Workflows) -> None:
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        runner.run("arn:aws:states:us-east-1:123456789012:stateMachine:none", {})


def test_changed_definition_is_the_one_that_runs(runner: Workflows) -> None:
    arn = make_machine({"Old": {"Type": "Succeed"}}, "changing")
    first = runner.run(arn, {}).states
    definition = json.dumps({"StartAt": "New", "States": {"New": {"Type": "Succeed"}}})
    CONTEXT.client("stepfunctions").update_state_machine(stateMachineArn=arn, definition=definition)
    assert (first, runner.run(arn, {}).states) == (("Old",), ("New",))


def test_machine_runs_where_moto_interprets_by_itself(runner: Workflows) -> None:
    with patch.dict(default_user_config, {"stepfunctions": {"execute_state_machine": True}}):
        assert runner.run(make_machine({"Call": task()}, "interpreted"), {}).status == SUCCEEDED


# What is patched in moto. Where one of these fails, moto changed, and plumbline.sandbox.workflows must follow.


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (LambdaBackend.invoke, ["self", "function_name", "qualifier", "body", "headers", "response_headers"]),
        (LambdaSimpleBackend.invoke, ["self", "function_name", "qualifier", "body", "headers", "response_headers"]),
        (
            StateTaskServiceLambda._eval_service_task,
            ["self", "env", "resource_runtime_part", "normalised_parameters", "state_credentials"],
        ),
        (retrier_decl.RetrierDecl._eval_body, ["self", "env"]),
        (WaitFunction._wait_interval, ["self", "env", "wait_seconds"]),
    ],
)
def test_patched_methods_of_moto_take_what_they_took(method: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(method).parameters) == parameters


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (retrier_decl, "time.sleep(interval_seconds)"),
        (jitter_strategy_decl, "random.uniform(0, interval_seconds)"),
        (branch_worker, "threading.Thread("),
        (inline_iteration_component, "threading.Thread("),
    ],
)
def test_patched_modules_of_moto_still_make_the_call(module: Any, call: str) -> None:
    assert inspect.getsource(module).count(call) == 1
