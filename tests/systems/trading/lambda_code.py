"""What the tests of the code inside the functions share: its environment, tables in memory, and events."""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

TRADING = Path(__file__).resolve().parents[3] / "systems" / "trading"
CONTEXT = SimpleNamespace(aws_request_id="request-1")
JSON = {"Content-Type": "application/json"}

# logical name: partition key and sort key
TABLES: dict[str, tuple[tuple[str, str], tuple[str, str] | None]] = {
    "strategies": (("tenantId", "S"), ("strategyId", "S")),
    "kill-switch-state": (("tenantId", "S"), None),
    "strategy-templates": (("templateId", "S"), ("version", "N")),
    "data-sources": (("sourceId", "S"), None),
    "ticks": (("tenantId", "S"), ("sequence", "N")),
}


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the layer and the handlers importable, fresh and without traces in their folders."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(TRADING / "layer" / "python"))
    monkeypatch.syspath_prepend(str(TRADING / "handlers"))
    for variable in [name for name in os.environ if name.startswith(("TABLE_", "PRIMARY_", "AWS_", "DYNAMODB_"))]:
        monkeypatch.delenv(variable)
    for variable in ("ALLOW_SCAN", "ALLOWED_ORIGIN", "READ_TABLES", "WRITE_TABLES"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(variable, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("HANDLER_NAME", "things")
    _forget()
    yield
    _forget()


def _forget() -> None:
    for name in list(sys.modules):
        if name in ("api", "background") or name.partition(".")[0] == "trading_shared":
            del sys.modules[name]


@pytest.fixture
def shared(modules: None) -> ModuleType:
    return importlib.import_module("trading_shared")


@pytest.fixture(scope="module")
def empty_database() -> Iterator[Any]:
    """The tables; once for all tests, because moto makes boto3 read its service models again at each start."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        resource = boto3.resource("dynamodb")
        for name, (partition, sort) in TABLES.items():
            keys = [key for key in (partition, sort) if key]
            resource.create_table(
                TableName=f"test-{name}",
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind}
                    for (key, _), kind in zip(keys, ("HASH", "RANGE"), strict=False)
                ],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys],
                BillingMode="PAY_PER_REQUEST",
            )
        yield resource


@pytest.fixture
def database(empty_database: Any, modules: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The tables, and the variables that name them; what a test leaves in them is deleted."""
    for name in TABLES:
        monkeypatch.setenv("TABLE_" + name.replace("-", "_").upper(), f"test-{name}")
    yield empty_database
    # In moto's memory: five scans after each test would take longer than the tests.
    for table in dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].tables.values():
        table.items.clear()


class Api:
    """The api handler with the environment of a function that owns one table."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owns: str | None) -> None:
        self.owns = owns
        if owns:
            monkeypatch.setenv("PRIMARY_TABLE", owns)
            for variable, key in zip(("PRIMARY_PARTITION_KEY", "PRIMARY_SORT_KEY"), TABLES[owns], strict=True):
                if key:
                    monkeypatch.setenv(variable, key[0])
                    monkeypatch.setenv(f"{variable}_TYPE", key[1])
        self.module = importlib.import_module("api")

    def raw(self, event: Any) -> dict[str, Any]:
        return self.module.handler(event, CONTEXT)

    def __call__(self, method: str, identifier: str | None = None, **values: Any) -> tuple[int, Any]:
        response = self.raw(event(method, identifier, **values))
        assert response["headers"] == ({} if response["statusCode"] == 204 else JSON)
        return response["statusCode"], json.loads(response["body"]) if response["body"] else None


def event(
    method: str,
    identifier: str | None = None,
    body: Any = None,
    query: dict[str, str] | None = None,
    tenant: str | None = "a",
    **changes: Any,
) -> dict[str, Any]:
    """An event as API Gateway's REST proxy integration sends it."""
    return {
        "resource": "/things" if identifier is None else "/things/{id}",
        "path": "/things" if identifier is None else f"/things/{identifier}",
        "httpMethod": method,
        "headers": {"Authorization": "Bearer s3cr3t"},
        "pathParameters": None if identifier is None else {"id": identifier},
        "queryStringParameters": query,
        "requestContext": {"authorizer": {"claims": {"custom:tenant": tenant} if tenant else {}}},
        "body": json.dumps(body) if isinstance(body, dict | list) else body,
        "isBase64Encoded": False,
        **changes,
    }


def error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def bad(message: str) -> tuple[int, Any]:
    return 400, error("BadRequest", message)


NO_ITEM = (404, error("NotFound", "no such item"))
NO_ROUTE = (404, error("NotFound", "no such route"))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def strategies(database: Any, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Owns a table of tenants' items."""
    return Api(monkeypatch, "strategies")


@pytest.fixture
def templates(database: Any, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Owns a table that all tenants share, with a numeric sort key."""
    return Api(monkeypatch, "strategy-templates")


@pytest.fixture
def switch(database: Any, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Owns a table with one item per tenant."""
    return Api(monkeypatch, "kill-switch-state")


@pytest.fixture
def sources(database: Any, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Owns a table that all tenants share, without a sort key."""
    return Api(monkeypatch, "data-sources")


def stored(database: Any, name: str) -> list[dict[str, Any]]:
    return database.Table(f"test-{name}").scan()["Items"]


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
