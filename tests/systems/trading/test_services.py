"""What the settings and data files of a trading stack make of topics, events and the API, and the stack's outputs."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from plumbline.evaluate import evaluate_stack
from plumbline.graph import UNKNOWN, Resource, StackGraph, walk
from plumbline.project import Project
from tests.evaluations import ROOT, preview
from tests.systems.answers import proofs

RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
ORIGINS = {"test": "https://app.test.trading.example.com", "prod": "https://app.trading.example.com"}
ORIGIN_HEADER = "header.Access-Control-Allow-Origin"


@functools.cache
def rows(file: str) -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "systems" / "trading" / "data" / file).read_text(encoding="utf-8"))


def named(graph: StackGraph, name: str) -> Resource:
    [resource] = [resource for resource in graph if resource.name == name]
    return resource


def needed(resource: Resource, property_: str) -> list[str]:
    return [urn.rpartition("::")[2] for urn in resource.property_dependencies.get(property_, ())]


# Events.


def test_rules_are_those_of_the_data_file_and_each_has_one_target(graph: StackGraph) -> None:
    expected = sorted(f"rules-{name}" for name in rows("events.yaml"))
    assert sorted(rule.name for rule in graph.of_type(RULE)) == expected
    assert sorted(rule for target in graph.of_type(TARGET) for rule in needed(target, "rule")) == expected


@pytest.mark.parametrize("name", rows("events.yaml"))
def test_rule_waits_for_what_the_data_file_says(stack: str, name: str) -> None:
    row, rule = rows("events.yaml")[name], named(preview(stack).graph, f"rules-{name}")
    given = {key: value for key, value in rule.inputs.items() if key != "tags"}
    if "eventPattern" in given:
        given["eventPattern"] = json.loads(given["eventPattern"])
    waits = (
        {"scheduleExpression": row["schedule"]}
        if "schedule" in row
        else {"eventPattern": row["pattern"], "eventBusName": f"{stack}-trading"}
    )
    assert given == {"name": f"{stack}-{name}", "description": row["description"], "state": "ENABLED", **waits}


@pytest.mark.parametrize("name", rows("events.yaml"))
def test_rule_calls_the_live_function_or_the_topic_that_the_data_file_says(stack: str, name: str) -> None:
    row, target = rows("events.yaml")[name], named(preview(stack).graph, f"rules-{name}-target")
    expected = f"functions-{row['function']}-live" if "function" in row else f"topics-{row['topic']}"
    assert needed(target, "arn") == [expected]
    assert target.inputs.get("eventBusName") == (None if "schedule" in row else f"{stack}-trading")
    assert needed(target, "deadLetterConfig") == [f"rules-{name}-dead-letters"]


def test_events_can_be_replayed_as_long_as_the_stack_file_says(stack: str) -> None:
    archive = named(preview(stack).graph, "events-archive")
    assert archive.inputs["retentionDays"] == Project(ROOT).settings(stack)["events"]["archive_days"]
    assert needed(archive, "eventSourceArn") == ["events-bus"]


def test_bus_is_told_to_the_functions_that_put_events_and_to_no_others(stack: str) -> None:
    told = {}
    for name in rows("functions.yaml"):
        variables = named(preview(stack).graph, f"functions-{name}").inputs["environment"]["variables"]
        told[name] = (variables.get("EVENT_BUS"), variables.get("EVENTS_ENDPOINT"))
    bus = (f"{stack}-trading", "https://events.us-east-1.amazonaws.com")
    assert told == {name: bus if row.get("events") else (None, None) for name, row in rows("functions.yaml").items()}


# Topics.


def test_contacts_are_subscribed_to_their_topics_as_the_settings_say(stack: str) -> None:
    contacts = Project(ROOT).settings(stack)["contacts"]
    expected = [
        (f"topics-{topic}", protocol, endpoint)
        for topic, row in rows("topics.yaml").items()
        for protocol, field in (("email", "emails"), ("sms", "telephones"))
        for endpoint in contacts.get(row["contacts"], {}).get(field, [])
    ]
    found = [
        (*needed(resource, "topic"), resource.inputs["protocol"], resource.inputs["endpoint"])
        for resource in preview(stack).graph.of_type(SUBSCRIPTION)
    ]
    assert sorted(found) == sorted(expected)
    assert {protocol for _, protocol, _ in found} == {"test": {"email"}, "prod": {"email", "sms"}}[stack]


@pytest.mark.parametrize("name", rows("topics.yaml"))
def test_topic_takes_messages_of_the_services_that_the_data_file_says(stack: str, name: str) -> None:
    account = {"test": "111111111111", "prod": "222222222222"}[stack]
    sources = {
        "budgets": f"arn:aws:budgets::{account}:*",
        "cloudwatch": f"arn:aws:cloudwatch:us-east-1:{account}:alarm:{stack}-*",
        "events": f"arn:aws:events:us-east-1:{account}:rule/{stack}-trading/{stack}-*",
        "backup": f"arn:aws:backup:us-east-1:{account}:backup-vault:{stack}-*",
    }
    policy = json.loads(named(preview(stack).graph, f"topics-{name}-policy").inputs["policy"])
    allowed = {
        statement["Principal"]["Service"]: statement["Condition"]["ArnLike"]["aws:SourceArn"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    }
    publishers = rows("topics.yaml")[name]["publishers"]
    assert allowed == {f"{service}.amazonaws.com": sources[service] for service in publishers}


# The API.


def cors_origins(graph: StackGraph) -> set[str]:
    """Return every origin that an answer of the API itself names."""
    return {
        leaf
        for resource in graph.of_type(
            "aws:apigateway/integrationResponse:IntegrationResponse", "aws:apigateway/response:Response"
        )
        for path, leaf in walk(resource.inputs.get("responseParameters") or {})
        if ORIGIN_HEADER in str(path)
    }


def test_functions_and_api_name_the_same_single_origin(stack: str) -> None:
    graph = preview(stack).graph
    domain = Project(ROOT).settings(stack)["domains"]["frontend"]
    assert ORIGINS[stack] == f"https://{domain}"
    assert cors_origins(graph) == {f"'{ORIGINS[stack]}'"}
    told = {
        name: named(graph, f"functions-{name}").inputs["environment"]["variables"].get("ALLOWED_ORIGIN")
        for name in rows("functions.yaml")
    }
    assert told == {
        name: ORIGINS[stack] if row["kind"] == "api" else None for name, row in rows("functions.yaml").items()
    }


def test_each_tenant_has_a_key_in_the_plan_of_its_tier(stack: str) -> None:
    graph, tenants = preview(stack).graph, Project(ROOT).settings(stack)["api"]["tenants"]
    assert {key.inputs["name"] for key in graph.of_type("aws:apigateway/apiKey:ApiKey")} == {
        f"{stack}-{tenant}" for tenant in tenants
    }
    plans = {plan.urn: plan.inputs["name"] for plan in graph.of_type("aws:apigateway/usagePlan:UsagePlan")}
    keys = {key.urn: key.inputs["name"] for key in graph.of_type("aws:apigateway/apiKey:ApiKey")}
    members = [
        (keys[key], plans[plan])
        for member in graph.of_type("aws:apigateway/usagePlanKey:UsagePlanKey")
        for key in member.property_dependencies["keyId"]
        for plan in member.property_dependencies["usagePlanId"]
    ]
    assert sorted(members) == sorted((f"{stack}-{tenant}", f"{stack}-{tier}") for tenant, tier in tenants.items())


# The stack's outputs.

MANY = {
    "buckets": "buckets.yaml",
    "secrets": "secrets.yaml",
    "tables": "tables.yaml",
    "topics": "topics.yaml",
}
ONE = {
    "api",
    "api_stage",
    "api_url",
    "budget",
    "event_bus",
    "frontend_url",
    "layer",
    "pipeline_log",
    "redis",
    "redis_address",
    "restore_role",
    "user_pool",
    "user_pool_client_id",
    "user_pool_id",
    "vpc",
}


def test_outputs_of_the_stack_are_these(graph: StackGraph) -> None:
    functions = {*rows("functions.yaml"), "rotate-redis-token"}
    machines = {file.stem for file in (ROOT / "systems/trading/data/state_machines").glob("*.json")}
    rests = {f"{rule}-{what}" for rule in ("data-quality", "performance") for what in ("stop", "start")}
    assert {name: set(value) for name, value in graph.outputs.items() if isinstance(value, Mapping)} == {
        **{output: set(rows(file)) for output, file in MANY.items()},
        "functions": functions,
        "live_functions": functions,
        "roles": functions | {f"workflow-{machine}" for machine in machines},
        "series": set(rows("series.yaml")),
        "firewalls": {"api", "cdn"},
        "distributions": {"test": {"frontend"}, "prod": {"frontend", "maintenance"}}[graph.stack],
        "repositories": set(),
        "state_machines": machines,
        "keys": {"buckets", "secrets", "tables", "topics"},
        "backup_vaults": {"test": {"main"}, "prod": {"main", "copy"}}[graph.stack],
        **({"shutdown": rests} if graph.stack == "test" else {}),
    }
    assert {name for name, value in graph.outputs.items() if not isinstance(value, Mapping)} == ONE


class Names:
    """Answers every registration with the resource's name, so that outputs say whose they are."""

    parallel = 1

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        outputs = {name: f"{name} of {resource.name}" for name in ("arn", "executionArn", "invokeUrl")}
        return resource.name, {**outputs, "primaryEndpointAddress": "redis.example.com", **proofs(resource)}

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Nothing has to exist: no registration is refused."""


@functools.cache
def deployed_outputs() -> Mapping[str, Any]:
    evaluation = evaluate_stack(Project(ROOT), "test", Names())
    assert evaluation.mistakes == ()
    return evaluation.graph.outputs


def test_outputs_of_the_services_lead_to_them() -> None:
    shown = ("topics", "event_bus", "state_machines", "user_pool_id", "user_pool_client_id", "api")
    assert UNKNOWN not in [leaf for _, leaf in walk({key: deployed_outputs()[key] for key in shown})]
    assert {key: deployed_outputs()[key] for key in shown} == {
        "topics": {name: f"arn of topics-{name}" for name in rows("topics.yaml")},
        "event_bus": "arn of events-bus",
        "state_machines": {
            file.stem: f"arn of workflows-{file.stem}"
            for file in (ROOT / "systems/trading/data/state_machines").glob("*.json")
        },
        "user_pool_id": "users-pool",
        "user_pool_client_id": "users-client",
        "api": "arn of api-api",
    }
