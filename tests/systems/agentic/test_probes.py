"""The agentic system's probes: what they find in both stacks, and that each own one fails where something is broken."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.utils import get_backend
from moto.cloudwatch.models import cloudwatch_backends

from plumbline.evaluate import evaluate_stack
from plumbline.graph import StackGraph
from plumbline.probing import ProbeContext, Result, runner
from plumbline.probing.report import line
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from systems.agentic.probes import access, alarms, clients, upkeep, work
from tests.evaluations import ROOT, deployed

STACKS = ["agentic-dev", "agentic-prod"]
PROBES = runner.find(ROOT, "agentic")
OWN = [probe for module in (access, clients, work, upkeep, alarms) for probe in module.PROBES]
PROBED_TYPES = (
    "aws:dynamodb/table:Table",
    "aws:s3/bucket:Bucket",
    "aws:sqs/queue:Queue",
    "aws:sns/topic:Topic",
    "aws:lambda/function:Function",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:apigatewayv2/api:Api",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:route53/record:Record",
)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_fails_and_every_probe_finds_something(stack: str) -> None:
    results = deployed(stack).results
    assert [line(result) for result in results if result.word == "failed"] == []
    found = {(result.group, result.probe) for result in results}
    assert [probe.name for probe in PROBES if (probe.group, probe.name) not in found] == []


@pytest.mark.parametrize("stack", STACKS)
def test_everything_is_probed_and_what_is_not_observable_says_why(stack: str) -> None:
    graph, results = deployed(stack).evaluation.graph, deployed(stack).results
    probed = {result.urn for result in results}
    assert [resource.name for resource in graph.of_type(*PROBED_TYPES) if resource.urn not in probed] == []
    hidden = [result for result in results if result.word == "not_observable"]
    assert hidden
    assert [line(result) for result in hidden if not result.trial.why] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_evidence_holds_a_key(stack: str) -> None:
    graph, results = deployed(stack).evaluation.graph, deployed(stack).results
    secrets = {key.outputs["value"] for key in graph.of_type("aws:apigateway/apiKey:ApiKey")}
    texts = [text for result in results for text in (result.trial.tried, result.trial.evidence, result.trial.why)]
    assert secrets
    assert [text for text in texts if any(str(secret) in text for secret in secrets)] == []


class Broken:
    """A stack that is up, and ways to break it that `end` mends again."""

    def __init__(self, sandbox: Sandbox, graph: StackGraph, end: contextlib.ExitStack) -> None:
        self.sandbox, self.graph, self.end = sandbox, graph, end
        self.account, self.region = sandbox.context.account_id, sandbox.context.region
        self.client = sandbox.context.client

    def named(self, type_: str, name: str) -> Any:
        return next(resource for resource in self.graph.of_type(type_) if resource.name == name)

    def set(self, owner: Any, name: str, value: Any) -> None:
        self.end.callback(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)

    def version(self, function: str) -> Any:
        arn = self.named("aws:lambda/function:Function", f"functions-{function}").outputs["arn"]
        backend: Any = get_backend(self.account, self.region)
        return backend.get_function(arn.split(":")[6], "live")

    def code(self, function: str, old: str, new: str) -> None:
        """Change one place in a function's own module."""
        version = self.version(function)
        self.set(version, "code_bytes", _edited(version.code_bytes, old, new))

    def shared(self, old: str, new: str) -> None:
        """Change one place in the layer of all functions."""
        backend: Any = get_backend(self.account, self.region)
        (layer,) = self.version("api-handler").layers
        version = backend.layers_versions_by_arn(layer["Arn"])
        self.set(version, "code_bytes", _edited(version.code_bytes, old, new))

    def variable(self, function: str, name: str, value: str) -> None:
        version = self.version(function)
        self.set(version, "environment_vars", {**version.environment_vars, name: value})

    def no_policy(self, role: str, policy: str) -> None:
        found = self.named("aws:iam/rolePolicy:RolePolicy", f"roles-{role}-{policy}").inputs
        named = {"RoleName": found["role"], "PolicyName": found["name"]}
        self.client("iam").delete_role_policy(**named)
        self.end.callback(self.client("iam").put_role_policy, **named, PolicyDocument=found["policy"])

    @property
    def sockets(self) -> Any:
        id_ = self.named("aws:apigatewayv2/api:Api", "sockets-api").id
        return apigatewayv2_backends[self.account][self.region].apis[id_]

    def route(self, key: str) -> Any:
        return next(route for route in self.sockets.routes.values() if route.route_key == key)

    def method(self, path: str, verb: str) -> Any:
        id_ = self.named("aws:apigateway/restApi:RestApi", "api-api").id
        api: Any = apigateway_backends[self.account][self.region].apis[id_]
        return next(row for row in api.resources.values() if row.get_path() == path).resource_methods[verb]

    def alarm(self, name: str) -> Any:
        alarms: Any = cloudwatch_backends[self.account][self.region].alarms
        return alarms[self.named("aws:cloudwatch/metricAlarm:MetricAlarm", f"alarms-{name}").inputs["name"]]

    def redrive(self, queue: str, most: int) -> None:
        found = self.named("aws:sqs/queue:Queue", queue)
        client, policy = self.client("sqs"), json.loads(found.inputs["redrivePolicy"])
        kept = client.get_queue_attributes(QueueUrl=found.id, AttributeNames=["Policy"])["Attributes"]
        for at, count in ((self.end.callback, policy["maxReceiveCount"]), (lambda call, **named: call(**named), most)):
            changed = json.dumps({**policy, "maxReceiveCount": count})
            at(client.set_queue_attributes, QueueUrl=found.id, Attributes={**kept, "RedrivePolicy": changed})

    def recovery(self) -> None:
        name = self.named("aws:dynamodb/table:Table", "tables-data").id
        for at, on in ((self.end.callback, True), (lambda call, **named: call(**named), False)):
            at(
                self.client("dynamodb").update_continuous_backups,
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on},
            )

    def mapping(self, consumer: str, **changes: Any) -> None:
        backend: Any = get_backend(self.account, self.region)
        id_ = self.named("aws:lambda/eventSourceMapping:EventSourceMapping", f"consumers-{consumer}").id
        for name, value in changes.items():
            self.set(backend.get_event_source_mapping(id_), name, value)

    def preflight(self, header: str, value: str) -> None:
        answers = self.method("/api/projects", "OPTIONS").method_integration.integration_responses
        for answer in answers.values():
            self.set(
                answer,
                "response_parameters",
                {**answer.response_parameters, f"method.response.header.{header}": f"'{value}'"},
            )


