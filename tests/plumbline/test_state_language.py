"""Definitions in the Amazon States Language: what is taken, and where and why the rest is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.constraints.state_language import definition_findings

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:work"
INVOKE = "arn:aws:states:::lambda:invoke"
END = {"Type": "Succeed"}


def machine(**states: Any) -> dict[str, Any]:
    """Return a definition that begins with the first of its states."""
    return {"StartAt": next(iter(states)), "States": states}


def task(**changes: Any) -> dict[str, Any]:
    """Return a Task state that ends the machine. A field given as None is left out."""
    whole = {"Type": "Task", "Resource": FUNCTION, "End": True, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def of(state: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**machine(A=state), **changes}


def choice(*rules: Any, **changes: Any) -> dict[str, Any]:
    return machine(A={"Type": "Choice", "Choices": list(rules), "Default": "B", **changes}, B=END)


def items(**changes: Any) -> dict[str, Any]:
    """Return a machine that maps a task over items."""
    whole = {"Type": "Map", "ItemProcessor": machine(Each=task()), "End": True, **changes}
    return of({name: value for name, value in whole.items() if value is not None})


def distributed(**config: Any) -> dict[str, Any]:
    return {**machine(Each=task()), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD", **config}}


def jsonata(**states: Any) -> dict[str, Any]:
    return {**machine(**states), "QueryLanguage": "JSONata"}


def retry(**changes: Any) -> dict[str, Any]:
    return of(task(Retry=[{"ErrorEquals": ["States.ALL"], **changes}]))


RULE = {"Variable": "$.n", "NumericGreaterThan": 1, "Next": "B"}
SOUND: dict[str, dict[str, Any]] = {
    "pass": of({"Type": "Pass", "Result": {"a": 1}, "ResultPath": "$.x", "End": True}),
    "template": of(
        {"Type": "Pass", "Parameters": {"a.$": "$.x[0]", "b": [{"c.$": "States.UUID()"}], "d": 1}, "End": True}
    ),
    "function": of(task(TimeoutSeconds=60, HeartbeatSeconds=30)),
    "activity": of(task(Resource="arn:aws:states:eu-west-1:123456789012:activity:wait")),
    "integration": of(task(Resource=f"{INVOKE}.waitForTaskToken", Parameters={"FunctionName": "work"})),
    "job": of(task(Resource="arn:aws:states:::states:startExecution.sync:2", Parameters={"StateMachineArn.$": "$.a"})),
    "sdk": of(task(Resource="arn:aws:states:::aws-sdk:dynamodb:query")),
    "other integration": of(task(Resource="arn:aws:states:::elasticmapreduce:addStep.sync")),
    "retry and catch": machine(
        A=task(
            Retry=[
                {"ErrorEquals": ["States.Timeout", "Own"], "IntervalSeconds": 2, "MaxAttempts": 0, "BackoffRate": 1.5},
                {"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 60, "JitterStrategy": "FULL"},
            ],
            Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B"}],
        ),
        B={"Type": "Fail", "Error": "Failed", "CausePath": "$.error.Cause"},
    ),
    "choice": choice(
        RULE,
        {"And": [{"Variable": "$.a", "IsPresent": True}, {"Not": {"Variable": "$.b", "IsNull": True}}], "Next": "B"},
        {"Variable": "$.t", "TimestampLessThanPath": "$$.State.EnteredTime", "Next": "B"},
    ),
    "wait": machine(A={"Type": "Wait", "Timestamp": "2030-01-31T12:00:00Z", "Next": "B"}, B=END),
    "wait by path": machine(A={"Type": "Wait", "SecondsPath": "$.seconds", "Next": "B"}, B=END),
    "parallel": of({"Type": "Parallel", "Branches": [machine(B=task()), machine(C=END)], "End": True}),
    "map": items(ItemsPath="$.rows", MaxConcurrency=5, ItemSelector={"row.$": "$$.Map.Item.Value"}),
    "distributed map": items(ItemProcessor=distributed(), ToleratedFailurePercentage=5, Label="rows"),
    "loop": machine(
        A={"Type": "Choice", "Choices": [RULE], "Default": "C"}, B={"Type": "Wait", "Seconds": 5, "Next": "A"}, C=END
    ),
    "jsonata": jsonata(
        A={
            "Type": "Task",
            "Resource": INVOKE,
            "Arguments": {"FunctionName": "work"},
            "Output": "{% $a %}",
            "Next": "B",
        },
        B={"Type": "Choice", "Choices": [{"Condition": "{% $a > 1 %}", "Next": "C"}], "Default": "C"},
        C={"Type": "Wait", "Seconds": "{% $b %}", "End": True},
    ),
    "jsonata state": machine(A={"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 %}", "End": True}),
    "assign": of({"Type": "Pass", "Assign": {"x.$": "$.y"}, "Parameters": {"z.$": "$x"}, "End": True}),
}
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "start": ({"StartAt": "B", "States": {"A": task()}}, "StartAt", "'B' given; no such state"),
    "no start": ({"States": {"A": task()}}, "StartAt", "missing; the first state"),
    "no states": ({"StartAt": "A"}, "States", "an object of states"),
    "field of the machine": (of(task(), Timeout=5), "Timeout", "no field of this"),
    "version": (of(task(), Version="2.0"), "Version", "allowed: '1.0'"),
    "timeout of the machine": (of(task(), TimeoutSeconds=0), "TimeoutSeconds", "from 1 to 99999999"),
    "type": (of({"Type": "Run", "End": True}), "States.A.Type", "allowed: Pass, Task"),
    "field of a state": (of(task(Timeout=5)), "States.A.Timeout", "no field of this"),
    "field of the other language": (of(task(Output="x")), "States.A.Output", "no field of this"),
    "path in jsonata": (jsonata(A=task(InputPath="$.a")), "States.A.InputPath", "no field of this"),
    "query language": (of(task(), QueryLanguage="XPath"), "QueryLanguage", "allowed: JSONPath, JSONata"),
    "back to jsonpath": (jsonata(A=task(QueryLanguage="JSONPath")), "States.A.QueryLanguage", "JSONPath given in"),
    "long name": ({"StartAt": "A" * 81, "States": {"A" * 81: task()}}, f"States.{'A' * 81}", "81 characters"),
    "name in a branch": (
        of({"Type": "Parallel", "Branches": [machine(A=task())], "End": True}),
        "States.A.Branches[0].States.A",
        "a name of two states; the other is States.A",
    ),
    "state that is no object": (machine(A=task(End=None, Next="B"), B=1), "States.B", "an object is needed"),
    "next": (of(task(End=None, Next="B")), "States.A.Next", "'B' given; no such state"),
    "default": (
        machine(A={"Type": "Choice", "Choices": [{**RULE, "Next": "B"}], "Default": "C"}, B=END),
        "States.A.Default",
        "no such",
    ),
    "catch target": (
        of(task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}])),
        "States.A.Catch[0].Next",
        "'B' given; no such state",
    ),
    "next and end": (machine(A=task(Next="B"), B=END), "States.A.Next", "both given"),
    "neither next nor end": (machine(A=task(End=None)), "States.A.Next", "nothing given"),
    "end is false": (of(task(End=False)), "States.A.End", "allowed: true"),
    "next of a last state": (machine(A={"Type": "Succeed", "Next": "B"}, B=END), "States.A.Next", "no field of this"),
    "unreachable": (machine(A=task(), B=END), "States.B", "no state leads here"),
    "unreachable circle": (
        machine(A=task(), B={"Type": "Pass", "Next": "C"}, C={"Type": "Pass", "Next": "B"}),
        "States.B",
        "no state leads here",
    ),
    "no end": (
        machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"}),
        "States",
        "no state ends it",
    ),
    "no resource": (of(task(Resource=None)), "States.A.Resource", "missing; a state of type Task needs it"),
    "resource": (of(task(Resource="work")), "States.A.Resource", "allowed: a function, an activity"),
    "service": (of(task(Resource="arn:aws:states:::s3:putObject")), "States.A.Resource", "allowed: a function"),
    "action": (
        of(task(Resource="arn:aws:states:::dynamodb:query")),
        "States.A.Resource",
        "allowed for dynamodb: getItem",
    ),
    "way": (
        of(task(Resource=f"{INVOKE}.sync", Parameters={"FunctionName": "a"})),
        "States.A.Resource",
        "allowed after",
    ),
    "sdk action": (of(task(Resource="arn:aws:states:::aws-sdk:s3:GetObject")), "States.A.Resource", "lower-case"),
    "no function": (of(task(Resource=INVOKE)), "States.A.Parameters.FunctionName", "missing; lambda:invoke needs it"),
    "no message": (
        of(task(Resource="arn:aws:states:::sns:publish", Parameters={"TopicArn": "arn"})),
        "States.A.Parameters.Message",
        "missing; sns:publish needs it",
    ),
    "timeout": (of(task(TimeoutSeconds="60")), "States.A.TimeoutSeconds", "a whole number from 1"),
    "two timeouts": (
        of(task(TimeoutSeconds=5, TimeoutSecondsPath="$.t")),
        "States.A.TimeoutSeconds",
        "given together with TimeoutSecondsPath",
    ),
    "heartbeat": (of(task(TimeoutSeconds=5, HeartbeatSeconds=5)), "States.A.HeartbeatSeconds", "less than Timeout"),
    "input path": (of(task(InputPath="a")), "States.A.InputPath", "a path begins with $"),
    "result path": (of(task(ResultPath="$.a[*]")), "States.A.ResultPath", "a reference path takes"),
    "result path into the context": (of(task(ResultPath="$$.a")), "States.A.ResultPath", "allowed: a path into"),
    "template": (of(task(Parameters={"a.$": "x"})), 'States.A.Parameters["a.$"]', "a key that ends in .$"),
    "template in a list": (
        of(task(Parameters={"a": [{"b.$": "$.["}]})),
        'States.A.Parameters.a[0]["b.$"]',
        "no step of a path",
    ),
    "template twice": (
        of(task(Parameters={"a.$": "$.x", "a": 1})),
        'States.A.Parameters["a.$"]',
        "given together with a",
    ),
    "template that is no text": (of(task(Parameters={"a.$": 1})), 'States.A.Parameters["a.$"]', "a text is needed"),
    "function of a template": (
        of(task(ResultSelector={"a.$": "States.Now()"})),
        'States.A.ResultSelector["a.$"]',
        "no function States.Now",
    ),
    "error path": (of({"Type": "Fail", "ErrorPath": "error"}), "States.A.ErrorPath", "a path begins with $"),
    "error twice": (
        of({"Type": "Fail", "Error": "a", "ErrorPath": "$.e"}),
        "States.A.Error",
        "together with ErrorPath",
    ),
    "expression": (jsonata(A=task(Output="{% (1 %}")), "States.A.Output", ") is missing"),
    "expression in arguments": (
        jsonata(A=task(Arguments={"a": ["{% 1"]})),
        "States.A.Arguments.a[0]",
        "ends with %}",
    ),
    "no choices": (choice(), "States.A.Choices", "at least one rule"),
    "rule without next": (
        choice({"Variable": "$.n", "IsNull": True}, RULE),
        "States.A.Choices[0].Next",
        "missing; where the rule leads",
    ),
    "two comparisons": (choice({**RULE, "IsNull": True}), "States.A.Choices[0]", "exactly one comparison"),
    "comparison": (
        choice({"Variable": "$.n", "StringEqual": "a", "Next": "B"}),
        "States.A.Choices[0].StringEqual",
        "no comparison",
    ),
    "operand": (choice({**RULE, "NumericGreaterThan": "1"}), "States.A.Choices[0].NumericGreaterThan", "a number is"),
    "operand that is a path": (
        choice({"Variable": "$.n", "StringEqualsPath": "n", "Next": "B"}),
        "States.A.Choices[0].StringEqualsPath",
        "a path begins with $",
    ),
    "variable": (choice({**RULE, "Variable": "n"}), "States.A.Choices[0].Variable", "a path begins with $"),
    "no variable": (choice({"IsNull": True, "Next": "B"}), "States.A.Choices[0].Variable", "missing"),
    "empty and": (choice({"And": [], "Next": "B"}), "States.A.Choices[0].And", "at least one rule"),
    "next inside": (choice({"Not": RULE, "Next": "B"}), "States.A.Choices[0].Not", "exactly one comparison"),
    "condition": (
        jsonata(A={"Type": "Choice", "Choices": [{"Condition": "$a", "Next": "B"}]}, B=END),
        "States.A.Choices[0].Condition",
        "an expression {% ... %} is needed",
    ),
    "rule of jsonpath in jsonata": (
        jsonata(A={"Type": "Choice", "Choices": [{"Condition": True, "IsNull": True, "Next": "B"}]}, B=END),
        "States.A.Choices[0].IsNull",
        "no field of a rule in JSONata",
    ),
    "wait for nothing": (of({"Type": "Wait", "End": True}), "States.A.Seconds", "nothing given; exactly one"),
    "seconds": (of({"Type": "Wait", "Seconds": -1, "End": True}), "States.A.Seconds", "from 0 to"),
    "timestamp": (of({"Type": "Wait", "Timestamp": "tomorrow", "End": True}), "States.A.Timestamp", "such as 2030"),
    "all is not alone": (retry(ErrorEquals=["States.ALL", "Own"]), "States.A.Retry[0].ErrorEquals", "stands alone"),
    "all is not last": (
        of(task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["Own"]}])),
        "States.A.Retry[0].ErrorEquals",
        "in the last of the list",
    ),
    "error": (retry(ErrorEquals=["States.Broken"]), "States.A.Retry[0].ErrorEquals[0]", "'States.Broken' given"),
    "no errors": (retry(ErrorEquals=[]), "States.A.Retry[0].ErrorEquals", "at least one name"),
    "interval": (retry(IntervalSeconds=0), "States.A.Retry[0].IntervalSeconds", "from 1"),
    "attempts": (retry(MaxAttempts=-1), "States.A.Retry[0].MaxAttempts", "from 0"),
    "rate": (retry(BackoffRate=0.5), "States.A.Retry[0].BackoffRate", "a number from 1.0"),
    "delay": (retry(IntervalSeconds=10, MaxDelaySeconds=10), "States.A.Retry[0].MaxDelaySeconds", "more than Interval"),
    "jitter": (retry(JitterStrategy="SOME"), "States.A.Retry[0].JitterStrategy", "allowed: FULL, NONE"),
    "field of a retry": (retry(Next="A"), "States.A.Retry[0].Next", "no field of this"),
    "catch without next": (
        of(task(Catch=[{"ErrorEquals": ["States.ALL"]}])),
        "States.A.Catch[0].Next",
        "missing; where the error leads",
    ),
    "result path of a catch": (
        machine(A=task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B", "ResultPath": "e"}]), B=END),
        "States.A.Catch[0].ResultPath",
        "a path begins with $",
    ),
    "retry of a pass": (
        of({"Type": "Pass", "End": True, "Retry": []}),
        "States.A.Retry",
        "no field of this",
    ),
    "no branches": (of({"Type": "Parallel", "Branches": [], "End": True}), "States.A.Branches", "at least one branch"),
    "branch": (of({"Type": "Parallel", "Branches": [1], "End": True}), "States.A.Branches[0]", "an object"),
    "inside a branch": (
        of({"Type": "Parallel", "Branches": [machine(B=task(End=None, Next="A"))], "End": True}),
        "States.A.Branches[0].States.B.Next",
        "'A' given; no such state",
    ),
    "no processor": (items(ItemProcessor=None), "States.A.ItemProcessor", "nothing given; exactly one"),
    "concurrency": (items(MaxConcurrency=-1), "States.A.MaxConcurrency", "from 0"),
    "two selectors": (items(Parameters={}, ItemSelector={}), "States.A.Parameters", "together with ItemSelector"),
    "mode": (
        items(ItemProcessor=distributed(Mode="FAST")),
        "States.A.ItemProcessor.ProcessorConfig.Mode",
        "allowed: INLINE",
    ),
    "execution type": (
        items(ItemProcessor=distributed(ExecutionType=None)),
        "States.A.ItemProcessor.ProcessorConfig.ExecutionType",
        "allowed: STANDARD, EXPRESS",
    ),
    "tolerance of an inline map": (items(ToleratedFailureCount=1), "States.A.ToleratedFailureCount", "only a map of"),
}
NOT_EXPRESS = {
    "job": (SOUND["job"], "States.A.Resource"),
    "callback": (SOUND["integration"], "States.A.Resource"),
    "activity": (SOUND["activity"], "States.A.Resource"),
    "distributed map": (SOUND["distributed map"], "States.A.ItemProcessor.ProcessorConfig.Mode"),
}


@pytest.mark.parametrize("definition", SOUND.values(), ids=list(SOUND))
def test_a_definition_is_taken(definition: dict[str, Any]) -> None:
    assert definition_findings(json.dumps(definition)) == []


@pytest.mark.parametrize(("definition", "path", "says"), WRONG.values(), ids=list(WRONG))
def test_a_definition_is_refused_at_its_place(definition: dict[str, Any], path: str, says: str) -> None:
    found = dict(definition_findings(json.dumps(definition)))
    assert says in found.get(path, f"nothing at {path}, but {found}")


@pytest.mark.parametrize(("definition", "path"), NOT_EXPRESS.values(), ids=list(NOT_EXPRESS))
def test_an_express_state_machine_cannot_wait(definition: dict[str, Any], path: str) -> None:
    text = json.dumps(definition)
    assert [definition_findings(text, express=express) == [] for express in (False, True)] == [True, False]
    assert [found for found, _ in definition_findings(text, express=True)] == [path]


def test_a_definition_is_an_object_in_json() -> None:
    assert [path for text in ("{", "[]", "1") for path, _ in definition_findings(text)] == ["", "", ""]
