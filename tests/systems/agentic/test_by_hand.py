"""What the data file tells of rights for work by hand covers the calls that the commands make."""

from __future__ import annotations

import ast
from pathlib import Path

from plumbline import yaml12
from plumbline.permissions.universe import strangers
from tests.evaluations import ROOT

ROWS = yaml12.load(ROOT / "systems" / "agentic" / "data" / "by_hand.yaml")
RECOVER = ROOT / "systems" / "agentic" / "recover"
# By what the modules call their clients.
SERVICES = {"client": "dynamodb", "dynamodb": "dynamodb", "storage": "s3"}
# Where an action of S3 has not the call's name; the only deletions are those of single versions.
ACTIONS = {
    "s3:DeleteObject": "s3:DeleteObjectVersion",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
}


def calls(file: Path) -> set[str]:
    """Return the actions behind the calls that a module makes through its clients."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).rpartition(".")[2]
            if owner in SERVICES:
                call = node.func.attr
                if call == "get_paginator":
                    call = ast.literal_eval(node.args[0])
                action = f"{SERVICES[owner]}:{''.join(word.capitalize() for word in call.split('_'))}"
                found.add(ACTIONS.get(action, action))
    return found


def told() -> set[str]:
    return {action for rows in ROWS.values() for row in rows for action in row["actions"]}


def test_calls_of_the_recovery_are_told() -> None:
    made = {action for file in RECOVER.glob("*.py") for action in calls(file)}
    assert len(made) >= 14
    assert sorted(made - told()) == []


def test_every_action_is_one_of_aws_and_none_is_a_pattern() -> None:
    assert strangers(tuple(sorted(told()))) == []
    assert [action for action in told() if "*" in action] == []


def test_what_is_read_is_in_order_and_told_once() -> None:
    for rows in ROWS.values():
        for row in rows:
            assert row["actions"] == sorted(set(row["actions"]))
