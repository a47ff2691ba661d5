"""The agentic stack with `compute: fargate`: what is in it instead of the WebSocket API, and wrong settings."""

from __future__ import annotations

import copy
import functools
import json
from typing import Any

import pytest

from plumbline.evaluate import Evaluation, evaluate
from plumbline.graph import StackGraph
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from systems.agentic import Settings, build
from systems.settings import SettingsError, load
from tests.evaluations import ROOT, preview

STACK = "agentic-dev"
ZONE = "dev.agentic.example.com"
DIGEST = "sha256:" + "a" * 64
CONTAINER = {
    "domain": {"name": f"ws.{ZONE}", "zone": ZONE},
    "network": {"cidr_block": "10.40.0.0/24", "zones": ["us-east-1a", "us-east-1b"]},
    "image": DIGEST,
    "account_vcpu_quota": 6,
}
TASK = "aws:ecs/taskDefinition:TaskDefinition"


def settings(stack: str = STACK, compute: str = "fargate", **changes: Any) -> Settings:
    """Return a stack's settings with a container; None takes one of its settings away."""
    given = copy.deepcopy(dict(Project(ROOT).settings(stack)))
    container = {key: value for key, value in {**CONTAINER, **changes}.items() if value is not None}
    given["websocket"] = {"compute": compute, "container": container}
    return load(Settings, json.dumps(given), stack)


@functools.cache
def evaluated() -> Evaluation:
    return evaluate(lambda: build(settings()), stack=STACK, root=ROOT)


def graph() -> StackGraph:
    return evaluated().graph


def test_a_preview_has_no_mistakes_and_no_websocket_api() -> None:
    assert (evaluated().mistakes, evaluated().warnings) == ((), ())
    assert [resource.name for resource in graph() if resource.type.startswith("aws:apigatewayv2/")] == []


def test_only_what_concerns_connections_differs_from_the_default_stack() -> None:
    usual = {r.name: r.type for r in preview(STACK).graph}
    now = {r.name: r.type for r in graph()}
    gone = {name for name in usual if name not in now}
    assert {name.partition("-")[0] for name in gone} <= {"sockets", "roles"}
    assert {name for name in gone if name.startswith("roles-")} == {
        f"roles-{name}-connections" for name in ("api-handler", "pm-agent", "dev-agent", "qa-agent", "ops-agent")
    }
    assert {"container-service", "balancer-https", "network-vpc", "queues-events-queue"} <= set(now) - set(usual)


def environment(name: str) -> dict[str, Any]:
    [function] = [r for r in graph().of_type("aws:lambda/function:Function") if r.name == f"functions-{name}"]
    return function.inputs["environment"]["variables"]


