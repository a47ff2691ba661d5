"""Turns a graph with marks into a SAM template: tables, functions, queues, their roles, and both kinds of APIs."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from plumbline.export.mapping import Places, kinds
from plumbline.export.symbols import Symbols
from plumbline.export.values import Values
from plumbline.graph import Blob, Resource, StackGraph

_HEAD = {"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31"}
# CloudFormation User Guide, "Understand CloudFormation quotas": none of them can be raised.
_MOST = {"Resources": 500, "Parameters": 200}
_MOST_BYTES = 1_000_000
_RECORD, _DEPLOYMENT = "aws:route53/record:Record", "aws:apigateway/deployment:Deployment"


@dataclass(frozen=True, order=True)
class LeftOut:
    """What the template lacks: a whole resource, or with a `path` one of its properties."""

    type: str
    resource: str
    path: str
    reason: str


@dataclass(frozen=True)
class Template:
    """A template, what of the stack it leaves out, and where the rest is: the logical id by URN."""

    body: Mapping[str, Any]
    left_out: tuple[LeftOut, ...]
    places: Mapping[str, str]

    def text(self) -> str:
        """Return the template as YAML, the same for the same stack."""
        return self._text

    @functools.cached_property
    def _text(self) -> str:
        return yaml.dump(self.body, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)

    def warnings(self) -> list[str]:
        """Return a line for each limit for which CloudFormation would refuse the template."""
        counts = {section: len(self.body.get(section, {})) for section in _MOST}
        # SAM makes a version and an alias of each function that it publishes.
        published = [row for row in self.body["Resources"].values() if "AutoPublishAlias" in row.get("Properties", {})]
        counts["Resources"] += 2 * len(published)
        found = [
            f"{counts[section]:,} {section.lower()}; CloudFormation takes {most} in a stack"
            for section, most in _MOST.items()
            if counts[section] > most
        ]
        size = len(self.text().encode())
        return found + ([f"{size:,} bytes; CloudFormation takes {_MOST_BYTES:,}"] if size > _MOST_BYTES else [])


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # CloudFormation reads no anchors

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def template(graph: StackGraph, symbols: Symbols, root: Path, directory: Path) -> Template:
    """Return the template of a stack that was evaluated with marks.

    `root` is the project's directory, which paths of code are relative to, and `directory` the one that the template
    is to lie in: its own paths are relative to that (AGENTIC-08.4).
    """
    places = Places(graph, symbols)
    writer = _Writer(places, root, directory)
    resources = writer.resources()
    left_out = writer.left_out + [
        LeftOut(graph.resources[urn].type, graph.resources[urn].name, "", reason)
        for urn, reason in places.left_out.items()
    ]
    body = {
        **_HEAD,
        "Description": f"Stack {graph.stack} of {graph.project}, generated from its Pulumi program: do not edit",
        "Metadata": _metadata(graph.stack, left_out),
        **({"Parameters": dict(sorted(writer.values.parameters.items()))} if writer.values.parameters else {}),
        "Resources": dict(sorted(resources.items())),
    }
    return Template(body, tuple(sorted(left_out)), places.stands)


def _metadata(stack: str, left_out: list[LeftOut]) -> dict[str, Any]:
    """Return the stack's name and what is left out, whole resources by their type."""
    types: dict[str, dict[str, list[str]]] = {}
    properties: dict[str, dict[str, list[str]]] = {}
    for row in sorted(left_out):
        if row.path:
            properties.setdefault(row.type, {}).setdefault(f"{row.path}: {row.reason}", []).append(row.resource)
        else:
            types.setdefault(row.type, {}).setdefault(row.reason, []).append(row.resource)
    return {"Plumbline": {"Stack": stack, "LeftOut": types, "LeftOutProperties": properties}}


