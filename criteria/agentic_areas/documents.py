"""Requirement 08: guides, lists of permissions and variables, and the SAM template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from criteria.agentic_areas.common import facts, prefix, table
from criteria.agentic_areas.files import tells, yaml
from criteria.common.lookups import FUNCTION, QUEUE, ROLE, ROLE_POLICY, TABLE, statements, texts
from criteria.common.rest_api import METHOD, REST_API
from plumbline.graph import UNKNOWN
from plumbline.verdicts import Subject, Verdict, criterion

# The type in a template of each type whose resources all stand in it, and the property that names one.
_EXPORTED = {
    TABLE: ("AWS::DynamoDB::Table", "TableName"),
    FUNCTION: ("AWS::Serverless::Function", "FunctionName"),
    QUEUE: ("AWS::SQS::Queue", "QueueName"),
    REST_API: ("AWS::ApiGateway::RestApi", "Name"),
}
# What must be the same in both: the property of the template by that of the stack.
_SAME = {
    FUNCTION: {
        "memorySize": "MemorySize",
        "timeout": "Timeout",
        "handler": "Handler",
        "runtime": "Runtime",
        "reservedConcurrentExecutions": "ReservedConcurrentExecutions",
    },
    QUEUE: {"visibilityTimeoutSeconds": "VisibilityTimeout"},
    TABLE: {"billingMode": "BillingMode"},
    REST_API: {},
}
_METHODS = "AWS::ApiGateway::Method"


@criterion("AGENTIC-08.1")
def account_guide(subject: Subject) -> Verdict:
    """The guide names the steps of the account: bootstrap stack, quota, GitHub, and the values of each parameter."""
    terms = [*facts()["terms"]["account"], *facts()["parameters"]]
    return tells(subject, "account", terms, "steps and parameters")


@criterion("AGENTIC-08.2")
def permissions(subject: Subject) -> Verdict:
    """The document names each role of the stack and each action that one of its policies allows."""
    roles = [row.get("name") for row in subject.graph.of_type(ROLE)]
    policies = [statements(row, "policy") for row in subject.graph.of_type(ROLE_POLICY)]
    if UNKNOWN in roles or None in policies:
        return Verdict("unknown", "not all roles and permissions are known yet")
    actions = {action for written in policies for row in written or () for action in texts(row.get("Action"))}
    if not actions:
        return Verdict("fail", "the stack has no roles with permissions")
    names = [str(name).removeprefix(f"{prefix(subject)}-") for name in roles]
    return tells(subject, "permissions", [*names, *sorted(actions)], "roles and actions")


@criterion("AGENTIC-08.5")
def variables(subject: Subject) -> Verdict:
    """The document names every variable that a function of the stack has."""
    names: set[str] = set()
    for row in subject.graph.of_type(FUNCTION):
        given = row.get("environment.variables", {})
        if given is UNKNOWN:
            return Verdict("unknown", "not all variables are known yet", f"{row.urn}#environment.variables")
        names |= set(given)
    return tells(subject, "environment", sorted(names), "variables")


@criterion("AGENTIC-08.6")
def troubles(subject: Subject) -> Verdict:
    """The guide has a word on each trouble that a first deployment runs into."""
    return tells(subject, "troubles", facts()["terms"]["troubles"], "troubles")


@criterion("AGENTIC-08.4")
def template(subject: Subject) -> Verdict:
    """The template has the stack's tables, functions, queues and API with its methods, with the same sizes and keys."""
    path = facts()["files"]["template"]
    body = yaml(subject, path)
    resources = body.get("Resources") if isinstance(body, dict) else None
    if not isinstance(resources, dict) or "Serverless" not in str(body.get("Transform")):
        return Verdict("fail", f"{path} is no SAM template")
    rows = [row for row in resources.values() if isinstance(row, dict)]
    for type_, (theirs, name) in _EXPORTED.items():
        found = {_plain(_property(row, name)): row for row in rows if row.get("Type") == theirs}
        ours = {_plain(row.get("name")): row for row in subject.graph.of_type(type_)}
        if UNKNOWN in [row.get("name") for row in ours.values()]:
            return Verdict("unknown", "not all names are known yet")
        if not ours or set(ours) != set(found):
            return Verdict("fail", f"{path}: {theirs} differ: {', '.join(sorted(set(ours) ^ set(found))) or 'none'}")
        for key, row in ours.items():
            for property_, other in _SAME[type_].items():
                given = row.get(property_)
                if given is UNKNOWN:
                    return Verdict("unknown", f"{row.display}: {property_} is not known yet", f"{row.urn}#{property_}")
                if given != _property(found[key], other):
                    return Verdict("fail", f"{path}: {key}: {other} is not {given}", f"{row.urn}#{property_}")
    differs = _keys_differ(subject, rows)
    if differs:
        return Verdict("fail", f"{path}: {differs}")
    methods = sum(row.get("Type") == _METHODS for row in rows)
    if methods != len(subject.graph.of_type(METHOD)):
        return Verdict("fail", f"{path}: {methods} methods, {len(subject.graph.of_type(METHOD))} in the stack")
    return Verdict("pass", f"{path} has the stack's table, functions, queues, and API with {methods} methods")


def _property(row: Mapping[str, Any], name: str) -> Any:
    properties = row.get("Properties")
    return properties.get(name) if isinstance(properties, dict) else None


def _plain(name: Any) -> str:
    """Return a name without environment and application: templates may leave the environment to a parameter."""
    written = name if isinstance(name, str) else json.dumps(name) if isinstance(name, dict) else ""
    match = re.search(rf"{facts()['application']}-([A-Za-z0-9-]+)", written)
    return match[1] if match else written


def _keys_differ(subject: Subject, rows: list[dict[str, Any]]) -> str:
    """Say in what the table's keys and indexes differ from those of the documents, "" where they do not."""
    owner = table(subject)
    given = [row for row in rows if row.get("Type") == _EXPORTED[TABLE][0]]
    if owner is None or len(given) != 1:
        return "not exactly one table"
    wanted = facts()["table"]
    found = {"": _key(_property(given[0], "KeySchema"))}
    for index in _property(given[0], "GlobalSecondaryIndexes") or ():
        found[str(index.get("IndexName"))] = _key(index.get("KeySchema"))
    return "" if found == {"": wanted["key"], **wanted["indexes"]} else "the table's keys differ"


def _key(schema: Any) -> str:
    return " + ".join(_names(schema, "HASH")) + "".join(f" + {name}" for name in _names(schema, "RANGE"))


def _names(schema: Any, kind: str) -> Iterator[str]:
    for row in schema if isinstance(schema, list) else ():
        if isinstance(row, dict) and row.get("KeyType") == kind:
            yield str(row.get("AttributeName"))
