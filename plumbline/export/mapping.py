"""How Pulumi's types and properties are called in CloudFormation: plumbline/data/sam.yaml, and who stands where."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.export.symbols import Symbols
from plumbline.graph import Resource, StackGraph

_DATA = Path(__file__).parents[1] / "data" / "sam.yaml"
_ALIAS, _RECORD, _CERTIFICATE = "aws:lambda/alias:Alias", "aws:route53/record:Record", "aws:acm/certificate:Certificate"
_UNKNOWN_TYPE = "no counterpart of this type is known"


@functools.cache
def kinds() -> Mapping[str, Any]:
    """Return what is known of each Pulumi type; the head of the data file says how to read it."""
    return yaml12.load(_DATA)["types"]


def logical(name: str) -> str:
    """Return a name as CloudFormation allows it: letters and digits, each word with a capital."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


class Places:
    """Says of every resource of a graph where in the template it is, or why it is nowhere.

    `ids` are the logical ids of those that the template has under their own name. `parts` are by whole those that
    CloudFormation writes into another. `aliases` are what SAM publishes: (logical id of the function, name) by URN.
    `stands` is the logical id that others wait for, by the URN of any of these. `left_out` are reasons by URN; those
    that are no resources of AWS, components, are in none of them.
    """

    def __init__(self, graph: StackGraph, symbols: Symbols) -> None:
        self.graph = graph
        self.symbols = symbols
        self.account, self.region = _home(graph)
        self.left_out: dict[str, str] = {}
        here = [resource for resource in graph if resource.custom and not self._absent(resource)]
        self.exported = [one for one in here if "type" in kinds()[one.type] and not self._validates(one)]
        self.ids: dict[str, str] = {}
        for resource in sorted(self.exported, key=lambda one: one.urn):
            self.ids[resource.urn] = self._id(resource)
        self.aliases = self._published()
        self.parts: dict[str, list[Resource]] = {}
        for part in here:
            if part.urn not in self.ids and part.urn not in self.aliases and part.urn not in self.left_out:
                self._fold(part)
        self.stands = dict(self.ids)
        self.stands |= {urn: f"{function}Alias{name}" for urn, (function, name) in self.aliases.items()}
        for whole, parts in self.parts.items():
            self.stands |= {part.urn: self.ids[whole] for part in parts}

    def _absent(self, resource: Resource) -> bool:
        kind = kinds().get(resource.type, {"left_out": _UNKNOWN_TYPE})
        only = kind.get("only")
        provider = self.graph.resources.get(resource.options.provider.rpartition("::")[0])
        region = resource.get("region") or (provider.get("region") if provider else None) or self.region
        if "left_out" in kind:
            self.left_out[resource.urn] = kind["left_out"]
        elif only and resource.get(only["property"]) not in only["values"]:
            self.left_out[resource.urn] = only["reason"]
        elif region != self.region:
            self.left_out[resource.urn] = f"it is in {region}; a CloudFormation stack has one region"
        return resource.urn in self.left_out

    def _id(self, resource: Resource) -> str:
        name = logical(resource.name)
        if name in self.ids.values():
            name += logical(resource.type.rpartition(":")[2])
        while name in self.ids.values():
            name += "X"
        return name

    def _published(self) -> dict[str, tuple[str, str]]:
        """Return the aliases that SAM's AutoPublishAlias makes: (logical id of the function, name) by URN.

        It publishes a version with each change of the code and moves one alias to it, which is what an alias of the
        function's `version` does. A function with several aliases has no such form.
        """
        found: dict[str, list[Resource]] = {}
        for alias in self.graph.of_type(_ALIAS):
            of = self.symbols.single(alias.inputs.get("functionVersion"))
            if of and of[1] == "version" and of[0] in self.ids:
                found.setdefault(of[0], []).append(alias)
        single = {aliases[0].urn: urn for urn, aliases in found.items() if len(aliases) == 1}
        for alias in self.graph.of_type(_ALIAS):
            if alias.urn not in single:
                self.left_out.setdefault(alias.urn, "SAM publishes to one alias of a function")
        return {
            alias: (self.ids[urn], str(self.graph.resources[alias].inputs["name"])) for alias, urn in single.items()
        }

    def _validates(self, resource: Resource) -> bool:
        """Say whether a record proves to ACM whose the domain is: its name is for ACM alone to know."""
        return resource.type == _RECORD and self.certificate(resource) is not None

    def certificate(self, record: Resource) -> Resource | None:
        """Return the certificate that a record validates."""
        owners = [self.graph.resources[urn] for urn in record.sources("name") if urn in self.graph.resources]
        return next((one for one in owners if one.type == _CERTIFICATE), None)

    def _fold(self, part: Resource) -> None:
        whole = self.certificate(part) if part.type == _RECORD else self._whole(part)
        if whole is None or whole.urn not in self.ids:
            self.left_out[part.urn] = "what it belongs to is not in the template"
        else:
            self.parts.setdefault(whole.urn, []).append(part)

    def _whole(self, part: Resource) -> Resource | None:
        into = kinds()[part.type]["into"]
        if "by" in into:
            named = self.symbols.single(part.inputs.get(into["by"]))
            return self.graph.resources[named[0]] if named else None
        same = [self.resolved(part.inputs.get(name)) for name in into["match"]]
        wholes = self.graph.of_type(into["type"])
        return next((one for one in wholes if [self.resolved(one.inputs.get(n)) for n in into["match"]] == same), None)

    def resolved(self, value: Any) -> Any:
        """Return what a mark stands for as far as the program itself said so."""
        while of := self.symbols.single(value):
            given = self.graph.resources[of[0]].inputs.get(of[1])
            if given is None:
                break
            value = given
        return value


def _home(graph: StackGraph) -> tuple[str, str]:
    """Return the account and the region that most resources are made in, "" where no provider says so."""
    used = Counter(resource.options.provider.rpartition("::")[0] for resource in graph if resource.custom)
    for urn, _ in used.most_common():
        provider = graph.resources.get(urn)
        if provider is not None and isinstance(region := provider.get("region"), str):
            # Provider inputs travel as JSON text, whatever their type.
            given = provider.get("allowedAccountIds")
            accounts = json.loads(given) if isinstance(given, str) else []
            return (str(accounts[0]) if len(accounts) == 1 else ""), region
    return "", ""
