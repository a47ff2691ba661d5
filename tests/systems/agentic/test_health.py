"""What the deployment asks is what the bundled functions answer, and asking changes nothing."""

from __future__ import annotations

import importlib
import json
from typing import Any

import boto3
import pytest
from agenticai_shared import health

from systems.agentic import data
from systems.agentic.deploy.health import Answer, Health, Unhealthy
from tests.systems.agentic.application import AGENTS, TABLE, Application
from tests.systems.agentic.test_handlers import app

__all__ = ["app"]  # a fixture
SCHEDULED = {name: row.module for name, row in data.functions().items() if row.schedule}


def asks(app: Application) -> Health:
    """Return what asks the functions' own code, by logical names."""
    modules = {f"{name}-agent": app.modules[module] for name, module in AGENTS.items()}
    modules |= {data.API_FUNCTION: app.modules["api_handler"]}
    modules |= {name: importlib.import_module(module) for name, module in SCHEDULED.items()}

    def invoke(function: str, qualifier: str, payload: bytes) -> Answer:
        try:
            return Answer(payload=json.dumps(modules[function].handler(json.loads(payload), None)).encode())
        except Exception as error:
            said = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return Answer(payload=json.dumps(said).encode(), error="Unhandled")

    return Health(invoke=invoke)


@pytest.mark.parametrize("name", data.functions())
def test_function_answers_that_it_works_and_changes_nothing(app: Application, name: str) -> None:
    asks(app).check(name, name, "live", "1")
    assert boto3.client("dynamodb").scan(TableName=TABLE)["Items"] == []
    assert [app.waiting(queue) for queue in AGENTS] == [[], [], [], []]


@pytest.mark.parametrize("name", ["pm-agent", "ops-agent"])
def test_worker_that_cannot_read_its_table_is_not_healthy(app: Application, name: str) -> None:
    boto3.client("dynamodb").delete_table(TableName=TABLE)
    with pytest.raises(Unhealthy, match="ResourceNotFoundException"):
        asks(app).check(name, name, "live", "1")


@pytest.mark.parametrize(
    "event",
    [
        {"Records": [{"messageId": "1", "body": '{"health": "check"}'}]},
        {"health": "check", "Records": []},
        {"httpMethod": "POST", "body": '{"health": "check"}'},
        {"detail": {"health": "check"}, "source": "aws.events"},
        "check",
        None,
    ],
)
def test_no_event_of_a_trigger_is_the_question(event: Any) -> None:
    assert not health.asked(event)
