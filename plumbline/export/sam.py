"""Turns a graph with marks into a SAM template: tables, functions, queues, their roles, and the REST API."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from plumbline import yaml12
from plumbline.export.symbols import MARK, Symbols
from plumbline.graph import UNKNOWN, Blob, Resource, Secret, StackGraph

DATA = Path(__file__).parents[1] / "data" / "sam.yaml"
_ALIAS = "aws:lambda/alias:Alias"
_INVOKE = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${this}/invocations"
_HEAD = {"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31"}


@dataclass(frozen=True)
class Template:
    """A template, and what of the stack's properties it leaves out: (resource, property, reason)."""

    body: Mapping[str, Any]
    left_out: tuple[tuple[str, str, str], ...]

    def text(self) -> str:
        """Return the template as YAML, the same for the same stack."""
        body = yaml.dump(self.body, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
        if not self.left_out:
            return body
        rows = [f"# - {name} {path}: {reason}\n" for name, path, reason in self.left_out]
        return body + "# Not in this template, for want of a counterpart:\n" + "".join(rows)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # CloudFormation reads no anchors

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


@functools.cache
def _types() -> Mapping[str, Any]:
    return yaml12.load(DATA)["types"]


def template(graph: StackGraph, symbols: Symbols) -> Template:
    """Return the template of a stack that was evaluated with marks."""
    writer = _Writer(graph, symbols)
    resources = {writer.ids[resource.urn]: writer.resource(resource) for resource in writer.exported}
    writer.fold(resources)
    parameters = {name: writer.parameters[name] for name in sorted(writer.parameters)}
    body = {
        **_HEAD,
        "Description": f"{graph.stack}, generated from the program: do not edit",
        **({"Parameters": parameters} if parameters else {}),
        "Resources": {name: resources[name] for name in sorted(resources)},
    }
    return Template(body, tuple(sorted(writer.left_out)))


@dataclass
class _Writer:
    graph: StackGraph
    symbols: Symbols
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    # Logical ids that the resource being written refers to: it need not name them in DependsOn as well.
    named: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        known = [resource for resource in self.graph if resource.type in _types()]
        self.exported = [resource for resource in known if "type" in _types()[resource.type]]
        self.parts = [resource for resource in known if "into" in _types()[resource.type]]
        self.ids: dict[str, str] = {}
        for resource in sorted(self.exported, key=lambda one: one.urn):
            self.ids[resource.urn] = self._logical_id(resource)
        self.aliases = self._published()
        # What a part or an alias is written into stands for it where others wait for it.
        self.stands = dict(self.ids)
        self.stands |= {urn: f"{function}Alias{name}" for urn, (function, name) in self.aliases.items()}
        self.stands |= {part.urn: self.ids[whole.urn] for part in self.parts if (whole := self._whole(part))}

    def _published(self) -> dict[str, tuple[str, str]]:
        """Return the aliases that SAM's AutoPublishAlias makes: (logical id of the function, name) by URN.

        It publishes a version with each change of the code and moves one alias to it, which is what an alias of the
        function's `version` does. A function with several aliases has no such form.
        """
        found: dict[str, list[Resource]] = {}
        for alias in self.graph.of_type(_ALIAS):
            pieces = list(self.symbols.pieces(str(alias.inputs.get("functionVersion"))))
            if len(pieces) == 1 and isinstance(pieces[0], tuple) and pieces[0][1] == "version":
                found.setdefault(pieces[0][0], []).append(alias)
        single = {urn: aliases[0] for urn, aliases in found.items() if len(aliases) == 1 and urn in self.ids}
        for alias in self.graph.of_type(_ALIAS):
            if alias not in single.values():
                self.left_out.append((alias.name, "functionVersion", "SAM publishes to one alias of a function"))
        return {alias.urn: (self.ids[urn], str(alias.inputs["name"])) for urn, alias in single.items()}

    def _whole(self, part: Resource) -> Resource | None:
        into = _types()[part.type]["into"]
        same = [part.inputs.get(name) for name in into["match"]]
        wholes = self.graph.of_type(into["type"])
        return next((one for one in wholes if [one.inputs.get(name) for name in into["match"]] == same), None)

    def fold(self, resources: dict[str, dict[str, Any]]) -> None:
        """Write the resources that CloudFormation has inside others, and the aliases that SAM publishes."""
        for part in self.parts:
            kind = _types()[part.type]
            into, whole = kind["into"], self._whole(part)
            if whole is None:
                self.left_out.append((part.name, "", "what it belongs to is not in the stack"))
                continue
            mapped: dict[str, Any] = {}
            given = {name: value for name, value in part.inputs.items() if name not in into["match"]}
            self._map(part, "", given, kind["properties"], mapped)
            target = resources[self.ids[whole.urn]]["Properties"]
            *steps, last = into["at"].split(".")
            for step in steps:
                target = target.setdefault(step, {})
            if into.get("many"):
                target.setdefault(last, []).append(mapped)
            else:
                target[last] = {**target.get(last, {}), **mapped}
        for function, name in self.aliases.values():
            resources[function]["Properties"]["AutoPublishAlias"] = name
            self.left_out = [row for row in self.left_out if row[1] != "publish" or _camel(row[0]) != function]

    def _logical_id(self, resource: Resource) -> str:
        name = _camel(resource.name)
        if name in self.ids.values():
            name += _camel(resource.type.rpartition(":")[2])
        while name in self.ids.values():
            name += "X"
        return name

    def resource(self, resource: Resource) -> dict[str, Any]:
        kind = _types()[resource.type]
        properties: dict[str, Any] = {}
        self.named = {self.ids[resource.urn]}
        given = {name: value for name, value in resource.inputs.items() if name not in kind.get("skip", ())}
        self._map(resource, "", given, kind["properties"], properties)
        row: dict[str, Any] = {"Type": kind["type"]}
        if resource.options.protect or resource.options.retain_on_delete:
            row |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        waits = {self.stands[urn] for urn in resource.dependencies if urn in self.stands} - self.named
        if waits:
            row["DependsOn"] = sorted(waits)
        return row | {"Properties": {name: properties[name] for name in sorted(properties)}}

    def _map(
        self, of: Resource, base: str, given: Mapping[str, Any], names: Mapping[str, Any], into: dict[str, Any]
    ) -> None:
        for key in sorted(given):
            rule, path = names.get(key), f"{base}{key}"
            value = given[key]
            if value is None:
                continue
            if rule is None:
                self.left_out.append((of.name, path, "no counterpart is known"))
                continue
            to = rule if isinstance(rule, str) else rule["to"]
            if isinstance(rule, dict) and "each" in rule:
                nested = self._nested(of, path, value, rule["each"])
                if to == "":
                    into.update(nested)
                    continue
            else:
                nested = self._value(of, path, value, rule.get("as", "") if isinstance(rule, dict) else "")
            if nested is not None:
                _put(into, to, nested)

    def _nested(self, of: Resource, path: str, value: Any, names: Mapping[str, Any]) -> Any:
        if isinstance(value, list):
            return [self._nested(of, f"{path}[{index}]", item, names) for index, item in enumerate(value)]
        if not isinstance(value, Mapping):
            return self._value(of, path, value, "")
        found: dict[str, Any] = {}
        self._map(of, f"{path}.", value, names, found)
        return found

    def _value(self, of: Resource, path: str, value: Any, how: str) -> Any:
        if how == "json" and isinstance(value, str):
            return self._plain(of, path, json.loads(value))
        if how == "tags":
            return [{"Key": key, "Value": self._plain(of, path, value[key])} for key in sorted(value)]
        if how in ("hash_key", "range_key"):
            return [{"AttributeName": value, "KeyType": "HASH" if how == "hash_key" else "RANGE"}]
        if how == "list":
            return [self._plain(of, path, value)]
        if how == "qualified":
            return self._plain(of, path, f"{value}:{of.inputs['qualifier']}" if of.inputs.get("qualifier") else value)
        if how == "dead_letter":
            target = self._plain(of, path, value["targetArn"])
            return {"Type": "SNS" if ":sns:" in str(value["targetArn"]) else "SQS", "TargetArn": target}
        if how == "code":
            return self._code(of, value)
        return self._plain(of, path, value)

    def _code(self, of: Resource, value: Any) -> Any:
        if not isinstance(value, Blob):
            self.left_out.append((of.name, "code", "it is no archive"))
            return None
        text = "Bucket that holds the packaged code, one object <digest>.zip for each archive"
        self.parameters["CodeBucket"] = {"Type": "String", "Description": text}
        return {"Bucket": {"Ref": "CodeBucket"}, "Key": f"{value.digest}.zip"}

    def _plain(self, of: Resource, path: str, value: Any) -> Any:
        if isinstance(value, Secret) or value is UNKNOWN:
            name = _camel(f"{of.name}-{path}")
            hidden = {"NoEcho": True} if isinstance(value, Secret) else {}
            self.parameters[name] = {"Type": "String", "Description": f"{path} of {of.name}", **hidden}
            return {"Ref": name}
        if isinstance(value, Mapping):
            return {key: self._plain(of, f"{path}.{key}", item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(of, f"{path}[{index}]", item) for index, item in enumerate(value)]
        if isinstance(value, str) and MARK.search(value):
            return self._text(value)
        return value

    def _text(self, value: str) -> Any:
        pieces = list(self.symbols.pieces(value))
        if len(pieces) == 1 and isinstance(pieces[0], tuple):
            return self._reference(*pieces[0])
        parts: list[str] = []
        for piece in pieces:
            if isinstance(piece, str):
                parts.append(piece.replace("${", "${!"))
                continue
            (how, name), *_ = self._reference(*piece).items()
            parts.append(name if how == "Fn::Sub" else "${" + (name if how == "Ref" else ".".join(name)) + "}")
        return {"Fn::Sub": "".join(parts)}

    def _reference(self, urn: str, output: str) -> dict[str, Any]:
        resource = self.graph.resources[urn]
        attribute = _types().get(resource.type, {}).get("outputs", {}).get(output)
        if urn in self.aliases:
            # The id that SAM gives the alias: cfn-lint does not know SAM's own ${Function.Alias} inside an !Sub.
            name = self.stands[urn]
            self.named.add(name)
            if output in ("id", "arn"):
                return {"Ref": name}
            if output == "invokeArn":
                return {"Fn::Sub": _INVOKE.replace("this", name)}
        if urn in self.ids and attribute:
            self.named.add(self.ids[urn])
        if urn in self.ids and attribute and "${this" in attribute:
            return {"Fn::Sub": attribute.replace("${this", "${" + self.ids[urn])}
        if urn in self.ids and attribute == "Ref":
            return {"Ref": self.ids[urn]}
        if urn in self.ids and attribute:
            return {"Fn::GetAtt": [self.ids[urn], attribute]}
        # What the template does not make, or cannot ask for, whoever deploys it must give.
        name = _camel(f"{resource.name}-{resource.type.rpartition(':')[2]}-{output}")
        self.parameters[name] = {"Type": "String", "Description": f"{output} of {resource.type} {resource.name}"}
        return {"Ref": name}


def _put(into: dict[str, Any], to: str, value: Any) -> None:
    *steps, last = to.split(".")
    for step in steps:
        into = into.setdefault(step, {})
    if last == "KeySchema" and last in into:
        value = sorted([*into[last], *value], key=lambda row: row["KeyType"])  # HASH comes first, as AWS wants it
    into[last] = value


def _camel(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))
