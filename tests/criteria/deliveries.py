"""A project's root with all that the agentic system delivers as files: its code, and workflows and documents in short.

The verdicts on the project's own files are in test_ledger.py. Here each file holds what its criterion asks for and no
more, so that a test can take one thing away.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from criteria.agentic_areas.common import facts
from plumbline.graph import StackGraph
from plumbline.verdicts import Subject
from tests.evaluations import ROOT, SHARED, preview

FILES: Mapping[str, str] = facts()["files"]
_CODE = ("application", "handlers", "migrate")
_TEST = """
name: test
on:
  push: {branches: [main]}
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
    - run: make test
"""
_DEPLOY = """
name: deploy
on:
  workflow_run: {workflows: [test], types: [completed], branches: [main]}
permissions: {contents: read, id-token: write}
jobs:
  deploy:
    if: github.event.workflow_run.conclusion == 'success'
    runs-on: ubuntu-latest
    steps:
    - run: python -m systems.agentic.deploy backup --stack agentic-prod
    - run: pulumi up --yes --stack agentic-prod
    - run: python -m systems.agentic.deploy shift --stack agentic-prod
    - if: failure()
      run: python -m systems.agentic.deploy rollback --stack agentic-prod
"""
_ROLLBACK = """
name: agentic-rollback
on: workflow_dispatch
permissions: {id-token: write}
jobs:
  rollback:
    steps:
    - run: python -m systems.agentic.deploy rollback --stack agentic-prod
"""
_PREVIEW = """
name: preview
on: pull_request
jobs:
  preview:
    steps:
    - run: make preview STACK=agentic-prod
"""
_DOCKERFILE = "FROM python:3.11-slim\nUSER wsuser\nEXPOSE 8080\n"
_COMMAND = "def backup(client, table):\n    client.create_backup(TableName=table)\n\n\n"
_COMMAND += "def shift(client, name, version):\n    client.update_alias(FunctionName=name, FunctionVersion=version)\n"


@functools.cache
def root() -> Path:
    """Return a root that every test of this process shares, and none changes."""
    made = Path(tempfile.mkdtemp(prefix="deliveries-", dir=os.environ[SHARED]))
    write(made, preview("agentic-prod").graph)
    return made


def write(made: Path, graph: StackGraph) -> None:
    """Write a root whose generated documents are those of a stack."""
    agentic = made / "systems" / "agentic"
    for part in _CODE:
        shutil.copytree(
            ROOT / "systems" / "agentic" / part, agentic / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    for folder in ("criteria", "docs/runbooks"):
        (made / folder).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / folder, made / folder, ignore=shutil.ignore_patterns("__pycache__"))
    texts = {
        FILES["tests"]: _TEST,
        FILES["deploy"]: _DEPLOY,
        FILES["rollback"]: _ROLLBACK,
        FILES["preview"]: _PREVIEW,
        FILES["template"]: yaml.safe_dump(_template(graph), sort_keys=False),
        FILES["account"]: " ".join([*facts()["terms"]["account"], *facts()["terms"]["offers"], *facts()["parameters"]]),
        FILES["permissions"]: _permissions(graph),
        FILES["environment"]: _variables(graph),
        FILES["troubles"]: " ".join(facts()["terms"]["troubles"]),
        "systems/agentic/data/paid.yaml": (ROOT / "systems/agentic/data/paid.yaml").read_text(encoding="utf-8"),
        "systems/agentic/websocket/Dockerfile": _DOCKERFILE,
        "systems/agentic/deploy/aws.py": _COMMAND,
    }
    for path, text in texts.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text, encoding="utf-8")


def with_files(old: Subject) -> Subject:
    return dataclasses.replace(old, root=root())


def _permissions(graph: StackGraph) -> str:
    roles = [row.inputs["name"].partition("-agenticai-")[2] for row in graph.of_type("aws:iam/role:Role")]
    policies = [json.loads(row.inputs["policy"]) for row in graph.of_type("aws:iam/rolePolicy:RolePolicy")]
    actions = [action for policy in policies for row in policy["Statement"] for action in row["Action"]]
    return "\n".join([*roles, *sorted(set(actions))])


def _variables(graph: StackGraph) -> str:
    rows = graph.of_type("aws:lambda/function:Function")
    return "\n".join(sorted({name for row in rows for name in row.inputs["environment"]["variables"]}))


def _template(graph: StackGraph) -> dict[str, Any]:
    """Return the stack's tables, functions, queues and API as a SAM template has them."""
    types = {
        "aws:dynamodb/table:Table": ("AWS::DynamoDB::Table", _table),
        "aws:lambda/function:Function": ("AWS::Serverless::Function", _function),
        "aws:sqs/queue:Queue": ("AWS::SQS::Queue", _queue),
        "aws:apigateway/restApi:RestApi": ("AWS::ApiGateway::RestApi", lambda given: {"Name": given["name"]}),
        "aws:apigateway/method:Method": ("AWS::ApiGateway::Method", lambda given: {"HttpMethod": given["httpMethod"]}),
    }
    resources = {
        f"R{number}": {"Type": name, "Properties": properties(row.inputs)}
        for number, (row, name, properties) in enumerate((row, *types[row.type]) for row in graph if row.type in types)
    }
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


def _table(given: Mapping[str, Any]) -> dict[str, Any]:
    indexes = [
        {
            "IndexName": row["name"],
            "KeySchema": [_key(key["attributeName"], key["keyType"]) for key in row["keySchemas"]],
        }
        for row in given["globalSecondaryIndexes"]
    ]
    keys = [_key(given["hashKey"], "HASH"), _key(given["rangeKey"], "RANGE")]
    names = {"TableName": given["name"], "BillingMode": given["billingMode"]}
    return {**names, "KeySchema": keys, "GlobalSecondaryIndexes": indexes}


def _key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


def _function(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "FunctionName": {"Fn::Sub": given["name"].replace("prod-", "${Environment}-", 1)},
        "MemorySize": given["memorySize"],
        "Timeout": given["timeout"],
        "Handler": given["handler"],
        "Runtime": given["runtime"],
        "ReservedConcurrentExecutions": given.get("reservedConcurrentExecutions"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _queue(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {"QueueName": given["name"], "VisibilityTimeout": given.get("visibilityTimeoutSeconds")}
    return {name: value for name, value in found.items() if value is not None}


def changed(path: str, old: str | None, new: str = "") -> Any:
    """Return the change of a stack's subject in which a file of the root says something else, or is gone.

    `old` None takes the file away.
    """

    def apply(subject: Subject) -> Subject:
        made = Path(tempfile.mkdtemp(prefix="deliveries-", dir=os.environ[SHARED]))
        # Links are quick, and a file that is taken away first stays what it is elsewhere.
        shutil.copytree(subject.root, made, dirs_exist_ok=True, copy_function=os.link)
        file = made / path
        text = file.read_text(encoding="utf-8")
        assert old is None or old in text, f"{path} does not say {old}"
        file.unlink()
        if old is not None:
            file.write_text(text.replace(old, new), encoding="utf-8")
        return dataclasses.replace(subject, root=made)

    return apply
