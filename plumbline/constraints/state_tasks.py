"""What single states of the Amazon States Language hold: tasks and their integrations, choices, retries, catches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.state_paths import jsonata_problem, path_problem
from plumbline.graph import Path

Finding = tuple[Path, str]
_MOST = 99_999_999
_MOST_DELAY = 31_622_400
_LAMBDA = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?")
_ACTIVITY = re.compile(r"arn:[a-z-]+:states:[a-z0-9-]+:\d{12}:activity:\S+")
_INTEGRATION = re.compile(r"arn:[a-z-]+:states:[a-z0-9-]*:(?:\d{12})?:([a-z0-9-]+):([A-Za-z0-9]+)(\.[A-Za-z:0-9]+)?")
_SDK = re.compile(r"arn:[a-z-]+:states:[a-z0-9-]*:(?:\d{12})?:aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)(\.[A-Za-z:0-9]+)?")
_SYNC, _TOKEN = ".sync", ".waitForTaskToken"
_JOB, _CALLBACK = (_SYNC,), (_TOKEN,)
# Actions of each optimized integration with the ways besides "request response" in which it can be called
# (Step Functions, "Integrating optimized services").
_OPTIMIZED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apigateway": {"invoke": _CALLBACK},
    "athena": {
        "startQueryExecution": _JOB,
        "stopQueryExecution": (),
        "getQueryExecution": (),
        "getQueryResults": (),
    },
    "batch": {"submitJob": _JOB},
    "bedrock": {"invokeModel": (), "createModelCustomizationJob": _JOB},
    "codebuild": {
        "startBuild": _JOB,
        "stopBuild": (),
        "batchDeleteBuilds": (),
        "batchGetReports": (),
        "startBuildBatch": _JOB,
        "stopBuildBatch": (),
        "retryBuildBatch": _JOB,
        "deleteBuildBatch": (),
    },
    "databrew": {"startJobRun": _JOB},
    "dynamodb": {"getItem": (), "putItem": (), "deleteItem": (), "updateItem": ()},
    "ecs": {"runTask": (_SYNC, _TOKEN)},
    "events": {"putEvents": _CALLBACK},
    "glue": {"startJobRun": _JOB},
    "http": {"invoke": ()},
    "lambda": {"invoke": _CALLBACK},
    "mediaconvert": {"createJob": _JOB},
    "sns": {"publish": _CALLBACK},
    "sqs": {"sendMessage": _CALLBACK},
    "states": {"startExecution": (_SYNC, f"{_SYNC}:2", _TOKEN)},
}
# Integrations with many actions, of which only the services are known here.
_OTHERS = ("eks", "elasticmapreduce", "emr-containers", "emr-serverless", "sagemaker")
# Fields without which Step Functions refuses the task.
_REQUIRED = {
    "dynamodb:deleteItem": ("TableName", "Key"),
    "dynamodb:getItem": ("TableName", "Key"),
    "dynamodb:putItem": ("TableName", "Item"),
    "dynamodb:updateItem": ("TableName", "Key"),
    "events:putEvents": ("Entries",),
    "lambda:invoke": ("FunctionName",),
    "sns:publish": ("Message",),
    "sqs:sendMessage": ("QueueUrl", "MessageBody"),
    "states:startExecution": ("StateMachineArn",),
}
# The names of errors that begin "States." (Step Functions, "Handling errors").
_ERRORS = [
    "ALL",
    "BranchFailed",
    "DataLimitExceeded",
    "ExceedToleratedFailureThreshold",
    "HeartbeatTimeout",
    "Http.Socket",
    "IntrinsicFailure",
    "ItemReaderFailed",
    "NoChoiceMatched",
    "ParameterPathFailure",
    "Permissions",
    "QueryEvaluationError",
    "ResultPathMatchFailure",
    "ResultWriterFailed",
    "Runtime",
    "TaskFailed",
    "Timeout",
]
_RETRY = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"}
_COMPARISONS = {
    f"{kind}{operator}": kind
    for kind, operators in {
        "String": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
        "Numeric": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
        "Timestamp": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
        "Boolean": ("Equals",),
    }.items()
    for operator in operators
}
_OPERATORS: Mapping[str, str] = {
    **_COMPARISONS,
    **{f"{name}Path": "Path" for name in _COMPARISONS},
    **{f"Is{name}": "Boolean" for name in ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp")},
    "StringMatches": "String",
}
_OPERANDS = {"String": "a text", "Numeric": "a number", "Timestamp": "a time", "Boolean": "true or false"}
_LOGIC = ("And", "Or", "Not")


def parameters_of(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a task passes on: its Parameters, or its Arguments in JSONata."""
    given = state.get("Parameters", state.get("Arguments"))
    return given if isinstance(given, dict) else {}


