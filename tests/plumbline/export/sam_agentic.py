"""What of the agentic system's template and graph the tests compare, in the same words."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from plumbline.export.sam import Template
from plumbline.export.verb import exported
from plumbline.graph import Resource
from plumbline.project import Project
from tests.evaluations import ROOT, preview
from tests.plumbline.export.sam_tools import translated

FILE = ROOT / "systems" / "agentic" / "template.yaml"
STACK = "agentic-prod"


@functools.cache
def made(stack: str = STACK) -> Template:
    return exported(Project(ROOT), stack, FILE.parent)


@functools.cache
def cloudformation() -> dict[str, Any]:
    """Return the resources that SAM makes of the template by logical id."""
    return translated(made().text(), {"HostedZoneAgenticExampleCom": "Z1"})["Resources"]


def of_type(type_: str) -> dict[str, dict[str, Any]]:
    return {name: row["Properties"] for name, row in cloudformation().items() if row["Type"] == type_}


def place(resource: Resource) -> dict[str, Any]:
    """Return the properties that stand for a resource of the graph."""
    return cloudformation()[made().places[resource.urn]]["Properties"]


def graph_of(type_: str) -> list[Resource]:
    found = preview(STACK).graph.of_type(type_)
    assert found
    return found


@functools.cache
def environment() -> dict[str, str]:
    """Return what pseudo parameters are in the stack's own account."""
    settings = Project(ROOT).settings(STACK)
    return {
        "AWS::AccountId": settings["account_id"],
        "AWS::Region": settings["region"],
        "AWS::Partition": "aws",
        "HostedZoneAgenticExampleCom": "Z1",
    }


def evaluated(value: Any) -> Any:
    """Return a value with pseudo parameters and the names and ARNs of resources put in, as CloudFormation does."""
    if isinstance(value, list):
        return [evaluated(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"Ref"}:
        return _reference(value["Ref"], "Ref")
    if set(value) == {"Fn::GetAtt"}:
        return _reference(*value["Fn::GetAtt"])
    if set(value) == {"Fn::Sub"}:
        text = re.sub(r"\$\{([^!}]+)}", lambda match: _reference(*_split(match[1])), value["Fn::Sub"])
        return text.replace("${!", "${")
    return {key: evaluated(item) for key, item in value.items()}


def _split(text: str) -> tuple[str, str]:
    name, _, attribute = text.partition(".")
    return name, attribute or "Ref"


_ARNS = {
    "AWS::DynamoDB::Table": ("dynamodb", "TableName", "table/{}"),
    "AWS::SQS::Queue": ("sqs", "QueueName", "{}"),
    "AWS::Events::Rule": ("events", "Name", "rule/{}"),
}
_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::ApiGateway::Model": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
}


def _reference(name: str, attribute: str) -> str:
    if name in environment():
        return environment()[name]
    row = cloudformation()[name]
    type_, properties = row["Type"], row["Properties"]
    if attribute == "Arn" and type_ in _ARNS:
        service, key, form = _ARNS[type_]
        here = environment()
        owner = f"arn:aws:{service}:{here['AWS::Region']}:{here['AWS::AccountId']}"
        return f"{owner}:{form.format(evaluated(properties[key]))}"
    if attribute == "Ref" and type_ in _NAMES:
        return evaluated(properties[_NAMES[type_]])
    return f"<{name}.{attribute}>"  # an id that AWS makes


def documents(property_: str, type_: str, own: str) -> None:
    """Compare every policy document of a type with the stack's: the same actions on the same resources."""
    for resource in graph_of(type_):
        given = json.loads(resource.inputs[property_])
        assert evaluated(place(resource)[own]) == given, resource.name
