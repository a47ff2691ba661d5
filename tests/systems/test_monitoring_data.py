"""systems.trading.monitoring_data: one line for each mistake in the data files of monitoring."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from plumbline import yaml12
from systems.trading import data, monitoring_data
from systems.trading.monitoring_data import AlarmData, GraphRow, MetricData, MonitoringData
from tests.evaluations import ROOT

DATA = ROOT / "systems" / "trading" / "data"
FILES = ("metrics", "alarms", "dashboards")
KINDS = (
    "functions, api_functions, background_functions, latency_sensitive_functions, reserved_functions, "
    "strategy-management, market-data, ai-intelligence, risk-controls, exchange-integration, audit"
)
ALL = f"{KINDS}, tables, dead_letter_queues, cache_nodes, state_machines, api, stack"
LIST = "or a list of functions"
FIELDS = ", ".join(monitoring_data.load().metrics.fields)
ALARMS = ", ".join(monitoring_data.load().alarms.alarms)
SETTINGS = ", ".join(monitoring_data.AlarmSettings.model_fields)
WITHOUT_DIMENSIONS = (
    "OrdersPlaced, OrdersRejected, RiskEventsRecorded, KillSwitchChanges, AuditPackagesBuilt, DataQualityFailures, "
    "ApiRefusals"
)
A_LINE = {"metrics": {"count": ["AWS/Lambda", "Invocations", "Sum"]}}
A_GRAPH = {"title": "x", "of": "stack", "width": 8, "lines": {"x": A_LINE}}
NOTHING: Any = object()  # removes the value


def changed(path: str, new: Any) -> MonitoringData:
    """Return the data files with one value replaced, added or removed; the path begins with the file."""
    files: dict[str, Any] = {file: yaml12.load(DATA / f"{file}.yaml") for file in FILES}
    files = copy.deepcopy(files)
    *steps, last = path.split("/")
    place: Any = files
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    if isinstance(place, list):
        place[int(last)] = new
    elif new is NOTHING:
        del place[last]
    else:
        place[last] = new
    return MonitoringData(
        MetricData.model_validate(files["metrics"]),
        AlarmData.model_validate(files["alarms"]),
        {
            name: tuple(GraphRow.model_validate(graph) for graph in graphs)
            for name, graphs in files["dashboards"].items()
        },
    )


def test_data_files_have_no_mistakes() -> None:
    loaded = monitoring_data.load()
    assert monitoring_data.mistakes(loaded) == []
    assert sorted(loaded.dashboards) == ["api-performance", "dynamodb", "lambda", "trading-activity"]


@pytest.mark.parametrize(
    ("path", "new", "mistake"),
    [
        (
            "metrics/filters/orders-placed/functions",
            ["orders"],
            "metrics.yaml: filters.orders-placed.functions: no function 'orders'",
        ),
        (
            "metrics/filters/orders-placed/functions",
            "tables",
            f"metrics.yaml: filters.orders-placed.functions: 'tables' given; allowed: {KINDS}, {LIST}",
        ),
        (
            "metrics/filters/orders-placed/pattern",
            "{ $.state = 1 }",
            f"metrics.yaml: filters.orders-placed: field 'state' given; allowed: {FIELDS}",
        ),
        (
            "metrics/filters/orders-placed/value",
            "$.size",
            f"metrics.yaml: filters.orders-placed: field 'size' given; allowed: {FIELDS}",
        ),
        (
            "metrics/filters/application-errors/default",
            0,
            "metrics.yaml: filters.application-errors: default and dimensions given; allowed: one of them",
        ),
        (
            "alarms/alarms/redis-cpu/of",
            "nodes",
            f"alarms.yaml: alarms.redis-cpu.of: 'nodes' given; allowed: {ALL}, {LIST}",
        ),
        (
            "alarms/alarms/error-rate/critical",
            ["orders"],
            "alarms.yaml: alarms.error-rate.critical: no function 'orders'",
        ),
        (
            "alarms/alarms/redis-cpu/threshold",
            "cpu",
            f"alarms.yaml: alarms.redis-cpu.threshold: 'cpu' given; allowed: a number, {SETTINGS}",
        ),
        (
            "alarms/alarms/redis-cpu/metrics/cpu/0",
            "AWS/EC2",
            "alarms.yaml: alarms.redis-cpu.metrics.cpu: namespace 'AWS/EC2' given; allowed: AWS/ElastiCache",
        ),
        (
            "alarms/alarms/application-errors/metrics/errors/1",
            "OrdersPlaced",
            "alarms.yaml: alarms.application-errors.metrics.errors: metric 'OrdersPlaced' given; "
            "allowed: ApplicationErrors",
        ),
        (
            "alarms/alarms/account-throttles/metrics/errors",
            ["application", "ApplicationErrors", "Sum"],
            "alarms.yaml: alarms.account-throttles.metrics.errors: metric 'ApplicationErrors' given; "
            f"allowed: {WITHOUT_DIMENSIONS}",
        ),
        (
            "alarms/alarms/table-throttles/expression",
            "reads + writes",
            "alarms.yaml: alarms.table-throttles.expression: given for tables; allowed: none, as those of a table and "
            "its indexes are added up",
        ),
        (
            "alarms/alarms/table-throttles/metrics/errors",
            ["AWS/DynamoDB", "SystemErrors", "Sum"],
            [
                f"alarms.yaml: alarms.table-throttles: {number} metrics of {table} given; allowed: at most 10"
                for table, number in (
                    *(("position-limits", 12), ("drawdown-state", 12)),
                    *(("circuit-breakers", 12), ("risk-events", 15), ("trade-lifecycle", 12)),
                )
            ],
        ),
        (
            "alarms/alarms/duration/of",
            "functions",
            "alarms.yaml: alarms.duration.expression: {timeout_ms} given; allowed: for functions of functions.yaml, "
            "not for functions",
        ),
        (
            "alarms/composites/trading-down/any/0/alarm",
            "api",
            f"alarms.yaml: composites.trading-down.any.0.alarm: 'api' given; allowed: {ALARMS}",
        ),
        (
            "alarms/composites/trading-down/any/2/subjects",
            ["quality"],
            "alarms.yaml: composites.trading-down.any.2.subjects: 'quality' given; "
            "allowed: position-limits, drawdown, circuit-breakers, kill-switch, exchange-orders",
        ),
        (
            "alarms/composites/duration",
            {"about": "x", "critical": True, "any": [{"alarm": "duration"}]},
            "alarms.yaml: composites.duration: the name of an alarm given; allowed: another one",
        ),
        (
            "dashboards/lambda/0/alarm",
            "errors",
            f"dashboards.yaml: lambda.0.alarm: 'errors' given; allowed: {ALARMS}",
        ),
        (
            "dashboards/lambda/0/of",
            "functions",
            "dashboards.yaml: lambda.0: of given; allowed: none beside an alarm",
        ),
        (
            "dashboards/lambda/0/each_group",
            True,
            "dashboards.yaml: lambda.0: each_group given; allowed: none beside an alarm",
        ),
        (
            "dashboards/lambda/1/of",
            "nodes",
            f"dashboards.yaml: lambda.1.lines.errors.of: 'nodes' given; allowed: {ALL}, {LIST}",
        ),
        (
            "dashboards/lambda/0/alarm",
            NOTHING,
            "dashboards.yaml: lambda.0: nothing given; allowed: either an alarm or lines",
        ),
        (
            "dashboards/lambda/0/lines",
            {"x": A_LINE},
            "dashboards.yaml: lambda.0: lines given; allowed: either an alarm or lines",
        ),
        (
            "dashboards/lambda/0",
            {**A_GRAPH, "each_group": True},
            "dashboards.yaml: lambda.0: of given; allowed: either of or each_group",
        ),
        (
            "dashboards/lambda/0",
            {key: value for key, value in A_GRAPH.items() if key != "of"},
            "dashboards.yaml: lambda.0: nothing given; allowed: either of or each_group",
        ),
        (
            "dashboards/lambda/0",
            {**A_GRAPH, "of": "api"},
            "dashboards.yaml: lambda.0.lines.x.metrics.count: namespace 'AWS/Lambda' given; allowed: AWS/ApiGateway",
        ),
        (
            "dashboards/lambda/0/alarm",
            "dead-letters",
            "dashboards.yaml: lambda.0: dead_letter_queues given; allowed: what has a name before it is made",
        ),
    ],
)
def test_each_mistake_is_one_line(path: str, new: Any, mistake: str | list[str]) -> None:
    expected = [mistake] if isinstance(mistake, str) else mistake
    assert monitoring_data.mistakes(changed(path, new)) == [f"systems/trading/data/{line}" for line in expected]


def test_mistakes_and_wrong_shapes_stop_the_load_with_file_and_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in DATA.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    text = (DATA / "alarms.yaml").read_text()
    data.functions(), data.tables(), data.groups()  # loaded from where they belong
    monkeypatch.setattr(data, "_DIRECTORY", tmp_path)
    load = monitoring_data.load.__wrapped__
    assert load() == monitoring_data.load()
    for old, new, message in (
        ("of: cache_nodes", "of: nodes", f"alarms.redis-memory.of: 'nodes' given; allowed: {ALL}, {LIST}"),
        (
            "100 * errors / invocations",
            "100 * errors / calls",
            "alarms.error-rate: Value error, expression 'IF(invocations > 0, 100 * errors / calls, 0)' names calls, "
            "errors, invocations; allowed: exactly errors, invocations",
        ),
    ):
        (tmp_path / "alarms.yaml").write_text(text.replace(old, new, 1))
        with pytest.raises(data.DataError) as refusal:
            load()
        assert str(refusal.value) == f"systems/trading/data/alarms.yaml: {message}"


def test_selectors_of_functions_mean_what_functions_yaml_says() -> None:
    rows = data.functions()
    assert monitoring_data.selected("functions") == tuple(rows)
    assert monitoring_data.selected("api_functions") == tuple(name for name in rows if rows[name].kind == "api")
    assert monitoring_data.selected("market-data") == (
        *("streams", "data-sources", "backfills", "quality", "news-context"),
    )
    assert monitoring_data.selected(("quality",)) == ("quality",)
    assert monitoring_data.selected("tables") == ()


def test_documentation_of_the_contract_names_every_field_and_metric() -> None:
    text = (ROOT / "docs" / "logs.md").read_text()
    metrics = monitoring_data.load().metrics
    names = [*metrics.fields, *(row.metric for row in metrics.filters.values())]
    assert [name for name in names if f"`{name}`" not in text] == []
