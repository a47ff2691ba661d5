"""Writes property values as CloudFormation does: references for marks, pseudo parameters, parameters for the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plumbline.export.mapping import Places, kinds, logical
from plumbline.graph import UNKNOWN, Resource, Secret

_INVOKE = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${this}/invocations"
# What ends up in one text: plain parts, what !Sub says for the others.
_Part = tuple[str, bool]


class Values:
    """The values of one template. `parameters` are those that they ask for.

    `named` collects the logical ids that values refer to: a resource need not name them in DependsOn as well.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self.parameters: dict[str, dict[str, Any]] = {}
        self.named: set[str] = set()
        self._pseudo = _pseudo(places)

    def parameter(self, name: str, description: str, **more: Any) -> dict[str, Any]:
        """Return a reference to a parameter, which the template has from now on."""
        self.parameters[name] = {"Type": "String", "Description": description, **more}
        return {"Ref": name}

    def plain(self, of: Resource, path: str, value: Any) -> Any:
        """Return a value as the template has it. What is secret or unknown, whoever deploys must give."""
        if isinstance(value, Secret):
            return self.parameter(logical(f"{of.name}-{path}"), f"{path} of {of.name}", NoEcho=True)
        if value is UNKNOWN:
            return self.parameter(logical(f"{of.name}-{path}"), f"{path} of {of.name}")
        if isinstance(value, Mapping):
            return {key: self.plain(of, f"{path}.{key}", item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(of, f"{path}[{index}]", item) for index, item in enumerate(value)]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, value: str) -> Any:
        single = self._places.symbols.single(value)
        if single:
            return self._reference(*single)
        parts: list[_Part] = []
        for piece in self._places.symbols.pieces(value):
            if isinstance(piece, str):
                parts += self._literal(piece)
                continue
            found = self._reference(*piece)
            parts.append((_substituted(found), True) if isinstance(found, Mapping) else (str(found), False))
        if len(parts) == 1 and parts[0][1]:
            return {"Ref": parts[0][0][2:-1]}
        if not any(reference for _, reference in parts):
            return "".join(text for text, _ in parts)
        return {"Fn::Sub": "".join(text if reference else text.replace("${", "${!") for text, reference in parts)}

    def _literal(self, text: str) -> list[_Part]:
        """Split a text at what names the account, the region, the partition and hosted zones."""
        parts: list[_Part] = []
        position = 0
        for match in self._pseudo.finditer(text):
            parts.append((text[position : match.start()], False))
            if match["zone"]:
                domain = self._places.symbols.zones[match["zone"]]
                name = logical(f"hosted-zone-{domain}")
                self.parameter(name, f"Id of the public hosted zone {domain}", Type="AWS::Route53::HostedZone::Id")
                parts.append((f"${{{name}}}", True))
            else:
                parts.append((f"${{AWS::{match.lastgroup}}}", True))
            position = match.end()
        parts.append((text[position:], False))
        return [part for part in parts if part[0]]

    def _reference(self, urn: str, output: str) -> Any:
        """Return a reference to an output, or the text that the program itself gave for it."""
        places = self._places
        resource = places.graph.resources[urn]
        if urn in places.aliases:
            # The id that SAM gives the alias: cfn-lint does not know SAM's own ${Function.Alias} inside an !Sub.
            name = places.stands[urn]
            if output in ("id", "arn", "invokeArn"):
                self.named.add(name)
                return {"Fn::Sub": _INVOKE.replace("this", name)} if output == "invokeArn" else {"Ref": name}
        attribute = kinds().get(resource.type, {}).get("outputs", {}).get(output)
        if urn in places.ids and attribute:
            name = places.ids[urn]
            self.named.add(name)
            if "${this" in attribute:
                return {"Fn::Sub": attribute.replace("${this", "${" + name)}
            return {"Ref": name} if attribute == "Ref" else {"Fn::GetAtt": [name, attribute]}
        given = resource.get(output)
        if given is not None:
            return self.plain(resource, output, given)
        # What the template does not make, or cannot ask for, whoever deploys it must give.
        name = logical(f"{resource.name}-{resource.type.rpartition(':')[2]}-{output}")
        return self.parameter(name, f"{output} of {resource.type} {resource.name}")


def _substituted(reference: Mapping[str, Any]) -> str:
    """Return what stands for a reference inside an !Sub."""
    (how, name), *_ = reference.items()
    return name if how == "Fn::Sub" else "${" + (name if how == "Ref" else ".".join(name)) + "}"


def _pseudo(places: Places) -> re.Pattern[str]:
    """Return the pattern of what differs between accounts and regions, none of which may go on as a word."""
    zones = "|".join(sorted(map(re.escape, places.symbols.zones))) or "(?!)"
    account, region = re.escape(places.account) or "(?!)", re.escape(places.region) or "(?!)"
    words = f"(?P<AccountId>{account})|(?P<Region>{region})|(?P<zone>{zones})|(?<=arn:)(?P<Partition>aws)(?=:)"
    return re.compile(f"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])")