@pytest.mark.parametrize("name", ["api-handler", "pm-agent", "dev-agent", "qa-agent", "ops-agent"])
def test_functions_put_events_on_a_queue_and_may_do_no_more(name: str) -> None:
    assert {"EVENTS_QUEUE_URL", "WEBSOCKET_ENDPOINT"} & set(environment(name)) == {"EVENTS_QUEUE_URL"}
    [policy] = [r for r in graph() if r.name == f"roles-{name}-queue-events-queue"]
    [statement] = json.loads(policy.inputs["policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        ["sqs:SendMessage"],
        ["arn:aws:sqs:us-east-1:111111111111:dev-agenticai-events-queue"],
    )


def test_the_container_is_told_what_the_documents_name() -> None:
    [task] = graph().of_type(TASK)
    [container] = json.loads(task.inputs["containerDefinitions"])
    assert (task.inputs["cpu"], task.inputs["memory"], container["user"]) == ("256", "512", "wsuser")
    assert (container["healthCheck"]["interval"], container["portMappings"][0]["containerPort"]) == (30, 8080)
    queue = "https://sqs.us-east-1.amazonaws.com/111111111111/dev-agenticai-{}-queue"
    assert {row["name"]: row["value"] for row in container["environment"]} == {
        **{f"SQS_QUEUE_URL_{name.upper()}": queue.format(name) for name in ("pm", "dev", "qa", "ops", "events")},
        "AWS_REGION": "us-east-1",
        "DYNAMODB_TABLE_NAME": "dev-agenticai-data",
        "ENVIRONMENT": "dev",
        "FUNCTION": "websocket",
        "PARAMETERS": "/agenticai/dev/websocket-keys",
        "WEBSOCKET_BURST": "200",
        "WEBSOCKET_HOST": "0.0.0.0",
        "WEBSOCKET_ORIGIN": "https://app.dev.agentic.example.com",
        "WEBSOCKET_PORT": "8080",
        "WEBSOCKET_RATE": "100",
    }


def test_the_container_reads_its_own_configuration() -> None:
    from websocket_server.config import Config

    [task] = graph().of_type(TASK)
    [container] = json.loads(task.inputs["containerDefinitions"])
    config = Config.read({row["name"]: row["value"] for row in container["environment"]})
    assert (config.port, config.table, config.rate, config.burst) == (8080, "dev-agenticai-data", 100, 200)


def test_the_task_may_use_the_table_five_queues_and_one_parameter() -> None:
    found: dict[str, set[str]] = {}
    for policy in graph().of_type("aws:iam/rolePolicy:RolePolicy"):
        if policy.name.startswith("container-roles-task-"):
            for statement in json.loads(policy.inputs["policy"])["Statement"]:
                for resource in statement["Resource"]:
                    found.setdefault(resource, set()).update(statement["Action"])
    sqs, table = "arn:aws:sqs:us-east-1:111111111111:dev-agenticai", "arn:aws:dynamodb:us-east-1:111111111111:table"
    data = f"{table}/dev-agenticai-data"
    assert set(found) == {
        *(f"{sqs}-{name}-queue" for name in ("pm", "dev", "qa", "ops", "events")),
        *(data, f"{data}/index/GSI1", f"{data}/index/GSI2"),
        "arn:aws:ssm:us-east-1:111111111111:parameter/agenticai/dev/websocket-keys",
    }
    assert {frozenset(found[f"{sqs}-{name}-queue"]) for name in ("pm", "dev", "qa", "ops")} == {
        frozenset({"sqs:SendMessage"})
    }
    assert "sqs:DeleteMessage" in found[f"{sqs}-events-queue"]
    assert "sqs:SendMessage" not in found[f"{sqs}-events-queue"]


def test_the_domain_leads_to_the_balancer_over_ipv4() -> None:
    records = [r for r in graph().of_type("aws:route53/record:Record") if r.name.startswith("container-records")]
    assert [(r.inputs["name"], r.inputs["type"]) for r in records] == [(f"ws.{ZONE}", "A")]


def test_everything_of_it_stands_in_the_sandbox() -> None:
    with Sandbox() as sandbox:
        evaluation = evaluate(lambda: build(settings()), stack=STACK, root=ROOT, deployer=sandbox)
        assert (evaluation.mistakes, dict(sandbox.simulated)) == ((), {})
        [service] = evaluation.graph.of_type("aws:ecs/service:Service")
        assert service.id.endswith("/dev-agenticai-websocket")


def test_no_task_runs_before_there_is_an_image() -> None:
    evaluation = evaluate(lambda: build(settings(tasks=0)), stack=STACK, root=ROOT)
    [service] = evaluation.graph.of_type("aws:ecs/service:Service")
    assert (evaluation.mistakes, service.inputs["desiredCount"]) == ((), 0)


@pytest.mark.parametrize("stack", ["agentic-dev", "agentic-prod"])
def test_the_stacks_themselves_have_no_container(stack: str) -> None:
    types = {resource.type for resource in preview(stack).graph}
    assert [type_ for type_ in types if type_.startswith(("aws:ecs/", "aws:lb/", "aws:ec2/", "aws:ecr/"))] == []


def test_the_load_balancer_of_protected_stacks_cannot_be_deleted() -> None:
    zone = "agentic.example.com"
    protected = settings("agentic-prod", domain={"name": f"ws.{zone}", "zone": zone})
    evaluation = evaluate(lambda: build(protected), stack="agentic-prod", root=ROOT)
    [balancer] = evaluation.graph.of_type("aws:lb/loadBalancer:LoadBalancer")
    assert (evaluation.mistakes, balancer.inputs["enableDeletionProtection"]) == ((), True)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"domain": None},
            ".domain: missing; compute: fargate needs one, since clients come over TLS alone and a load balancer has "
            "no certificate for its own address (AGENTIC-05.1a)",
        ),
        (
            {"domain": {"name": "ws.example.org", "zone": ZONE}},
            f".domain.name: ws.example.org given; allowed: a domain in the zone {ZONE}",
        ),
        (
            {"domain": {"name": f"api.{ZONE}", "zone": ZONE}},
            f".domain.name: api.{ZONE} given; allowed: another one than the REST API's",
        ),
        ({"image": "latest"}, ".image: latest given; allowed: a digest, or a tag that one image keeps"),
        ({"account_vcpu_quota": 0.1}, ".account_vcpu_quota: 0.1 given; allowed: at least 0.25"),
        (
            {"network": {"cidr_block": "10.40.0.0/24", "zones": ["us-east-1a", "us-west-2a"]}},
            ".network.zones: us-west-2a given; allowed: zones of us-east-1, such as us-east-1a",
        ),
        (
            {"network": {"cidr_block": "8.8.8.0/24", "zones": ["us-east-1a", "us-east-1b"]}},
            ".network.cidr_block: 8.8.8.0/24 given; allowed: a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16",
        ),
        ({"compute": "api_gateway"}, ": given, but compute: api_gateway has none"),
    ],
)
def test_a_mistake_is_one_line(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError) as told:
        settings(**changes)
    assert str(told.value) == f"Pulumi.{STACK}.yaml: plumbline:settings.websocket.container{line}"


def test_fargate_without_a_container_is_one_line() -> None:
    given = {**copy.deepcopy(dict(Project(ROOT).settings(STACK))), "websocket": {"compute": "fargate"}}
    with pytest.raises(SettingsError) as told:
        load(Settings, json.dumps(given), STACK)
    where = f"Pulumi.{STACK}.yaml: plumbline:settings.websocket.container"
    assert str(told.value) == f"{where}: missing; compute: fargate needs it"