def _edited(code: bytes, old: str, new: str) -> bytes:
    made, count = io.BytesIO(), 0
    with zipfile.ZipFile(io.BytesIO(code)) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            count += text.count(old)
            after.writestr(name, text.replace(old, new))
    assert count == 1, f"{old} is there {count} times"
    return made.getvalue()


@dataclass(frozen=True)
class Break:
    """One thing that is wrong in the stack, and the probe that must see it."""

    probe: str
    do: Callable[[Broken], Any]


BREAKS = {
    "the API makes a project and no work": Break(
        "request-puts-work-on-queue",
        lambda b: b.code("api-handler", 'work.send("pm", wanted)\n    websocket', "pass\n    websocket"),
    ),
    "the API may not send": Break("request-puts-work-on-queue", lambda b: b.no_policy("api-handler", "queue-pm-queue")),
    "development hands nothing on": Break(
        "work-passes-all-workers",
        lambda b: b.code("dev-agent", 'work.send("qa", task)\n', ""),
    ),
    "a mapping is off": Break("work-passes-all-workers", lambda b: b.mapping("qa-agent", enabled=False)),
    "a failed message counts as done": Break(
        "only-what-failed-comes-again", lambda b: b.mapping("pm-agent", function_response_types=[])
    ),
    "a worker may not delete": Break(
        "only-what-failed-comes-again", lambda b: b.no_policy("ops-agent", "queue-ops-queue")
    ),
    "too few tries": Break("poison-is-put-aside", lambda b: b.redrive("queues-dev-queue", 3)),
    "no key is asked for at the door": Break(
        "client-needs-a-key", lambda b: b.set(b.route("$connect"), "api_key_required", False)
    ),
    "the authorizer refuses everybody": Break(
        "client-needs-a-key", lambda b: b.code("api-handler", '"Allow" if key else "Deny"', '"Deny"')
    ),
    "no record of a client": Break(
        "client-needs-a-key",
        lambda b: b.shared("self._put(key(_client(connection), METADATA))", "self._now()"),
    ),
    "routes are chosen by another field": Break(
        "message-finds-its-route",
        lambda b: b.set(b.sockets, "route_selection_expression", "$request.body.kind"),
    ),
    "events are not sent": Break("events-reach-client", lambda b: b.shared("self._post(connection, body)", "None")),
    "events are sent to all": Break(
        "events-reach-client",
        lambda b: b.shared(
            'yield item["SK"].partition("#")[2]',
            'yield item["SK"].partition("#")[2]\n                yield "probe-other="',
        ),
    ),
    "a worker may not post": Break("function-may-post", lambda b: b.no_policy("pm-agent", "connections")),
    "a client that is gone is kept": Break(
        "client-that-is-gone-is-forgotten",
        lambda b: b.shared("            self.close(connection)\n            return False", "            return False"),
    ),
    "a route leads nowhere": Break(
        "socket-route-leads-to-function", lambda b: b.set(b.route("ping"), "target", "integrations/none")
    ),
    "a route without a key": Break(
        "key-is-asked-for", lambda b: b.set(b.method("/api/templates", "GET"), "api_key_required", False)
    ),
    "a key for the health check": Break(
        "key-is-asked-for", lambda b: b.set(b.method("/health", "GET"), "api_key_required", True)
    ),
    "any page may call": Break(
        "preflight-answers-one-origin", lambda b: b.preflight("Access-Control-Allow-Origin", "*")
    ),
    "a page cannot send its key": Break(
        "preflight-answers-one-origin", lambda b: b.preflight("Access-Control-Allow-Headers", "Content-Type")
    ),
    "answers for any page": Break(
        "answer-names-one-origin", lambda b: b.variable("api-handler", "ALLOWED_ORIGIN", "*")
    ),
    "parameters are read at each call": Break(
        "parameters-are-read-at-start",
        lambda b: b.code(
            "pm-agent",
            '    """Plan each request of a batch."""',
            "    parameters.load.cache_clear()\n    parameters.load()",
        ),
    ),
    "an unknown parameter is passed over": Break(
        "parameters-are-read-at-start", lambda b: b.shared('if unknown := answer.get("InvalidParameters")', "if False")
    ),
    "throttles are not tried again": Break(
        "throttled-write-arrives", lambda b: b.shared('        "ProvisionedThroughputExceededException",\n', "")
    ),
    "waits do not grow": Break(
        "throttled-write-arrives", lambda b: b.shared("self.base * 2 ** (tried - 1)", "self.base")
    ),
    "what failed is not reported": Break(
        "throttled-work-is-kept",
        lambda b: b.shared('failed.append({"itemIdentifier": record["messageId"]})', "pass"),
    ),
    "no recovery to export from": Break("export-is-in-the-archive", Broken.recovery),
    "usage is not the month's": Break(
        "usage-is-published",
        lambda b: b.code("free-tier-usage", "day=1, hour=0", "day=1, month=2, hour=0"),
    ),
    "an alarm that comes too late": Break(
        "alarm-rings-as-asked", lambda b: b.set(b.alarm("errors-api-handler"), "threshold", 10.0)
    ),
    "an alarm that tells nobody": Break(
        "everything-has-its-alarm", lambda b: b.set(b.alarm("duration-pm-agent"), "alarm_actions", [])
    ),
    "a plan for a stage that is not there": Break("plan-limits", lambda b: b.set(b.sockets, "stages", {})),
}


