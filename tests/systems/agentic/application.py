"""The whole bundled application on queues, a table and a bucket in memory, for the tests of its functions."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from agenticai_shared import parameters, work
from moto import mock_aws

from systems.agentic import data

HANDLERS = Path(__file__).resolve().parents[3] / "systems" / "agentic" / "handlers"
TABLE, BUCKET = "table", "bucket"
NAMES = ("gemini-api-key", "github-token", "jwt-secret")
# In the order of their imports; each test has its own, with the test's queues and table.
API_MODULES = (
    *("websocket", "api_parts", "project_routes", "modification_routes", "template_routes", "document_routes"),
    "api_handler",
)
AGENTS = {"pm": "pm_agent", "dev": "dev_agent", "qa": "qa_agent", "ops": "ops_agent"}


def create_table() -> None:
    """Make the table as its data file describes it."""
    spec = data.tables()[data.TABLE]

    def schema(*keys: Any) -> list[dict[str, str]]:
        return [{"AttributeName": key.name, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)]

    everything = {"ProjectionType": "ALL"}
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in spec.attributes().items()],
        KeySchema=schema(spec.partition_key, spec.sort_key),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index.name,
                "KeySchema": schema(index.partition_key, index.sort_key),
                "Projection": everything,
            }
            for index in spec.indexes
        ],
    )


@dataclass
class Application:
    """All functions on queues, a table and a bucket in memory; `sent` has what clients were sent."""

    modules: dict[str, ModuleType]
    queues: dict[str, str]
    sent: list[tuple[str, Any]]

    def call(self, method: str, resource: str, id: str = "", body: Any = None, **query: str) -> tuple[int, Any]:
        event = {
            "httpMethod": method,
            "resource": resource,
            "pathParameters": {"id": id} if id else None,
            "queryStringParameters": query or None,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
        }
        answer = self.modules["api_handler"].handler(event, None)
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None

    def route(self, route: str, connection: str, body: Any = None, **query: str) -> int:
        here = {"routeKey": route, "connectionId": connection}
        event = {"requestContext": here, "queryStringParameters": query, "body": json.dumps(body)}
        return self.modules["api_handler"].handler(event, None)["statusCode"]

    def waiting(self, queue: str) -> list[Any]:
        """Take all messages off a queue."""
        client = boto3.client("sqs")
        found = client.receive_message(QueueUrl=self.queues[queue], MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            client.delete_message(QueueUrl=self.queues[queue], ReceiptHandle=message["ReceiptHandle"])
        return found

    def work(self, queue: str, messages: list[Any] | None = None) -> list[str]:
        """Give messages to the worker of a queue, those that wait there if none are given; return which failed."""
        messages = self.waiting(queue) if messages is None else messages
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]
        answer = self.modules[AGENTS[queue]].handler({"Records": records}, None)
        return [row["itemIdentifier"] for row in answer["batchItemFailures"]]


@contextmanager
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """Start the functions anew, with the environment that the stack gives them."""
    with mock_aws():
        monkeypatch.syspath_prepend(str(HANDLERS))
        caches = (parameters.load, work.table, work.store, work.bucket, work._queues)
        for cache in caches:
            cache.cache_clear()
        create_table()
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        queues = {name: boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in AGENTS}
        for name in NAMES:
            boto3.client("ssm").put_parameter(Name=f"/app/{name}", Value="unset", Type="SecureString")
        variables = {"DYNAMODB_TABLE_NAME": TABLE, "S3_BUCKET_NAME": BUCKET, "ENVIRONMENT": "dev"}
        variables |= {f"SQS_QUEUE_URL_{name.upper()}": url for name, url in queues.items()}
        variables |= {"PARAMETERS": ",".join(f"/app/{name}" for name in NAMES)}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        names = (*API_MODULES, *AGENTS.values())
        for name in names:
            sys.modules.pop(name, None)
        modules = {name: importlib.import_module(name) for name in names}
        sent: list[tuple[str, Any]] = []
        for name in ("websocket", *AGENTS.values()):
            monkeypatch.setattr(modules[name], "post", lambda to, body: sent.append((to, json.loads(body))))
        yield Application(modules, queues, sent)
        for name in names:
            sys.modules.pop(name, None)
        for cache in caches:
            cache.cache_clear()


def a_project(app: Application) -> str:
    return app.call("POST", "/api/projects", body={"name": "shop", "type": "api", "owner_id": "ada"})[1]["id"]
