"""VPC endpoints: what each kind takes, names of services, private names and policies (AWS PrivateLink guide)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.networks import VPC, earlier, referred, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_GATEWAY_SERVICES = ("dynamodb", "s3", "s3express")
_INTERFACE_ONLY = ("subnetIds", "securityGroupIds", "subnetConfigurations")
_SERVICE = re.compile(r"(cn\.)?com\.amazonaws\.(?P<region>[a-z]{2}(-[a-z]+)+-\d)\.(?P<service>.+)\Z")
# Services of no region, those that others offer, and those of AWS's older form.
_OTHER_SERVICE = re.compile(
    r"com\.amazonaws\.(iam|organizations|route53|s3-global\.accesspoint|vpce\.[a-z0-9-]+\..+)\Z|aws\.[a-z0-9-]+\..+\Z"
)


@for_types(ENDPOINT)
def kind(endpoint: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A gateway endpoint has route tables and is for S3 or DynamoDB; an interface endpoint has subnets and groups."""
    type_ = endpoint.get("vpcEndpointType", "Gateway")  # the provider's default
    if type_ == "Gateway":
        match = _service(endpoint)
        if match is not None and match["service"] not in _GATEWAY_SERVICES:
            yield "vpcEndpointType", f"Gateway given for {match['service']}; allowed: {', '.join(_GATEWAY_SERVICES)}"
        for name in _INTERFACE_ONLY:
            if endpoint.get(name) not in (None, []):
                yield name, "given, but an endpoint of type Gateway takes none"
        if endpoint.get("privateDnsEnabled") is True:
            yield "privateDnsEnabled", "given, but an endpoint of type Gateway has no private names"
    if type_ == "Interface" and endpoint.get("routeTableIds") not in (None, []):
        yield "routeTableIds", "given, but an endpoint of type Interface takes none"


@for_types(ENDPOINT)
def service(endpoint: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The service is named com.amazonaws.REGION.SERVICE, with the endpoint's own region."""
    name, match = endpoint.get("serviceName"), _service(endpoint)
    if not isinstance(name, str):
        return
    region = endpoint.get("serviceRegion", region_of(endpoint, graph))
    if match is None and not _OTHER_SERVICE.match(name):
        yield "serviceName", f"{name!r} given; allowed: com.amazonaws.REGION.SERVICE"
    elif match is not None and isinstance(region, str) and match["region"] != region:
        yield "serviceName", f"{name!r} given; allowed: a service of region {region}"


@for_types(ENDPOINT)
def private_names(endpoint: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Private names need a VPC that resolves them, and belong to one endpoint of a service."""
    vpc = referred(endpoint, "vpcId", VPC, graph)
    if endpoint.get("privateDnsEnabled") is not True or endpoint.get("vpcEndpointType") != "Interface" or vpc is None:
        return
    for name, default in (("enableDnsHostnames", False), ("enableDnsSupport", True)):
        if vpc.get(name, default) is False:
            yield "privateDnsEnabled", f"given; VPC {vpc.name} needs {name}"
    service_name = endpoint.get("serviceName")
    for other in earlier(endpoint, graph):
        if (
            isinstance(service_name, str)
            and other.get("serviceName") == service_name
            and other.get("privateDnsEnabled") is True
            and referred(other, "vpcId", VPC, graph) is vpc
        ):
            yield "privateDnsEnabled", f"given; endpoint {other.name} has the private names of {service_name} already"


@for_types(ENDPOINT)
def policy(endpoint: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An endpoint's policy is one, and says who may do what on what."""
    text = endpoint.get("policy")
    if not isinstance(text, str):
        return
    try:
        document = json.loads(text)
    except ValueError as error:
        yield "policy", f"not JSON: {error}"
        return
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if not isinstance(statements, list | Mapping):
        yield "policy", "a policy document with a Statement is needed"
        return
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        for key, message in _statement(statement):
            yield f"policy.Statement[{index}]{key}", message


def _statement(statement: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(statement, Mapping):
        yield "", "an object is needed"
        return
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield ".Effect", f"{statement.get('Effect')!r} given; allowed: Allow, Deny"
    for key in ("Principal", "Action", "Resource"):
        if (key in statement) == (f"Not{key}" in statement):
            yield f".{key}", f"exactly one of {key} and Not{key} is needed"


def _service(endpoint: Resource) -> re.Match[str] | None:
    name = endpoint.get("serviceName")
    return _SERVICE.match(name) if isinstance(name, str) else None
