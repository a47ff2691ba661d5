"""The agentic stacks as they are previewed: functions, queues, APIs and alarms as the documents ask for them."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections import Counter
from typing import Any

import pytest

from plumbline.__main__ import main
from plumbline.free_tier.assess import Assessment, assess
from plumbline.free_tier.data import demands, tiers
from plumbline.graph import Resource, StackGraph
from plumbline.project import Project
from systems.agentic import data
from systems.agentic.settings import Settings
from systems.settings import SettingsError, load
from tests.evaluations import ROOT, deployed, preview

STACKS = ("agentic-dev", "agentic-prod")
FUNCTION = "aws:lambda/function:Function"
WORKERS = {"pm-agent": (1024, 300, 2), "dev-agent": (2048, 900, 2), "qa-agent": (1024, 600, 2)}
FIVE = {"api-handler": (512, 30, 3), **WORKERS, "ops-agent": (512, 300, 1)}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def graph(stack: str) -> StackGraph:
    evaluation = preview(stack)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return evaluation.graph


def test_five_functions_have_reserved_concurrency_of_ten_in_all(graph: StackGraph) -> None:
    found = {
        function.name.removeprefix("functions-"): (
            function.inputs["memorySize"],
            function.inputs["timeout"],
            function.inputs["reservedConcurrentExecutions"],
        )
        for function in graph.of_type(FUNCTION)
        if function.inputs.get("reservedConcurrentExecutions") is not None
    }
    assert found == FIVE
    assert sum(row[2] for row in found.values()) == 10


def test_every_function_is_published_with_an_alias_outside_of_a_vpc(graph: StackGraph) -> None:
    functions = graph.of_type(FUNCTION)
    aliases = {alias.name for alias in graph.of_type("aws:lambda/alias:Alias")}
    assert {f"{function.name}-live" for function in functions} == aliases
    assert {(f.inputs["runtime"], f.inputs["publish"], f.inputs.get("vpcConfig")) for f in functions} == {
        ("python3.11", True, None)
    }


def test_pulumi_publishes_versions_and_leaves_the_aliases_to_the_shift(graph: StackGraph) -> None:
    aliases = graph.of_type("aws:lambda/alias:Alias")
    assert {alias.options.ignore_changes for alias in aliases} == {("functionVersion", "description")}


def test_workers_answer_for_each_message_and_queues_wait_six_timeouts(graph: StackGraph) -> None:
    mappings = graph.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
    assert {mapping.name: mapping.inputs["functionResponseTypes"] for mapping in mappings} == {
        f"consumers-{name}": ["ReportBatchItemFailures"] for name in FIVE if name != "api-handler"
    }
    waits = {
        queue.name: queue.inputs["visibilityTimeoutSeconds"]
        for queue in graph.of_type("aws:sqs/queue:Queue")
        if queue.inputs.get("redrivePolicy")
    }
    assert waits == {
        "queues-pm-queue": 1800,
        "queues-dev-queue": 5400,
        "queues-qa-queue": 3600,
        "queues-ops-queue": 1800,
    }


def test_only_health_answers_without_a_key(graph: StackGraph) -> None:
    methods = [m for m in graph.of_type("aws:apigateway/method:Method") if m.inputs["httpMethod"] != "OPTIONS"]
    assert len(methods) == 26
    assert [method.name for method in methods if not method.inputs["apiKeyRequired"]] == ["api-health-get"]


def test_each_key_has_a_hundred_requests_a_second(graph: StackGraph) -> None:
    [plan] = graph.of_type("aws:apigateway/usagePlan:UsagePlan")
    assert plan.inputs["throttleSettings"] == {"rateLimit": 100, "burstLimit": 200}
    assert plan.inputs["quotaSettings"] == {"limit": 100_000, "period": "MONTH"}
    assert len(plan.inputs["apiStages"]) == 2  # REST and WebSocket


def test_websocket_routes_are_those_of_the_documents(graph: StackGraph) -> None:
    routes = {route.inputs["routeKey"]: route for route in graph.of_type("aws:apigatewayv2/route:Route")}
    plain = {"$disconnect", "$default", "subscribe", "unsubscribe", "forward", "ping"}
    assert set(routes) == {"$connect", *plain}
    assert (routes["$connect"].inputs["apiKeyRequired"], routes["$connect"].inputs["authorizationType"]) == (
        True,
        "CUSTOM",
    )


def test_logs_are_kept_seven_days_and_alarms_have_the_thresholds(graph: StackGraph) -> None:
    assert {group.inputs["retentionInDays"] for group in graph.of_type("aws:cloudwatch/logGroup:LogGroup")} == {7}
    alarms = {
        alarm.name.removeprefix("alarms-"): alarm.inputs["threshold"]
        for alarm in graph.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    }
    assert alarms["errors-dev-agent"] == 5
    assert alarms["duration-dev-agent"] == 0.8 * 900_000
    assert {threshold for name, threshold in alarms.items() if name.startswith("allowance-")} == {80}
    assert {"dead-letters-pm-queue", "table-throttles"} <= set(alarms)


def usage_variables(graph: StackGraph) -> dict[str, Any]:
    [function] = [f for f in graph.of_type(FUNCTION) if f.name == "functions-free-tier-usage"]
    return function.inputs["environment"]["variables"]


def test_each_limit_that_is_watched_is_that_of_the_free_tier() -> None:
    watched = {row.allowance: row.limit for row in data.allowances().values()}
    known = tiers().allowances
    assert watched == {name: known[name].amount for name in watched}
    # Each is a custom metric, and so many of those are free.
    assert len(watched) == len(data.allowances()) <= known["custom-metrics"].amount


def test_each_limit_has_an_alarm_on_the_metric_that_the_function_publishes(graph: StackGraph) -> None:
    alarms = {
        alarm.inputs["dimensions"]["Allowance"]: (alarm.inputs["namespace"], alarm.inputs["threshold"])
        for alarm in graph.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
        if alarm.inputs.get("metricName") == "FreeTierPercent"
    }
    assert alarms == dict.fromkeys(data.allowances(), (usage_variables(graph)["METRIC_NAMESPACE"], 80))


def test_what_the_function_adds_up_fits_into_its_environment_and_leaves_idle_polls_out(stack: str) -> None:
    graph = deployed(stack).evaluation.graph
    variables = usage_variables(graph)
    assert sum(len(name) + len(str(value)) for name, value in variables.items()) < 4096
    rows = json.loads(variables["ALLOWANCES"])
    assert rows.keys() == data.allowances().keys()
    metrics = {name: {metric for _, metric, *_ in row["metrics"]} for name, row in rows.items()}
    assert metrics["queue-requests"] == {
        "NumberOfMessagesSent",
        "NumberOfMessagesReceived",
        "NumberOfMessagesDeleted",
    }
    environment = stack.removeprefix("agentic-")
    [dev] = [
        row
        for row in rows["lambda-gb-seconds"]["metrics"]
        if row[2]["FunctionName"] == f"{environment}-agenticai-dev-agent"
    ]
    assert dev[3:] == ["Sum", 2048 / 1024 / 1000]
    buckets = {bucket.inputs["bucket"] for bucket in graph.of_type("aws:s3/bucket:Bucket")}
    stored = rows["storage-gigabytes"]["metrics"]
    assert {row[2]["BucketName"] for row in stored} == buckets
    assert {(row[3], row[4]) for row in stored} == {("Average", 1 / 2**30 / 30)}


@pytest.mark.parametrize("account", ["before", "after"])
def test_all_that_costs_is_demanded_by_a_criterion(graph: StackGraph, account: str) -> None:
    found = assess(graph, "agentic", account, tiers(), demands(ROOT, "agentic", tiers()))
    assert found.status == 0
    words = Counter(standing.word for standing in found.standings)
    assert (words["undemanded"], words["unknown"]) == (0, 0)
    # What only the container costs by is declared beside it, and nothing here does.
    assert {demand.criterion for demand in found.unused} <= {"AGENTIC-01.7", "AGENTIC-07.5"}
    assert {(used.name, used.amount, used.usd) for used in found.used if used.usd} == {
        ("sqs-requests", 2_592_000, 0.64),
        ("alarms", 42, 3.2),
    }


def with_more(graph: StackGraph, type_: str, **inputs: Any) -> Assessment:
    """Assess a stack with one more resource."""
    urn = f"urn:pulumi:{graph.stack}::plumbline::{type_}::extra"
    more = Resource(urn=urn, type=type_, name="extra", inputs=inputs)
    changed = dataclasses.replace(graph, resources={**graph.resources, urn: more})
    return assess(changed, "agentic", "after", tiers(), demands(ROOT, "agentic", tiers()))


def test_what_no_criterion_demands_is_told(graph: StackGraph) -> None:
    found = with_more(graph, "aws:kms/key:Key")
    undemanded = [one.resource.name for one in found.standings if one.word == "undemanded"]
    assert (undemanded, found.status) == (["extra"], 1)


@pytest.mark.parametrize(
    ("type_", "parts"),
    [
        ("aws:ecs/service:Service", {"use", "public-addresses"}),
        ("aws:lb/loadBalancer:LoadBalancer", {"load-balancer"}),
        ("aws:ecr/repository:Repository", {"ecr-private"}),
    ],
)
def test_a_container_costs_only_where_there_is_one(graph: StackGraph, type_: str, parts: set[str]) -> None:
    found = with_more(graph, type_, networkConfiguration={"assignPublicIp": True})
    [added] = [one for one in found.standings if one.resource.type == type_]
    assert {part.name: part.demand and part.demand.criterion for part in added.parts} == dict.fromkeys(
        parts, "AGENTIC-01.7"
    )
    assert found.status == 0
    assert graph.of_type(type_) == []


def test_the_command_says_that_all_is_demanded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stack: str
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["free-tier", stack]) == 0
    assert "Costs, and no criterion demands it" not in capsys.readouterr().out


def test_prod_keeps_its_data_and_dev_does_not() -> None:
    kept = {}
    for stack in STACKS:
        graph = preview(stack).graph
        [table] = graph.of_type("aws:dynamodb/table:Table")
        buckets = graph.of_type("aws:s3/bucket:Bucket")
        kept[stack] = (
            table.inputs["deletionProtectionEnabled"],
            {each.options.protect for each in (table, *buckets)},
            {bucket.inputs.get("forceDestroy") or False for bucket in buckets},
        )
    assert kept == {"agentic-dev": (False, {False}, {True}), "agentic-prod": (True, {True}, {False})}


def test_items_in_the_bucket_never_expire(graph: StackGraph) -> None:
    lifecycles = graph.of_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    [rules] = [row.inputs["rules"] for row in lifecycles if row.name == "buckets-generated-code-lifecycle"]
    expiring = [rule["filter"]["prefix"] for rule in rules if rule.get("expiration")]
    assert expiring == ["plans/", "deployments/", "test_results/"]


def given(**changes: Any) -> dict[str, Any]:
    settings = copy.deepcopy(dict(Project(ROOT).settings("agentic-dev")))
    for path, value in changes.items():
        *place, last = path.split("__")
        part = settings
        for step in place:
            part = part[step]
        part[last] = value
    return settings


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"log_retention_days": 5}, ".log_retention_days: 5 given; allowed: greater than or equal to 7"),
        (
            {"functions__account_concurrency_quota": 10},
            ".functions.account_concurrency_quota: 10 given; allowed: at least 110 (10 reserved, 100 kept by Lambda), "
            "or reserve_concurrency: false",
        ),
        ({"table": {"billing": "provisioned"}}, ".table.capacity: missing; billing: provisioned needs it"),
        (
            {"buckets__archive_after_days": 30},
            ".buckets.export_days: 14 given; allowed: more than 30, when exports move to the archive",
        ),
        ({"api__clients": ["a", "a"]}, ".api.clients: a given twice; allowed: each once"),
        (
            {"api__domain": {"name": "api.example.org", "zone": "dev.agentic.example.com"}},
            ".api.domain.name: api.example.org given; allowed: a domain in the zone dev.agentic.example.com",
        ),
    ],
)
def test_a_mistake_is_one_line(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError) as told:
        load(Settings, json.dumps(given(**changes)), "agentic-dev")
    assert str(told.value) == f"Pulumi.agentic-dev.yaml: plumbline:settings{line}"


def test_an_account_without_quota_runs_without_reservations() -> None:
    changes = {"functions": {"reserve_concurrency": False, "account_concurrency_quota": 10}}
    assert load(Settings, json.dumps(given(**changes)), "agentic-dev").functions.reserve_concurrency is False
