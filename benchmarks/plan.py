"""Writes a stack's resources as the JSON of a Terraform plan, for tools that read no Pulumi programs.

The names follow from the SDK: Pulumi derives its own from Terraform's, and this goes the same way back. A few types
that Pulumi called differently are listed. What only AWS can decide is `after_unknown`, and references are in the plan's
configuration, so that such a tool knows as much as `pulumi preview` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plumbline import sdk
from plumbline.graph import UNKNOWN, Blob, Resource, Secret, StackGraph

# How Terraform begins the names of a module's types, where that is not the module's own name.
_MODULES = {"apigateway": "api_gateway_", "costexplorer": "ce_", "ec2": "", "lb": "lb_"}
_TYPES = {
    "aws:apigateway/response:Response": "aws_api_gateway_gateway_response",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec": "aws_route53_hosted_zone_dnssec",
}
_PROPERTIES = {"restApi": "rest_api_id"}
_HIDDEN = "(sensitive value)"


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def type_name(token: str) -> str:
    """Return Terraform's name of a type: `aws:s3/bucketPolicy:BucketPolicy` is `aws_s3_bucket_policy`."""
    module, _, name = token.removeprefix("aws:").partition("/")
    return _TYPES.get(token) or f"aws_{_MODULES.get(module, f'{module}_')}{snake_case(name.partition(':')[0])}"


def plan(graph: StackGraph) -> dict[str, Any]:
    """Return the plan that makes a stack's AWS resources from nothing."""
    chosen = [item for item in graph if item.custom and item.type.startswith("aws:")]
    addresses: dict[str, str] = {}
    taken: set[str] = set()
    for item in chosen:
        address = f"{type_name(item.type)}.{re.sub(r'[^A-Za-z0-9_-]', '-', item.name)}"
        while address in taken:
            address += "_"
        taken.add(address)
        addresses[item.urn] = address
    rows = [_row(item, addresses) for item in chosen]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": [{**head, "values": known} for head, known, _, _ in rows]}},
        "resource_changes": [
            {**head, "change": {"actions": ["create"], "before": None, "after": known, "after_unknown": unknown}}
            for head, known, unknown, _ in rows
        ],
        "configuration": {
            "root_module": {"resources": [{**head, "expressions": expressions} for head, _, _, expressions in rows]}
        },
    }


def _row(item: Resource, addresses: Mapping[str, str]) -> tuple[dict[str, Any], Any, Any, dict[str, Any]]:
    address = addresses[item.urn]
    type_, _, name = address.partition(".")
    head = {
        "address": address,
        "mode": "managed",
        "type": type_,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
    }
    inputs = sdk.inputs_of(item.type)
    nodes = inputs.properties if inputs else {}
    known, unknown = _object(item.inputs, nodes)
    expressions = {
        _property(key, nodes.get(key)): {
            "references": [part for urn in urns if (at := addresses.get(urn)) for part in (f"{at}.id", at)]
        }
        for key, urns in item.property_dependencies.items()
    }
    return head, known, unknown, expressions


def _object(value: Mapping[str, Any], nodes: Mapping[str, sdk.Node]) -> tuple[dict[str, Any], dict[str, Any]]:
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for key, item in value.items():
        name, node = _property(key, nodes.get(key)), nodes.get(key)
        if item is UNKNOWN:
            unknown[name] = True
            continue
        known[name], open_ = _value(item, node)
        if open_:
            unknown[name] = open_
    return known, unknown


def _value(value: Any, node: sdk.Node | None) -> tuple[Any, Any]:
    """Return a value, null where it is not known, and the same tree with true in these places."""
    if value is UNKNOWN:
        return None, True
    if isinstance(value, Secret):
        return _HIDDEN, None
    if isinstance(value, Blob):
        return f"{value.digest}.zip", None
    if isinstance(value, Mapping):
        if isinstance(node, sdk.Nested):
            known, unknown = _object(value, node.properties)
            return [known], [unknown] if unknown else None  # a block is a list of one
        pairs = {key: _value(item, node.value if isinstance(node, sdk.MapOf) else None) for key, item in value.items()}
        waiting = {key: open_ for key, (_, open_) in pairs.items() if open_}
        return {key: known for key, (known, _) in pairs.items()}, waiting or None
    if isinstance(value, list):
        item_node = node.item if isinstance(node, sdk.ListOf) else None
        if isinstance(item_node, sdk.Nested):
            objects = [_object(item, item_node.properties) if isinstance(item, Mapping) else ({}, {}) for item in value]
            unknown = [open_ for _, open_ in objects]
            return [known for known, _ in objects], unknown if any(unknown) else None
        items = [_value(item, item_node) for item in value]
        return [known for known, _ in items], [bool(open_) for _, open_ in items] if any(o for _, o in items) else None
    return value, None


def _property(name: str, node: sdk.Node | None) -> str:
    """Return Terraform's name of a property: it names blocks in the singular where Pulumi says `rules`."""
    snake = _PROPERTIES.get(name) or snake_case(name)
    if not (isinstance(node, sdk.ListOf) and isinstance(node.item, sdk.Nested)):
        return snake
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ss", "ss"), ("s", "")):
        if snake.endswith(plural):
            return snake.removesuffix(plural) + singular
    return snake