def integration_of(resource: Any) -> str | None:
    """Return the optimized integration that a task's Resource means, as `sns:publish`, None where it is none."""
    match = _INTEGRATION.fullmatch(resource) if isinstance(resource, str) else None
    return f"{match[1]}:{match[2]}" if match else None


def task_findings(state: Mapping[str, Any], *, express: bool) -> Iterator[Finding]:
    """Yield what is wrong with a Task state: its resource, what that must be given, and its times."""
    resource = state.get("Resource")
    if resource is not None:
        message = _resource_problem(resource, express)
        if message:
            yield ("Resource",), message
    given = {name.removesuffix(".$") for name in parameters_of(state)}
    # An expression for all of the arguments says nothing about the single ones.
    if not isinstance(state.get("Arguments"), str):
        for name in _REQUIRED.get(integration_of(resource) or "", ()):
            if name not in given:
                where = "Arguments" if "Arguments" in state else "Parameters"
                yield (where, name), f"missing; {integration_of(resource)} needs it"
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        value = state.get(name)
        if value is not None and not _is_expression(value) and not _whole(value, 1, _MOST):
            yield (name,), f"{value!r} given; allowed: a whole number from 1 to {_MOST}"
    timeout, heartbeat = state.get("TimeoutSeconds", _MOST), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield ("HeartbeatSeconds",), f"{heartbeat} given; allowed: less than TimeoutSeconds, which is {timeout}"


def _resource_problem(resource: Any, express: bool) -> str | None:
    if not isinstance(resource, str):
        return f"{resource!r} given; an ARN is needed"
    if _LAMBDA.fullmatch(resource):
        return None
    if _ACTIVITY.fullmatch(resource):
        return f"{resource!r} given; an express state machine has no activities" if express else None
    sdk, optimized = _SDK.fullmatch(resource), _INTEGRATION.fullmatch(resource)
    if sdk is not None:
        if not sdk[2][0].islower():
            return f"{resource!r} given; an action of an SDK integration begins with a lower-case letter"
        allowed, way = (_TOKEN,), sdk[3]
    elif optimized is not None and optimized[1] in _OPTIMIZED:
        actions = _OPTIMIZED[optimized[1]]
        if optimized[2] not in actions:
            return f"{resource!r} given; allowed for {optimized[1]}: {', '.join(actions)}"
        allowed, way = actions[optimized[2]], optimized[3]
    elif optimized is not None and optimized[1] in _OTHERS:
        allowed, way = (_SYNC, _TOKEN), optimized[3]
    else:
        return f"{resource!r} given; allowed: a function, an activity, or arn:aws:states:::service:action"
    if way is not None and way not in allowed:
        return f"{resource!r} given; allowed after the action: {', '.join(allowed) or 'nothing'}"
    if way is not None and express:
        return f"{resource!r} given; an express state machine can wait for no job and no callback"
    return None


def retry_findings(state: Mapping[str, Any], *, jsonata: bool) -> Iterator[Finding]:
    """Yield what is wrong with the retriers and catchers of a state."""
    catch = {"ErrorEquals", "Next", "Comment", "Assign", "Output" if jsonata else "ResultPath"}
    for list_, allowed in (("Retry", _RETRY | {"Comment"}), ("Catch", catch)):
        rows = state.get(list_, [])
        if not isinstance(rows, list):
            yield (list_,), "a list is needed"
            continue
        for index, row in enumerate(rows):
            if not isinstance(row, dict):
                yield (list_, index), "an object is needed"
                continue
            for name in row:
                if name not in allowed:
                    yield (list_, index, name), f"no field of this; allowed: {', '.join(sorted(allowed))}"
            for path, message in _errors(row.get("ErrorEquals"), last=index == len(rows) - 1):
                yield (list_, index, "ErrorEquals", *path), message
            yield from _row(row, (list_, index))