@pytest.fixture(scope="module")
def up() -> Iterator[tuple[Sandbox, StackGraph]]:
    with Sandbox() as sandbox:
        yield sandbox, evaluate_stack(Project(ROOT), "agentic-dev", sandbox).graph


@functools.cache
def probes_of(name: str) -> Any:
    return [probe for probe in PROBES if probe.name == name]


def results(up: tuple[Sandbox, StackGraph], name: str) -> tuple[Result, ...]:
    sandbox, graph = up
    context = ProbeContext(graph, Project(ROOT).settings("agentic-dev"), sandbox.context, ROOT)
    return runner.run(probes_of(name), context).results


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_stack_is_seen(up: tuple[Sandbox, StackGraph], what: str) -> None:
    broken = BREAKS[what]
    with contextlib.ExitStack() as end:
        broken.do(Broken(*up, end))
        assert [result for result in results(up, broken.probe) if result.word == "failed"]


def test_mended_it_is_whole_again_and_probes_leave_nothing_behind(up: tuple[Sandbox, StackGraph]) -> None:
    for _ in range(2):
        for name in sorted({broken.probe for broken in BREAKS.values()}):
            assert [line(result) for result in results(up, name) if result.word == "failed"] == []
    client = up[0].context.client
    assert client("dynamodb").scan(TableName="dev-agenticai-data")["Items"] == []
    # moto counts the objects of buckets by itself.
    assert {row["Namespace"] for row in client("cloudwatch").list_metrics()["Metrics"]} <= {"AWS/S3"}


def test_every_own_probe_has_a_broken_counterpart() -> None:
    assert {probe.name for probe in OWN} - {broken.probe for broken in BREAKS.values()} == set()
