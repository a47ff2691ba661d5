"""The trading system's state machines: their files, and their executions with the handlers of this repository."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.sns.models import sns_backends

from components.workflows import named
from plumbline import constraints
from plumbline.sandbox.workflows import Behave, Execution, ServiceError, Slow, Wait
from systems.trading import data, workflows
from systems.trading.data import DataError
from tests.systems.workflow_rig import ACCOUNT, MACHINES, TOPICS, Rig, up

ORDER = {
    "orderId": "o1",
    "strategyId": "s1",
    "exchangeId": "x1",
    "assetId": "BTC",
    "side": "buy",
    "quantity": 2,
}
TRADE = {"tenant": "a", "order": ORDER}
PACKAGE = {"tenant": "a", "packageId": "p1", "from": "2026-01-01", "to": "2026-02-01"}
RANGES = [{"from": 1, "to": 2}, {"from": 2, "to": 3}]
BACKFILL = {"tenant": "a", "requestId": "r1", "sourceId": "s1", "ranges": RANGES}
CLAIMS = {"authorizer": {"claims": {"custom:tenant": "a"}}}
THROTTLED = ServiceError("TooManyRequestsException", status=429)
NOT_FOUND = {"statusCode": 404, "body": "{}"}
BROKEN = {"statusCode": 500, "body": "{}"}
REFUSAL_BACK_OFF = [1, 2, 4, 8]
HANDLER_BACK_OFF = [2, 6]
TASK_BACK_OFF = [5, 15]
NOTICE_BACK_OFF = [2, 4, 8, 16]


@pytest.fixture(scope="module")
def stack() -> Iterator[Rig]:
    with up() as rig:
        yield rig


@pytest.fixture
def rig(stack: Rig) -> Iterator[Rig]:
    yield stack
    stack.clear()


@pytest.fixture
def tradable(rig: Rig) -> Rig:
    """A tenant whose order is within its limit, and filled."""
    rig.put("position-limits", limitId="BTC", maxQuantity=2)
    rig.put("trade-lifecycle", eventId="o1.filled", price=100)
    return rig


@contextlib.contextmanager
def without_topics(*names: str) -> Iterator[None]:
    """Take topics out of the sandbox for a while."""
    topics = sns_backends[ACCOUNT.account_id][ACCOUNT.region].topics
    taken = {arn: topics.pop(arn) for arn in [ACCOUNT.topic_arn(f"test-{name}") for name in names]}
    yield
    topics.update(taken)


def operations(execution: Execution, function: str) -> list[str | None]:
    """Return what a function was asked for, call by call."""
    calls = [call.event for call in execution.invocations if call.function == f"test-{function}"]
    return [event.get("operation") or event.get("httpMethod") or event.get("action") for event in calls]


def retries(execution: Execution, state: str) -> list[float]:
    return [wait.seconds for wait in execution.waits if (wait.state, wait.kind) == (state, "retry")]


def events(rig: Rig, kind: str) -> dict[str, Any]:
    """Return the event of a kind that was recorded of the order, without what differs from run to run."""
    event = rig.items("trade-lifecycle")[f"o1.{kind}"]
    return {key: value for key, value in event.items() if key not in ("timestamp", "execution")}


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "tenantId": "a",
        "eventId": f"o1.{kind}",
        "correlationId": "o1",
        "strategyId": "s1",
        "eventType": kind,
        "order": ORDER,
        **more,
    }


# The files.


def test_machines_are_the_three_that_are_asked_for_and_use_what_exists() -> None:
    used = {
        name: (named(spec.definition, "function"), named(spec.definition, "topic")) for name, spec in MACHINES.items()
    }
    assert used == {
        "audit-package": (
            ("audit", "audit-packages", "compliance-reports", "data-lineage"),
            ("audit-notifications", "system-health"),
        ),
        "data-backfill": (("backfills", "quality"), ("system-health",)),
        "trade-lifecycle": (
            ("circuit-breakers", "exchange-orders", "kill-switch", "position-limits", "trade-lifecycle"),
            ("critical-alerts",),
        ),
    }


def test_comment_and_timeout_of_a_file_become_those_of_its_machine() -> None:
    described = {name: (spec.description, spec.timeout_seconds) for name, spec in MACHINES.items()}
    assert described == {
        "audit-package": ("Builds a tenant's audit package of a period and the report on it", 7200),
        "data-backfill": (
            "Fetches the ranges of a data source that are missing, checks them, and says which failed",
            43200,
        ),
        "trade-lifecycle": (
            "Carries one order from its risk checks to the record of its fill, and cancels it where that fails",
            14400,
        ),
    }
    assert {tuple(spec.definition) for spec in MACHINES.values()} == {("StartAt", "States")}


def test_a_function_that_does_not_exist_is_named_with_its_place() -> None:
    with pytest.raises(DataError) as caught:
        workflows.machines([name for name in data.functions() if name != "quality"], TOPICS)
    known = ", ".join(name for name in data.functions() if name != "quality")
    assert str(caught.value) == (
        "systems/trading/data/state_machines/data-backfill.json: States.Check quality.Parameters.FunctionName: "
        f"no function 'quality'; known: {known}"
    )


def small(**changes: Any) -> dict[str, Any]:
    """Return a right definition, with changes of its one task."""
    work = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${function:audit}"},
        "TimeoutSeconds": 5,
        "Retry": [{"ErrorEquals": ["States.TaskFailed"]}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
        "Next": "Done",
        **changes,
    }
    states = {"Work": work, "Done": {"Type": "Succeed"}, "Failed": {"Type": "Fail"}}
    return {"Comment": "Works", "StartAt": "Work", "TimeoutSeconds": 60, "States": states}


def found(definition: Any) -> list[str]:
    begin = "systems/trading/data/state_machines/x.json: "
    lines = workflows.mistakes({"x": definition}, ["audit"], [])
    assert all(line.startswith(begin) for line in lines)
    return [line.removeprefix(begin) for line in lines]


def test_right_definition_has_no_mistake() -> None:
    assert found(small()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Retry": []}, [".Retry: missing; every task is tried again"]),
        ({"TimeoutSeconds": None}, [".TimeoutSeconds: missing; a task that hangs holds its execution for a year"]),
        (
            {"Catch": [{"ErrorEquals": ["X"], "Next": "Failed"}]},
            [".Catch: States.ALL missing; every error is caught"],
        ),
        ({"End": True}, [".Next: either Next or End must be given"]),
        (
            {"Type": "Job"},
            [".Type: 'Job' given; allowed: Map, Parallel, Pass, Task, Wait, Choice, Fail, Succeed"],
        ),
        (
            {"Parameters": {"FunctionName": "${function:other}"}},
            [".Parameters.FunctionName: no function 'other'; known: audit"],
        ),
        ({"Parameters": {"TopicArn": "${topic:alerts}"}}, [".Parameters.TopicArn: no topic 'alerts'; known: none"]),
        (
            {"Parameters": {"QueueUrl": "${queue:x}"}},
            [".Parameters.QueueUrl: '${queue:x}' given; allowed: ${function:NAME} or ${topic:NAME} alone"],
        ),
    ],
)
def test_mistake_of_a_task_is_one_line(changes: dict[str, Any], expected: list[str]) -> None:
    assert found(small(**changes)) == [f"States.Work{line}" for line in expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Comment": None}, ["Comment: missing; it says what the machine is for"]),
        ({"TimeoutSeconds": 0}, ["TimeoutSeconds: 0 given; allowed: whole seconds from 1"]),
        (
            {"StartAt": "Begin"},
            ["StartAt: leads to 'Begin'; known: Work, Done, Failed", "States.Work: nothing leads to it"],
        ),
        ({"States": {}}, ["States: none given; allowed: one or more", "StartAt: leads to 'Work'; known: none"]),
    ],
)
def test_mistake_of_a_machine_is_one_line(changes: dict[str, Any], expected: list[str]) -> None:
    assert found({**small(), **changes}) == expected


def test_state_that_does_not_exist_is_named_by_what_leads_to_it() -> None:
    assert found(small(Next="Gone")) == [
        "States.Work: leads to 'Gone'; known: Work, Done, Failed",
        "States.Done: nothing leads to it",
    ]


def test_task_in_a_branch_is_caught_by_what_surrounds_it_and_names_are_unique() -> None:
    branch = {"StartAt": "Work", "States": {"Work": copy.deepcopy(small(Catch=[])["States"]["Work"])}}
    del branch["States"]["Work"]["Next"]
    branch["States"]["Work"]["End"] = True
    surrounded = small(Type="Parallel", Branches=[branch])
    assert found(surrounded) == ["States: 'Work' given 2 times; names are unique"]
    del surrounded["States"]["Work"]["Catch"]
    del surrounded["States"]["Failed"]
    assert found(surrounded) == [
        "States.Work.0.States.Work.Catch: States.ALL missing; every error is caught",
        "States: 'Work' given 2 times; names are unique",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"States": \n  x}', "x.json:2:3: Expecting value"),
        ("[]", "x.json: list given; allowed: an object with StartAt and States"),
    ],
)
def test_file_that_is_no_definition_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, text: str, expected: str
) -> None:
    (tmp_path / "x.json").write_text(text)
    monkeypatch.setattr(workflows, "_DIRECTORY", tmp_path)
    workflows.definitions.cache_clear()
    with pytest.raises(DataError) as caught:
        workflows.definitions()
    assert str(caught.value) == f"systems/trading/data/state_machines/{expected}"
    workflows.definitions.cache_clear()


def test_polling_with_all_its_retries_ends_long_before_the_machine_does() -> None:
    machine = MACHINES["trade-lifecycle"]
    states = machine.definition["States"]
    task = states["Read fill"]
    [bound] = [rule["NumericLessThan"] for rule in states["Order filled?"]["Choices"] if "NumericLessThan" in rule]
    attempts = 1 + sum(retrier["MaxAttempts"] for retrier in task["Retry"])
    longest = attempts * task["TimeoutSeconds"] + sum(
        retrier["MaxAttempts"] * retrier.get("MaxDelaySeconds", retrier["IntervalSeconds"]) for retrier in task["Retry"]
    )
    assert bound * (states["Wait for fill"]["Seconds"] + longest) < machine.timeout_seconds / 2


def test_stack_of_the_workflows_is_one_that_aws_takes(stack: Rig) -> None:
    assert (stack.evaluation.mistakes, stack.evaluation.warnings) == ((), ())
    assert constraints.check(stack.evaluation.graph) == []


# The trade lifecycle.


def test_order_is_checked_placed_filled_and_recorded(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE)
    assert (execution.status, execution.waits) == ("SUCCEEDED", (Wait("Wait for fill", "wait", 15),))
    calls = {call.state: call.event for call in execution.invocations}
    assert calls["Place order"] == {
        "operation": "place",
        "httpMethod": "GET",
        "resource": "/exchange-orders",
        "body": json.dumps(ORDER, separators=(",", ":")),
        "requestContext": CLAIMS,
    }
    assert {state: event.get("operation") for state, event in calls.items()} == {
        "Read kill switch": None,
        "Read circuit breakers": None,
        "Read position limit": None,
        "Place order": "place",
        "Read fill": None,
        "Write completion": None,
    }
    fill = {"tenantId": "a", "eventId": "o1.filled", "price": 100}
    assert events(tradable, "completed") == event("completed", fill=fill)
    assert tradable.sent() == {}


def test_order_is_polled_until_it_is_filled(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, trade_lifecycle=[NOT_FOUND, BROKEN])
    assert (execution.status, execution.waits) == ("SUCCEEDED", (Wait("Wait for fill", "wait", 15),) * 3)


def test_completion_that_an_earlier_attempt_recorded_counts(tradable: Rig) -> None:
    steps = [Behave, {"statusCode": 409, "body": "{}"}]
    execution = tradable.run("trade-lifecycle", TRADE, trade_lifecycle=steps)
    assert (execution.status, sorted(tradable.items("trade-lifecycle"))) == ("SUCCEEDED", ["o1.filled"])


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": "2"},
        {"side": "hold"},
        {"orderId": None},
        {"assetId": 7},
    ],
)
def test_order_that_is_none_is_refused_before_anything_is_called(rig: Rig, changes: dict[str, Any]) -> None:
    order = {key: value for key, value in {**ORDER, **changes}.items() if value is not None}
    execution = rig.run("trade-lifecycle", {"tenant": "a", "order": order})
    assert (execution.status, execution.error, execution.invocations) == ("FAILED", "Input.Refused", ())


def test_input_without_tenant_is_refused(rig: Rig) -> None:
    assert rig.run("trade-lifecycle", {"order": ORDER}).error == "Input.Refused"


LIMIT_REFUSAL = "The order exceeds the position limit of its asset, or there is none"


@pytest.mark.parametrize(
    ("table", "item", "reason"),
    [
        ("kill-switch-state", {"active": "true"}, "The tenant's kill switch is thrown"),
        ("kill-switch-state", {"scope": "all"}, "The tenant's kill switch is thrown"),
        ("circuit-breakers", {"breakerId": "b1", "state": "open"}, "A circuit breaker of the tenant is open"),
        ("position-limits", {"limitId": "BTC", "maxQuantity": 1}, LIMIT_REFUSAL),
        ("position-limits", {"limitId": "BTC"}, LIMIT_REFUSAL),
    ],
)
def test_refused_order_is_recorded_and_never_placed(
    tradable: Rig, table: str, item: dict[str, Any], reason: str
) -> None:
    tradable.put(table, **item)
    execution = tradable.run("trade-lifecycle", TRADE)
    assert (execution.status, execution.states[-1]) == ("SUCCEEDED", "Order refused")
    assert operations(execution, "exchange-orders") == []
    assert events(tradable, "refused") == event("refused", reason=reason)
    assert tradable.sent() == {}


def test_asset_without_limit_is_not_traded(rig: Rig) -> None:
    execution = rig.run("trade-lifecycle", TRADE)
    assert (execution.states[-1], events(rig, "refused")["reason"]) == ("Order refused", LIMIT_REFUSAL)


@pytest.mark.parametrize(
    ("table", "item"),
    [
        ("kill-switch-state", {"active": "false"}),
        ("circuit-breakers", {"breakerId": "b1", "state": "closed"}),
        ("circuit-breakers", {"breakerId": "b1"}),
    ],
)
def test_control_that_does_not_object_lets_the_order_pass(tradable: Rig, table: str, item: dict[str, Any]) -> None:
    tradable.put(table, **item)
    assert tradable.run("trade-lifecycle", TRADE).states[-1] == "Trade completed"


def test_open_breaker_on_a_later_page_is_seen(tradable: Rig) -> None:
    for number in range(101):
        state = "open" if number == 100 else "closed"
        tradable.put("circuit-breakers", breakerId=f"b{number:03}", state=state)
    execution = tradable.run("trade-lifecycle", TRADE)
    queries = [
        sorted(call.event["queryStringParameters"])
        for call in execution.invocations
        if call.state == "Read circuit breakers"
    ]
    assert (execution.states[-1], queries) == ("Order refused", [["limit"], ["cursor", "limit"]])


def test_throttled_check_is_asked_again_with_growing_pauses(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, kill_switch=[THROTTLED] * 4)
    assert (execution.status, retries(execution, "Read kill switch")) == ("SUCCEEDED", REFUSAL_BACK_OFF)


def test_check_that_answers_an_error_is_repeated_as_a_whole(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, position_limits=[BROKEN] * 2)
    assert (execution.status, retries(execution, "Check risk")) == ("SUCCEEDED", HANDLER_BACK_OFF)


HANDLER_FAILED = {"Error": "Handler.Failed", "Cause": "The function answered with a status that is no result"}


@pytest.mark.parametrize("function", ["position_limits", "kill_switch", "circuit_breakers"])
def test_order_is_not_placed_where_a_control_cannot_be_asked(tradable: Rig, function: str) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, **{function: [BROKEN] * 3})
    assert (execution.status, execution.error) == ("FAILED", "Trade.Failed")
    assert operations(execution, "exchange-orders") == []
    assert events(tradable, "failed") == event(
        "failed", failure=HANDLER_FAILED, cancellation=[{"order": "never placed"}]
    )
    assert [subject for subject, _ in tradable.sent()["critical-alerts"]] == ["Trade failed"]


def failure(error: str, cause: str) -> dict[str, str]:
    return {"Error": error, "Cause": cause}


def lambda_failure(error: str, message: str) -> dict[str, str]:
    return failure(error, json.dumps({"errorMessage": message, "errorType": error}, separators=(",", ":")))


TIMED_OUT = lambda_failure("Sandbox.Timedout", "Error: Task timed out after 30.00 seconds")


@pytest.mark.parametrize(
    ("steps", "asked", "paused", "expected"),
    [
        ([ValueError("x")], ["place", "cancel"], [], lambda_failure("ValueError", "x")),
        ([BROKEN], ["place", "cancel"], [], failure("Order.NotTaken", "exchange-orders answered 500")),
        ([Slow(31)] * 2, ["place", "place", "cancel"], [2], TIMED_OUT),
    ],
)
def test_order_that_is_not_taken_is_cancelled_recorded_and_alerted(
    tradable: Rig, steps: list[Any], asked: list[str], paused: list[int], expected: dict[str, str]
) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, exchange_orders=steps)
    assert (execution.status, execution.error) == ("FAILED", "Trade.Failed")
    assert operations(execution, "exchange-orders") == asked
    assert retries(execution, "Place order") == paused
    assert events(tradable, "failed") == event("failed", failure=expected, cancellation=[{"order": "cancelled"}])
    [(subject, text)] = tradable.sent()["critical-alerts"]
    assert (subject, text.partition(" Execution: ")[0]) == ("Trade failed", f"Order o1 failed: {expected['Error']}.")


def test_order_is_cancelled_when_the_retries_of_placing_it_are_used_up(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, exchange_orders=[THROTTLED] * 5)
    assert retries(execution, "Place order") == REFUSAL_BACK_OFF
    assert operations(execution, "exchange-orders") == ["place"] * 5 + ["cancel"]
    assert events(tradable, "failed")["failure"]["Error"] == "Lambda.TooManyRequestsException"


def test_order_that_is_never_filled_is_cancelled_after_twenty_polls(rig: Rig) -> None:
    rig.put("position-limits", limitId="BTC", maxQuantity=2)
    execution = rig.run("trade-lifecycle", TRADE)
    assert execution.waits == (Wait("Wait for fill", "wait", 15),) * 20
    assert operations(execution, "exchange-orders") == ["place", "cancel"]
    not_filled = failure("Order.NotFilled", "not filled after 20 polls; the last was answered 404")
    assert events(rig, "failed") == event("failed", failure=not_filled, cancellation=[{"order": "cancelled"}])


def test_order_is_cancelled_when_its_fill_cannot_be_read(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, trade_lifecycle=[KeyError("x")])
    assert operations(execution, "exchange-orders") == ["place", "cancel"]
    assert events(tradable, "failed")["failure"] == lambda_failure("KeyError", "'x'")


def test_cancellation_is_repeated_and_its_failure_recorded(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, exchange_orders=[ValueError("x"), *[BROKEN] * 3])
    assert (execution.error, retries(execution, "Cancel order")) == ("Trade.Failed", HANDLER_BACK_OFF)
    assert events(tradable, "failed")["cancellation"] == HANDLER_FAILED
    assert len(tradable.sent()["critical-alerts"]) == 1


def test_failure_that_cannot_be_recorded_is_alerted_all_the_same(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, exchange_orders=[ValueError("x")], trade_lifecycle=[BROKEN] * 3)
    assert (execution.error, retries(execution, "Record failure")) == ("Trade.Failed", HANDLER_BACK_OFF)
    assert sorted(tradable.items("trade-lifecycle")) == ["o1.filled"]
    assert tradable.sent()["critical-alerts"][0][1].startswith("Order o1 failed: ValueError.")


def test_filled_order_that_cannot_be_recorded_is_alerted_and_not_cancelled(tradable: Rig) -> None:
    execution = tradable.run("trade-lifecycle", TRADE, trade_lifecycle=[Behave, *[BROKEN] * 3])
    assert (execution.error, operations(execution, "exchange-orders")) == ("Trade.Failed", ["place"])
    assert tradable.sent()["critical-alerts"][0][1].startswith("Order o1 failed: Handler.Failed.")


def test_refusal_that_cannot_be_recorded_is_alerted(rig: Rig) -> None:
    execution = rig.run("trade-lifecycle", TRADE, trade_lifecycle=[BROKEN] * 3)
    assert (execution.error, retries(execution, "Record refusal")) == ("Trade.Failed", HANDLER_BACK_OFF)
    assert len(rig.sent()["critical-alerts"]) == 1


def test_trade_fails_also_where_nobody_can_be_alerted(tradable: Rig) -> None:
    with without_topics("critical-alerts"):
        execution = tradable.run("trade-lifecycle", TRADE, exchange_orders=[ValueError("x")])
    assert (execution.error, retries(execution, "Notify failure")) == ("Trade.Failed", NOTICE_BACK_OFF)
    assert events(tradable, "failed")["failure"] == lambda_failure("ValueError", "x")


# The audit package.


def test_package_is_gathered_built_reported_and_announced(rig: Rig) -> None:
    execution = rig.run("audit-package", PACKAGE)
    assert (execution.status, execution.waits) == ("SUCCEEDED", ())
    gathered = execution.output["gathered"]
    assert [gathered[part]["handler"] for part in ("trail", "lineage")] == ["audit", "data-lineage"]
    calls = {call.state: call.event for call in execution.invocations}
    period = {"from": "2026-01-01", "to": "2026-02-01"}
    for state, function in (("Gather trail", "audit"), ("Gather lineage", "data-lineage")):
        assert calls[state] == {
            "httpMethod": "GET",
            "resource": f"/{function}",
            "queryStringParameters": period,
            "requestContext": CLAIMS,
        }
    asked = {"action": "ping", "source": "workflow", "tenant": "a", "packageId": "p1", **period}
    assert calls["Build package"] == {**asked, "operation": "build", "gathered": gathered}
    package = execution.output["package"]["answer"]
    assert (calls["Report"], package["handler"]) == (
        {**asked, "operation": "report", "package": package},
        "audit-packages",
    )
    [(subject, text)] = rig.sent().pop("audit-notifications")
    begin = "Package p1 of 2026-01-01 to 2026-02-01 is ready."
    assert (subject, text.partition(" Execution: ")[0]) == ("Audit package is ready", begin)


@pytest.mark.parametrize("missing", list(PACKAGE))
def test_package_needs_its_whole_input(rig: Rig, missing: str) -> None:
    execution = rig.run("audit-package", {key: value for key, value in PACKAGE.items() if key != missing})
    assert (execution.error, execution.invocations) == ("Input.Refused", ())


def test_period_that_ends_before_it_begins_is_refused(rig: Rig) -> None:
    assert rig.run("audit-package", {**PACKAGE, "to": "2025-01-01"}).error == "Input.Refused"


@pytest.mark.parametrize(
    ("steps", "state", "paused", "error"),
    [
        ({"audit": [BROKEN] * 3}, "Gather", HANDLER_BACK_OFF, "Handler.Failed"),
        ({"data_lineage": [BROKEN] * 3}, "Gather", HANDLER_BACK_OFF, "Handler.Failed"),
        ({"audit_packages": [OSError("x")] * 3}, "Build package", TASK_BACK_OFF, "OSError"),
        ({"audit_packages": [Slow(301)] * 3}, "Build package", TASK_BACK_OFF, "Sandbox.Timedout"),
        ({"compliance_reports": [OSError("x")] * 3}, "Report", TASK_BACK_OFF, "OSError"),
        (
            {"compliance_reports": [THROTTLED] * 5},
            "Report",
            REFUSAL_BACK_OFF,
            "Lambda.TooManyRequestsException",
        ),
    ],
)
def test_package_whose_retries_are_used_up_fails_and_operations_are_told(
    rig: Rig, steps: dict[str, list[Any]], state: str, paused: list[int], error: str
) -> None:
    execution = rig.run("audit-package", PACKAGE, **steps)
    assert (execution.status, execution.error) == ("FAILED", "AuditPackage.Failed")
    assert retries(execution, state) == paused
    [(subject, text)] = rig.sent()["system-health"]
    assert (subject, text.partition(" Execution: ")[0]) == ("Audit package failed", f"Package p1 failed: {error}.")
    assert set(rig.sent()) == {"system-health"}


def test_package_survives_failures_that_pass(rig: Rig) -> None:
    steps = {"audit": [THROTTLED, BROKEN], "audit_packages": [OSError("x"), THROTTLED]}
    assert rig.run("audit-package", PACKAGE, **steps).status == "SUCCEEDED"


def test_package_that_cannot_be_announced_fails(rig: Rig) -> None:
    with without_topics("audit-notifications"):
        execution = rig.run("audit-package", PACKAGE)
    assert (execution.error, retries(execution, "Notify")) == ("AuditPackage.Failed", NOTICE_BACK_OFF)
    assert len(rig.sent()["system-health"]) == 1


def test_package_fails_also_where_nobody_can_be_told(rig: Rig) -> None:
    with without_topics("system-health"):
        execution = rig.run("audit-package", PACKAGE, audit=[BROKEN] * 3)
    assert (execution.error, retries(execution, "Notify operations")) == ("AuditPackage.Failed", NOTICE_BACK_OFF)


# The data backfill.


def told(rig: Rig) -> list[str]:
    return [text.partition(" Execution: ")[0] for _, text in rig.sent()["system-health"]]


def test_all_ranges_are_fetched_checked_recorded_and_announced(rig: Rig) -> None:
    execution = rig.run("data-backfill", BACKFILL)
    assert (execution.status, execution.waits) == ("SUCCEEDED", ())
    assert execution.output["results"] == [{"outcome": "done", "range": item} for item in RANGES]
    own = {"tenantId": "a", "sourceId": "s1"}
    assert rig.items("backfill-requests") == {
        "r1": {**own, "requestId": "r1", "status": "complete", "outcome": outcome("complete")},
        "r1.0": {**own, "requestId": "r1.0", "status": "done", "range": RANGES[0]},
        "r1.1": {**own, "requestId": "r1.1", "status": "done", "range": RANGES[1]},
    }
    assert (operations(execution, "quality"), told(rig)) == (["check"], ["Backfill r1 of s1: complete."])


def outcome(status: str, ranges: int = 2, failed: Any = ()) -> dict[str, Any]:
    return {"status": status, "ranges": ranges, "failed": list(failed)}


def failing(number: int) -> Any:
    """Return a step that fails for one range, by whichever call it is asked for."""

    def step(event: Any) -> Any:
        return OSError("gone") if event["item"]["requestId"] == f"r1.{number}" else Behave

    return step


FAILED_RANGE = {"outcome": "failed", "range": RANGES[1], "error": "OSError"}


def test_range_that_failed_is_named_and_the_others_go_on(rig: Rig) -> None:
    execution = rig.run("data-backfill", BACKFILL, backfills=[failing(1)] * 4)
    assert (execution.status, retries(execution, "Backfill range")) == ("SUCCEEDED", TASK_BACK_OFF)
    assert rig.items("backfill-requests")["r1"]["outcome"] == outcome("partial", failed=[FAILED_RANGE])
    assert sorted(rig.items("backfill-requests")) == ["r1", "r1.0"]
    assert told(rig) == ["Backfill r1 of s1: partial."]


def test_backfill_without_any_range_fetched_is_recorded_and_fails(rig: Rig) -> None:
    execution = rig.run("data-backfill", {**BACKFILL, "ranges": [RANGES[1]]}, backfills=[failing(0)] * 3)
    assert (execution.error, operations(execution, "quality")) == ("Backfill.Failed", [])
    assert rig.items("backfill-requests")["r1"]["outcome"] == outcome("failed", 1, [FAILED_RANGE])
    assert told(rig) == ["Backfill r1 of s1: failed."]


def test_backfill_that_cannot_be_checked_is_recorded_and_fails(rig: Rig) -> None:
    execution = rig.run("data-backfill", BACKFILL, quality=[OSError("x")] * 3)
    assert (execution.error, retries(execution, "Check quality")) == ("Backfill.Failed", TASK_BACK_OFF)
    unchecked = {"status": "unchecked", "ranges": 2, "error": "OSError"}
    assert rig.items("backfill-requests")["r1"]["outcome"] == unchecked
    assert told(rig) == ["Backfill r1 of s1: unchecked."]


def test_backfill_that_cannot_be_recorded_fails_and_operations_are_told(rig: Rig) -> None:
    execution = rig.run("data-backfill", BACKFILL, backfills=[Behave, Behave, *[OSError("x")] * 3])
    assert (execution.error, retries(execution, "Record outcome")) == ("Backfill.Failed", TASK_BACK_OFF)
    assert told(rig) == ["Backfill r1 of s1 failed: OSError."]


def test_backfill_fails_where_nobody_can_be_told(rig: Rig) -> None:
    with without_topics("system-health"):
        execution = rig.run("data-backfill", BACKFILL)
    assert (execution.error, retries(execution, "Notify")) == ("Backfill.Failed", NOTICE_BACK_OFF)


def test_backfill_fails_where_neither_its_record_nor_a_message_can_be_written(rig: Rig) -> None:
    with without_topics("system-health"):
        execution = rig.run("data-backfill", BACKFILL, backfills=[Behave, Behave, *[OSError("x")] * 3])
    assert (execution.error, retries(execution, "Notify operations")) == ("Backfill.Failed", NOTICE_BACK_OFF)


@pytest.mark.parametrize("changes", [{"ranges": []}, {"ranges": None}, {"ranges": [RANGES[0]] * 501}, {"tenant": None}])
def test_backfill_that_is_none_is_refused(rig: Rig, changes: dict[str, Any]) -> None:
    input = {key: value for key, value in {**BACKFILL, **changes}.items() if value is not None}
    execution = rig.run("data-backfill", input)
    assert (execution.error, execution.invocations) == ("Input.Refused", ())
