"""What the stack tells the pipeline and operators, and what it makes for the pipeline."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from plumbline.graph import Resource
from plumbline.project import Project
from systems import trading
from systems.settings import load
from systems.trading import data, pipeline
from tests.evaluations import ROOT, deployed, preview, run_program

_REGION = "us-east-1"
_ACCOUNTS = {"test": "111111111111", "prod": "222222222222"}


def outputs(stack: str) -> dict[str, Any]:
    return dict(deployed(stack).evaluation.graph.outputs)


def test_every_stack_tells_the_same_kinds_of_things(stack: str) -> None:
    assert set(preview(stack).graph.outputs) - {"shutdown"} == {
        *("api", "api_stage", "api_url", "backup_vaults", "budget", "buckets", "distributions", "event_bus"),
        *("firewalls", "frontend_url", "functions", "keys", "layer", "live_functions", "pipeline_log", "redis"),
        *("redis_address", "repositories", "restore_role", "roles", "secrets", "series", "state_machines", "tables"),
        *("topics", "user_pool", "user_pool_client_id", "user_pool_id", "vpc"),
    }


def test_arns_are_told_by_logical_name(stack: str) -> None:
    told, account = outputs(stack), _ACCOUNTS[stack]
    functions = [*data.functions(), "rotate-redis-token"]
    assert told["functions"] == {
        name: f"arn:aws:lambda:{_REGION}:{account}:function:{stack}-{name}" for name in functions
    }
    assert told["live_functions"] == {name: f"{told['functions'][name]}:live" for name in functions}
    assert told["tables"] == {
        name: f"arn:aws:dynamodb:{_REGION}:{account}:table/{stack}-{name}" for name in data.tables()
    }
    assert told["topics"] == {name: f"arn:aws:sns:{_REGION}:{account}:{stack}-{name}" for name in data.topics()}
    assert told["pipeline_log"] == f"arn:aws:logs:{_REGION}:{account}:log-group:/pipeline/{stack}-runs"
    assert told["buckets"]["lambda-packages"] == f"arn:aws:s3:::{stack}-lambda-packages-{account}"


def test_roles_of_functions_and_workflows_are_told(stack: str) -> None:
    workflows = {f"workflow-{name}" for name in outputs(stack)["state_machines"]}
    assert workflows
    assert set(outputs(stack)["roles"]) == {*data.functions(), "rotate-redis-token"} | workflows


def test_only_a_stack_with_failover_tells_of_the_answer_in_place_of_the_api() -> None:
    assert [set(outputs(stack)["distributions"]) for stack in ("test", "prod")] == [
        {"frontend"},
        {"frontend", "maintenance"},
    ]


def made(**changes: Any) -> list[Resource]:
    """Return what the stack makes for the pipeline, with some settings changed."""
    values = {**Project(ROOT).settings("test"), **changes}
    settings = load(trading.Settings, json.dumps(values), "test")
    evaluation = run_program(lambda: pipeline.build(settings, pulumi.ResourceOptions()))
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return [resource for resource in evaluation.graph if resource.custom]


def test_runs_are_logged_as_long_as_everything_else() -> None:
    [log] = made(log_retention_days=7)
    assert (log.inputs["name"], log.inputs["retentionInDays"]) == ("/pipeline/test-runs", 7)


def test_repositories_are_those_of_the_settings() -> None:
    found = made(pipeline={"repositories": ["worker", "reports"]})
    repositories = [resource for resource in found if resource.type == "aws:ecr/repository:Repository"]
    assert {repository.inputs["name"] for repository in repositories} == {"test-worker", "test-reports"}
