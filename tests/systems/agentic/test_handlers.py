"""The bundled functions: a request puts work on a queue, workers process it, events reach clients, and bad input."""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import boto3
import pytest
from agenticai_shared import parameters, work
from agenticai_shared.connections import Connections
from agenticai_shared.errors import Invalid
from botocore.exceptions import ClientError

from systems.agentic import data
from tests.systems.agentic.application import BUCKET, TABLE, Application, a_project, running


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    with running(monkeypatch) as found:
        yield found


def test_a_modification_goes_from_the_api_through_all_queues_and_clients_hear_of_it(app: Application) -> None:
    project = a_project(app)
    assert app.route("$connect", "c1", api_key="k", project_id=project) == 200
    status, made = app.call(
        "POST", "/api/projects/{id}/modify", project, {"request": "add a cart", "requested_by": "ada"}
    )
    assert (status, made["status"]) == (202, "pending")
    assert [app.work(queue) for queue in ("pm", "dev", "qa", "ops")] == [[], [], [], []]
    assert app.call("GET", "/api/modifications/{id}", made["id"])[1]["status"] == "applied"
    assert [(to, body["event"]) for to, body in app.sent] == [
        ("c1", "modification_started"),
        ("c1", "modification_progress"),
        ("c1", "test_started"),
        ("c1", "modification_completed"),
        ("c1", "test_completed"),
        ("c1", "project_updated"),
    ]
    [file] = app.call("GET", "/api/projects/{id}/files", project)[1]["items"]
    package = boto3.client("s3").get_object(Bucket=BUCKET, Key=f"deployments/{project}/package.zip")["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(package)).namelist() == [file["path"]]
    [result] = app.call("GET", "/api/projects/{id}/test-results", project)[1]["items"]
    assert (result["passed"], result["files"], result["confidence"]) == (True, 1, "1.00")
    assert app.call("GET", "/api/projects/{id}/download", project)[1]["url"].startswith("https://")


def test_a_task_that_is_delivered_twice_leaves_what_one_leaves(app: Application) -> None:
    project = a_project(app)
    made = app.call("POST", "/api/projects/{id}/modify", project, {"request": "x", "requested_by": "ada"})[1]
    messages = app.waiting("pm")
    assert app.work("pm", messages) == app.work("pm", messages) == []
    messages = app.waiting("dev")
    assert app.work("dev", messages) == app.work("dev", messages) == []
    assert app.work("qa") == []
    assert len(app.call("GET", "/api/projects/{id}/files", project)[1]["items"]) == 1
    assert app.call("GET", "/api/modifications/{id}", made["id"])[1]["status"] == "applied"


def test_a_batch_answers_which_messages_failed_and_does_the_others(app: Application) -> None:
    project = a_project(app)
    app.call("POST", "/api/projects/{id}/test", project, {"mode": "fast"})
    [good] = app.waiting("qa")
    poison = [{"MessageId": f"p{number}", "Body": body} for number, body in enumerate(("{", "[]", '{"project_id": 1}'))]
    assert app.work("qa", [poison[0], good, *poison[1:]]) == ["p0", "p1", "p2"]
    [result] = app.call("GET", "/api/projects/{id}/test-results", project)[1]["items"]
    assert result["passed"] is False  # no file yet


@pytest.mark.parametrize(
    ("method", "resource", "body", "status", "message"),
    [
        ("POST", "/api/projects", "{", 400, "the body must be a JSON object"),
        ("POST", "/api/projects", {"name": "x", "type": "boat", "owner_id": "a"}, 400, "type"),
        ("POST", "/api/projects", {"version": 3}, 400, "version: not a field of this request"),
        ("GET", "/api/templates", None, 400, "category or tag: one of them is needed"),
        ("PATCH", "/api/projects", None, 404, "no such route"),
    ],
)
def test_bad_requests_are_told_in_one_line(
    app: Application, method: str, resource: str, body: Any, status: int, message: str
) -> None:
    found, answer = app.call(method, resource, body=body)
    assert (found, answer["error"]["message"].startswith(message)) == (status, True)
    assert "\n" not in answer["error"]["message"]


def test_every_route_of_the_data_file_has_an_answer_and_the_other_way_round(app: Application) -> None:
    declared = {f"{verb} {path}" for path, spec in data.paths().items() for verb in spec.methods}
    assert declared == set(app.modules["api_handler"]._ROUTES)


def test_a_deleted_project_is_kept_with_its_state(app: Application) -> None:
    project = a_project(app)
    assert app.call("DELETE", "/api/projects/{id}", project) == (204, None)
    assert app.call("GET", "/api/projects/{id}", project)[1]["status"] == "deleted"


def test_clients_subscribe_forward_and_leave(app: Application) -> None:
    project = a_project(app)
    for client in ("c1", "c2"):
        app.route("$connect", client, api_key="k")
        assert app.route("subscribe", client, {"project_id": project}) == 200
    assert app.route("forward", "c1", {"project_id": project, "message": "hi"}) == 200
    assert app.route("unsubscribe", "c2", {"project_id": project}) == 200
    assert app.route("forward", "c2", {"project_id": project, "message": "hi"}) == 400
    assert app.route("ping", "c2", {}) == 200
    assert app.route("$disconnect", "c1") == 200
    assert app.sent == [
        ("c2", {"event": "forward", "project_id": project, "message": "hi"}),
        ("c2", {"error": "project_id: subscribe to the project first"}),
        ("c2", {"event": "pong"}),
    ]
    left = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    assert sorted(item["PK"]["S"] for item in left) == ["CONNECTION#c2", f"PROJECT#{project}"]


@pytest.mark.parametrize(("query", "effect", "key"), [({"api_key": "k"}, "Allow", "k"), (None, "Deny", None)])
def test_a_client_is_admitted_by_the_key_that_it_brings(app: Application, query: Any, effect: str, key: Any) -> None:
    event = {
        "type": "REQUEST",
        "methodArn": "arn",
        "queryStringParameters": query,
        "requestContext": {"connectionId": "c"},
    }
    answer = app.modules["api_handler"].handler(event, None)
    assert answer["policyDocument"]["Statement"][0]["Effect"] == effect
    assert answer.get("usageIdentifierKey") == key


def test_a_client_that_is_gone_is_forgotten_and_others_still_hear(app: Application) -> None:
    project = a_project(app)
    heard: list[str] = []

    def post(to: str, body: bytes) -> None:
        if to == "gone":
            raise ClientError({"Error": {"Code": "GoneException"}}, "PostToConnection")
        heard.append(to)

    clients = Connections(work.table(), post)
    clients.open("gone", project)
    clients.open("here", project)
    assert clients.tell(project, "project_updated", {}) == 1
    assert (heard, clients.listens("gone", project), clients.listens("here", project)) == (["here"], False, True)
    with pytest.raises(Invalid, match="event: 'party' given"):
        clients.tell(project, "party", {})


def test_a_connection_past_its_time_hears_nothing(app: Application) -> None:
    project, heard, now = a_project(app), [], [1000.0]
    clients = Connections(work.table(), lambda to, body: heard.append(to), lambda: now[0])
    clients.open("c1", project)
    now[0] += 2 * 3600
    assert (clients.tell(project, "project_updated", {}), heard) == (0, [])


def test_parameters_are_read_once_and_unset_ones_left_out(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dict(parameters.load()) == {}
    boto3.client("ssm").put_parameter(Name="/app/jwt-secret", Value="s", Type="SecureString", Overwrite=True)
    assert dict(parameters.load()) == {}
    parameters.load.cache_clear()
    assert dict(parameters.load()) == {"jwt-secret": "s"}
    parameters.load.cache_clear()
    monkeypatch.setenv("PARAMETERS", "/app/jwt-secret,/app/none")
    with pytest.raises(parameters.ParameterMissing, match=r"^no such parameter: /app/none$"):
        parameters.load()


@pytest.fixture
def usage(app: Application, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function that publishes the use of allowances, on metrics in memory."""
    module = importlib.import_module("free_tier_usage")
    monkeypatch.setattr(module, "_client", boto3.client("cloudwatch"))
    monkeypatch.setenv("METRIC_NAMESPACE", "app")
    return module


def counted(space: str, metric: str, when: str, value: float, **dimensions: str) -> None:
    """Put one value of a metric."""
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    row = {"MetricName": metric, "Timestamp": when, "Value": value, "Dimensions": named}
    boto3.client("cloudwatch").put_metric_data(Namespace=space, MetricData=[row])


def allowance(limit: int, *metrics: list[Any]) -> str:
    return json.dumps({"runs": {"limit": limit, "metrics": metrics}})


def test_usage_is_the_month_to_date_in_percent(usage: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for day, value in (("2026-02-28", 1000), ("2026-03-01", 300), ("2026-03-09", 500)):
        counted("AWS/Lambda", "Invocations", f"{day}T12:00:00Z", value)
    monkeypatch.setenv("ALLOWANCES", allowance(1000, ["AWS/Lambda", "Invocations", {}, "Sum", 1]))
    assert usage.handler({"time": "2026-03-10T00:30:00Z"}, None) == {"runs": 80.0}
    [published] = boto3.client("cloudwatch").list_metrics(Namespace="app")["Metrics"]
    assert published["Dimensions"] == [{"Name": "Allowance", "Value": "runs"}]
    assert usage.handler({"time": "2026-03-01T00:30:00Z"}, None) == {"runs": 100.0}


def test_the_first_minutes_of_a_month_are_not_of_the_month_that_ended(
    usage: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted("AWS/Lambda", "Invocations", "2026-02-28T23:50:00Z", 100)
    counted("AWS/Lambda", "Invocations", "2026-03-01T00:10:00Z", 900)
    monkeypatch.setenv("ALLOWANCES", allowance(1000, ["AWS/Lambda", "Invocations", {}, "Sum", 1]))
    assert usage.handler({"time": "2026-03-01T00:30:00Z"}, None) == {"runs": 10.0}
    assert usage.handler({"time": "2026-03-02T00:30:00Z"}, None) == {"runs": 90.0}


def test_factors_make_seconds_and_gigabytes_of_what_metrics_count(
    usage: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted("AWS/Lambda", "Duration", "2026-03-04T12:00:00Z", 60_000, FunctionName="f")
    bucket = {"BucketName": "b", "StorageType": "StandardStorage"}
    for day in ("02", "03", "04"):  # 10 GB on three of thirty days are one GB for a month, however often it is told
        for hour in ("00", "12"):
            counted("AWS/S3", "BucketSizeBytes", f"2026-03-{day}T{hour}:00:00Z", 10 * 2**30, **bucket)
    rows = {
        "compute": {"limit": 400, "metrics": [["AWS/Lambda", "Duration", {"FunctionName": "f"}, "Sum", 2 / 1000]]},
        "storage": {"limit": 5, "metrics": [["AWS/S3", "BucketSizeBytes", bucket, "Average", 1 / 2**30 / 30]]},
    }
    monkeypatch.setenv("ALLOWANCES", json.dumps(rows))
    assert usage.handler({"time": "2026-03-05T00:30:00Z"}, None) == {"compute": 30.0, "storage": 20.0}


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-03-10T00:30:00", "2026-03-01T00:00:00", "2026-03-10T00:30:00"),
        ("2026-03-01T00:30:00", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        ("2026-01-01T00:30:00", "2025-12-01T00:00:00", "2026-01-01T00:00:00"),
        ("2026-03-01T01:30:00", "2026-03-01T00:00:00", "2026-03-01T01:30:00"),
    ],
)
def test_a_month_ends_with_its_last_day(usage: ModuleType, now: str, start: str, end: str) -> None:
    found = usage.month(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert [moment.replace(tzinfo=None).isoformat() for moment in found] == [start, end]