class _Writer:
    def __init__(self, places: Places, root: Path, directory: Path) -> None:
        self.values = Values(places)
        self.left_out: list[LeftOut] = []
        self._places = places
        self._root = root
        self._directory = directory

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return every resource of the template by its logical id."""
        deployments = [one for one in self._places.exported if one.type == _DEPLOYMENT]
        made = {one.urn: self._resource(one) for one in self._places.exported if one.type != _DEPLOYMENT}
        for deployment in deployments:
            # CloudFormation deploys an API anew only when there is a deployment of another name.
            needs = [made[urn] for urn in self._places.graph.needs(deployment.urn) if urn in made]
            content = sorted(json.dumps(row, sort_keys=True) for row in needs if "::ApiGateway::" in row["Type"])
            digest = hashlib.sha256("".join(content).encode()).hexdigest()[:10]
            before = self._places.ids[deployment.urn]
            self._places.ids[deployment.urn] = self._places.stands[deployment.urn] = f"{before}{digest}"
        for one in self._places.exported:
            # Those that came before the new name still know the old one.
            made[one.urn] = self._resource(one) if deployments else made[one.urn]
        return {self._places.ids[urn]: row for urn, row in made.items()}

    def _resource(self, resource: Resource) -> dict[str, Any]:
        kind = kinds()[resource.type]
        own = self._places.ids[resource.urn]
        self.values.named = {own}
        found: dict[str, Any] = {}
        self._map(resource, "", self._given(resource, kind), kind["properties"], found)
        for part in self._places.parts.get(resource.urn, ()):
            self._part(part, found)
        for function, name in self._places.aliases.values():
            if function == own:
                # `publish` makes a version of each change, and not of the code alone.
                found |= {"AutoPublishAlias": name, "AutoPublishAliasAllProperties": True}
        row: dict[str, Any] = {"Type": kind["type"]}
        keep = "Retain" if resource.options.protect or resource.options.retain_on_delete else "Delete"
        if keep == "Retain" or kind.get("keeps"):
            row |= {"DeletionPolicy": keep, "UpdateReplacePolicy": keep}
        if waits := self._waits(resource):
            row["DependsOn"] = waits
        return row | {"Properties": dict(sorted(found.items()))}

    def _waits(self, resource: Resource) -> list[str]:
        """Return the logical ids that a resource and its parts wait for without naming them."""
        parts = self._places.parts.get(resource.urn, [])
        own = {resource.urn, *(part.urn for part in parts)}
        # What is one resource here may have been two with a third between them, which can now only come after it.
        found = {
            self._places.stands[urn]
            for one in (resource, *parts)
            for urn in one.dependencies
            if urn in self._places.stands and not own & self._places.graph.needs(urn)
        }
        return sorted(found - self.values.named)

    def _given(self, resource: Resource, kind: Mapping[str, Any]) -> dict[str, Any]:
        into = kind.get("into", {})
        skip = {*kind.get("skip", ()), *into.get("match", ()), into.get("by"), "region"}
        return {name: value for name, value in resource.inputs.items() if name not in skip}

    def _part(self, part: Resource, target: dict[str, Any]) -> None:
        """Write a resource that CloudFormation has inside another into that one's properties."""
        if part.type == _RECORD:
            self._validation(part, target)
            return
        kind = kinds()[part.type]
        mapped: dict[str, Any] = {}
        self._map(part, "", self._given(part, kind), kind["properties"], mapped)
        *steps, last = [step for step in kind["into"].get("at", "").split(".") if step] or [""]
        for step in steps:
            target = target.setdefault(step, {})
        if not last:
            target.update(mapped)
        elif kind["into"].get("many"):
            target.setdefault(last, []).append(mapped)
        else:
            target[last] = {**target.get(last, {}), **mapped}

    def _validation(self, record: Resource, target: dict[str, Any]) -> None:
        """Let CloudFormation make the records that prove to ACM whose a domain is, in the zone of the stack's own."""
        zone = self.values.plain(record, "zoneId", record.inputs["zoneId"])
        domains = [target["DomainName"], *target.get("SubjectAlternativeNames", ())]
        target["DomainValidationOptions"] = [{"DomainName": domain, "HostedZoneId": zone} for domain in domains]

    def _map(
        self, of: Resource, base: str, given: Mapping[str, Any], names: Mapping[str, Any], into: dict[str, Any]
    ) -> None:
        for key in sorted(given):
            path, value = f"{base}{key}", given[key]
            if value is None or value == [] or value == {}:
                continue
            named = names.get(key, {"left_out": "no counterpart is known"})
            rule: Mapping[str, Any] = {"to": named} if isinstance(named, str) else named
            if "left_out" in rule:
                self._leave(of, path, rule["left_out"])
                continue
            each = rule.get("each")
            nested = self._nested(of, path, value, each) if each else self._value(of, path, value, rule)
            if rule["to"] == "":
                into.update(nested)
            elif nested is not None:
                _put(into, rule["to"], nested)

    def _leave(self, of: Resource, path: str, reason: str) -> None:
        row = LeftOut(of.type, of.name, path, reason)
        if row not in self.left_out:
            self.left_out.append(row)

    def _nested(self, of: Resource, path: str, value: Any, names: Mapping[str, Any]) -> Any:
        if isinstance(value, list):
            return [self._nested(of, f"{path}[{index}]", item, names) for index, item in enumerate(value)]
        if not isinstance(value, Mapping):
            return self.values.plain(of, path, value)
        found: dict[str, Any] = {}
        self._map(of, f"{path}.", value, names, found)
        return found

    def _value(self, of: Resource, path: str, value: Any, rule: Mapping[str, Any]) -> Any:
        """Return a value in the form that `as` of its rule names; the head of plumbline/data/sam.yaml lists them."""
        plain, how = self.values.plain, rule.get("as", "")
        if how == "json" and isinstance(value, str):
            return plain(of, path, json.loads(value))
        if how == "text" and isinstance(value, int | float):
            return str(value)
        if how == "first" and isinstance(value, list):
            return self._nested(of, f"{path}[0]", value[0], rule["of"])
        if how == "list" and "of" in rule:
            return [self._nested(of, path, value, rule["of"])]
        if how in ("tags", "dimensions") and isinstance(value, Mapping):
            name = "Key" if how == "tags" else "Name"
            return [{name: key, "Value": plain(of, path, value[key])} for key in sorted(value)]
        if how in ("hash_key", "range_key"):
            return [{"AttributeName": value, "KeyType": "HASH" if how == "hash_key" else "RANGE"}]
        if how == "list":
            return [plain(of, path, value)]
        if how == "qualified":
            return self._qualified(of, path, value)
        if how == "dead_letter":
            target = value["targetArn"]
            owner = self._places.symbols.single(target)
            to_topic = owner[0].split("::")[2].endswith("aws:sns/topic:Topic") if owner else ":sns:" in str(target)
            return {"Type": "SNS" if to_topic else "SQS", "TargetArn": plain(of, path, target)}
        if how == "method_path":
            *resource, verb = str(value).split("/")
            return {"ResourcePath": "/" + "/".join(resource).strip("/").replace("~1", "/"), "HttpMethod": verb}
        if how == "code":
            return self._code(of, path, value)
        return plain(of, path, value)

    def _qualified(self, of: Resource, path: str, function: Any) -> Any:
        """Return the alias that a permission is for, or the function where it is for all of it."""
        given = of.inputs.get("qualifier")
        if given is None:
            return self.values.plain(of, path, function)
        alias = self._places.symbols.single(given)
        if alias and alias[0] in self._places.aliases:
            name = self._places.stands[alias[0]]
            self.values.named.add(name)
            return {"Ref": name}
        return self.values.plain(of, path, f"{self._places.resolved(function)}:{given}")

    def _code(self, of: Resource, path: str, value: Any) -> Any:
        """Return the directory of an archive's files; where they are in none, an object that whoever deploys makes."""
        if not isinstance(value, Blob):
            self._leave(of, path, "it is no archive")
            return None
        directory = _directory(value)
        if directory is not None:
            return os.path.relpath(self._root / directory, self._directory).replace(os.sep, "/") + "/"
        text = "Bucket that holds the packaged code, one object <digest>.zip for each archive"
        return {"Bucket": self.values.parameter("CodeBucket", text), "Key": f"{value.digest}.zip"}


def _directory(archive: Blob) -> Path | None:
    """Return the directory that holds each file of an archive under its name there; None where there is none."""
    content = archive.content or {}
    if "path" in content and Path(content["path"]).is_dir():
        return Path(content["path"])
    found: set[Path] = set()
    for name, asset in content.get("assets", {}).items():
        file = Path((asset.content or {}).get("path") or "")
        parts = Path(name).parts
        if not file.name or file.parts[-len(parts) :] != parts:
            return None
        found.add(Path(*file.parts[: -len(parts)]))
    return found.pop() if len(found) == 1 else None


def _put(into: dict[str, Any], to: str, value: Any) -> None:
    *steps, last = to.split(".")
    for step in steps:
        into = into.setdefault(step, {})
    if last == "KeySchema" and last in into:
        value = sorted([*into[last], *value], key=lambda row: row["KeyType"])  # HASH comes first, as AWS wants it
    into[last] = value