def _row(row: Mapping[str, Any], place: Path) -> Iterator[Finding]:
    if place[0] == "Catch":
        if "Next" not in row:
            yield (*place, "Next"), "missing; where the error leads"
        path = row.get("ResultPath")
        problem = path_problem(path, reference=True, context=False) if isinstance(path, str) else None
        if problem:
            yield (*place, "ResultPath"), problem
        return
    for name, low, high in (("IntervalSeconds", 1, _MOST), ("MaxAttempts", 0, _MOST), ("MaxDelaySeconds", 1, None)):
        most = _MOST_DELAY if high is None else high
        if name in row and not _whole(row[name], low, most):
            yield (*place, name), f"{row[name]!r} given; allowed: a whole number from {low} to {most}"
    rate = row.get("BackoffRate", 2.0)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or rate < 1:
        yield (*place, "BackoffRate"), f"{rate!r} given; allowed: a number from 1.0"
    if row.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        yield (*place, "JitterStrategy"), f"{row['JitterStrategy']!r} given; allowed: FULL, NONE"
    delay, interval = row.get("MaxDelaySeconds"), row.get("IntervalSeconds", 1)
    if isinstance(delay, int) and isinstance(interval, int) and delay <= interval:
        yield (*place, "MaxDelaySeconds"), f"{delay} given; allowed: more than IntervalSeconds, which is {interval}"


def _errors(names: Any, *, last: bool) -> Iterator[Finding]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        yield (), "a list with at least one name of an error is needed"
        return
    for index, name in enumerate(names):
        if name.startswith("States.") and name.removeprefix("States.") not in _ERRORS:
            yield (index,), f"{name!r} given; allowed of those that begin States.: {', '.join(_ERRORS)}"
    if "States.ALL" in names and (len(names) > 1 or not last):
        yield (), "States.ALL given; it stands alone, in the last of the list"


def choice_findings(rules: Any, *, jsonata: bool) -> Iterator[Finding]:
    """Yield what is wrong with the rules of a Choice state."""
    if rules is None:
        return
    if not isinstance(rules, list) or not rules:
        yield ("Choices",), "a list with at least one rule is needed"
        return
    for index, rule in enumerate(rules):
        place: Path = ("Choices", index)
        if not isinstance(rule, dict):
            yield place, "an object is needed"
            continue
        if "Next" not in rule:
            yield (*place, "Next"), "missing; where the rule leads"
        if jsonata:
            yield from _condition(rule, place)
        else:
            yield from _rule(rule, place, {"Next", "Comment", "Assign"})


def _condition(rule: Mapping[str, Any], place: Path) -> Iterator[Finding]:
    for name in rule:
        if name not in ("Next", "Comment", "Assign", "Output", "Condition"):
            yield (*place, name), "no field of a rule in JSONata; allowed: Condition, Next, Assign, Output, Comment"
    condition = rule.get("Condition")
    if condition is True or condition is False:
        return
    problem = "a text with an expression {% ... %} is needed"
    if isinstance(condition, str) and condition.startswith("{%"):
        problem = jsonata_problem(condition)
    if problem:
        yield (*place, "Condition"), problem


def _rule(rule: Mapping[str, Any], place: Path, besides: set[str]) -> Iterator[Finding]:
    given = [name for name in rule if name not in {"Variable", *besides}]
    if len(given) != 1:
        yield place, f"{' and '.join(given) or 'nothing'} given; exactly one comparison, or And, Or, Not"
        return
    (name,) = given
    value = rule[name]
    if name in _LOGIC:
        inner = [value] if name == "Not" else value
        if not isinstance(inner, list) or not inner or not all(isinstance(item, dict) for item in inner):
            yield (*place, name), "a rule is needed" if name == "Not" else "a list with at least one rule is needed"
            return
        for index, item in enumerate(inner):
            yield from _rule(item, (*place, name) if name == "Not" else (*place, name, index), {"Comment"})
        return
    if name not in _OPERATORS:
        yield (*place, name), f"no comparison; allowed: {', '.join(sorted(_OPERATORS))}, {', '.join(_LOGIC)}"
        return
    variable = rule.get("Variable")
    problem = path_problem(variable) if isinstance(variable, str) else "missing; the path of what is compared"
    if problem:
        yield (*place, "Variable"), problem
    problem = _operand_problem(_OPERATORS[name], value)
    if problem:
        yield (*place, name), problem


def _operand_problem(kind: str, value: Any) -> str | None:
    if kind == "Path":
        return path_problem(value) if isinstance(value, str) else f"{value!r} given; a path is needed"
    fits = {
        "String": isinstance(value, str),
        "Numeric": isinstance(value, int | float) and not isinstance(value, bool),
        "Boolean": isinstance(value, bool),
        "Timestamp": isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value) is not None,
    }
    return None if fits[kind] else f"{value!r} given; {_OPERANDS[kind]} is needed"


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("{%")
