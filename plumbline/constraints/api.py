"""API Gateway REST: the tree of resources, methods, integrations and responses.

What clients send is in api_requests.py, what is deployed in api_stages.py; enumerations are in the service model
(data/aws_shapes.yaml). Sources are the API's reference and "Amazon API Gateway quotas".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from plumbline.constraints.callers import Arn, account_of, like, permissions
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.invocation import ALIAS
from plumbline.constraints.networks import earlier, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph

REST_API = "aws:apigateway/restApi:RestApi"
RESOURCE = "aws:apigateway/resource:Resource"
METHOD = "aws:apigateway/method:Method"
INTEGRATION = "aws:apigateway/integration:Integration"
METHOD_RESPONSE = "aws:apigateway/methodResponse:MethodResponse"
INTEGRATION_RESPONSE = "aws:apigateway/integrationResponse:IntegrationResponse"
SERVICE = "apigateway.amazonaws.com"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
_MOST_RESOURCES = 300
_PATH_PART = re.compile(r"[A-Za-z0-9._\-:]+|\{[A-Za-z0-9._\-:]+\+?\}")
_TIMEOUT = (50, 29_000)
_SIZES = (0, 10_485_760)
_LAMBDA_URI = re.compile(
    r"arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/arn:[a-z-]+:lambda:[^/]+/invocations"
)
Place = tuple[str, str]


def place(item: Resource, graph: StackGraph) -> Place | None:
    """Return where a method, an integration or a response is: the URN of its resource or API, and its verb."""
    owner, verb = resource_of(item, graph), item.get("httpMethod")
    return (owner.urn, verb) if owner is not None and isinstance(verb, str) else None


def resource_of(item: Resource, graph: StackGraph) -> Resource | None:
    """Return the resource that something is on, or the API where it is on the root."""
    return _origin(item, "resourceId", (RESOURCE, REST_API), graph)


def api_of(item: Resource, graph: StackGraph) -> Resource | None:
    """Return the API of the stack that something is part of."""
    return _origin(item, "restApiId" if item.get("restApiId") is not None else "restApi", (REST_API,), graph)


def _origin(item: Resource, property_: str, types: tuple[str, ...], graph: StackGraph) -> Resource | None:
    """Return what a property comes from, also where it is taken from a method or an integration that has it."""
    found = behind(item, property_, graph, *types)
    between = behind(item, property_, graph, METHOD, INTEGRATION, METHOD_RESPONSE) if found is None else None
    return _origin(between, property_, types, graph) if between is not None else found


def at(type_: str, item: Resource, graph: StackGraph) -> list[Resource] | None:
    """Return what there is of a type where an item is, None where that is not known of it or of one of them."""
    api, own, placed = api_of(item, graph), place(item, graph), _placed(type_, graph)
    near = [placed[key] for key in dict.fromkeys((api.urn if api is not None else None, None)) if key in placed]
    if own is None or any(None in places for places in near):
        return None
    return [other for places in near for other in places.get(own, ())]


def _placed(type_: str, graph: StackGraph) -> Mapping[str | None, Mapping[Place | None, list[Resource]]]:
    """Return what there is of a type by its API's URN and its place, None for what is not known of them."""
    key = ("api places", type_)
    if key not in graph.derived:
        placed: dict[str | None, dict[Place | None, list[Resource]]] = {}
        for item in graph.of_type(type_):
            api = api_of(item, graph)
            places = placed.setdefault(api.urn if api is not None else None, {})
            places.setdefault(place(item, graph), []).append(item)
        graph.derived[key] = placed
    return graph.derived[key]


def path_of(resource: Resource, graph: StackGraph) -> str | None:
    """Return the path of a resource or an API, as `/orders/{id}`, None where a part of it is not known."""
    if resource.type == REST_API:
        return "/"
    part, parent = resource.get("pathPart"), behind(resource, "parentId", graph, RESOURCE, REST_API)
    before = path_of(parent, graph) if parent is not None else None
    return f"{before.rstrip('/')}/{part}" if before is not None and isinstance(part, str) else None


def method_path(item: Resource, graph: StackGraph) -> str | None:
    """Return the path of the resource that a method or an integration is on."""
    owner = resource_of(item, graph)
    return path_of(owner, graph) if owner is not None else None


@for_types(REST_API)
def rest_api(api: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Only a private API has endpoints of its own; compression is a size; an API has at most 300 resources."""
    type_, endpoints = (api.get(f"endpointConfiguration.{part}") for part in ("types", "vpcEndpointIds"))
    if endpoints is not None and isinstance(type_, str) and type_ != "PRIVATE":
        yield "endpointConfiguration.vpcEndpointIds", "given, but only a PRIVATE API takes them"
    size = api.get("minimumCompressionSize")
    low, high = _SIZES
    if isinstance(size, str) and not (re.fullmatch(r"-1|\d+", size) and int(size) <= high):
        yield "minimumCompressionSize", f"{size!r} given; allowed: {low} to {high}, or -1 for none"
    count = 1 + sum(api_of(item, graph) is api for item in graph.of_type(RESOURCE))  # the root is one too
    if count > _MOST_RESOURCES:
        yield "", f"{count} resources; allowed: at most {_MOST_RESOURCES}"


@for_types(RESOURCE)
def path_part(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A part of a path is a word or one parameter; no two of a parent are alike, and none comes after {name+}."""
    part = resource.get("pathPart")
    if not isinstance(part, str):
        return
    if not _PATH_PART.fullmatch(part):
        yield "pathPart", f"{part!r} given; allowed: letters, digits and ._-:, or {{name}}, or {{name+}}"
    parent = behind(resource, "parentId", graph, RESOURCE, REST_API)
    if parent is None:
        return
    above = parent.get("pathPart")
    if isinstance(above, str) and above.endswith("+}"):
        yield "pathPart", f"{part!r} given under {above!r}, which takes the whole rest of a path"
    for other in earlier(resource, graph):
        other_part = other.get("pathPart")
        if behind(other, "parentId", graph, RESOURCE, REST_API) is not parent or not isinstance(other_part, str):
            continue
        if other_part == part:
            yield "pathPart", f"{part!r} is the part of {other.display} too"
        elif part.startswith("{") and other_part.startswith("{"):
            yield "pathPart", f"{part!r} given beside {other_part!r}; a parent has one parameter"


@for_types(METHOD)
def method(method: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A method has a verb of its own on its resource, and an integration: without one no deployment succeeds."""
    verb = method.get("httpMethod")
    if isinstance(verb, str) and verb not in VERBS:
        yield "httpMethod", f"{verb!r} given; allowed: {', '.join(VERBS)}"
    own = place(method, graph)
    for other in earlier(method, graph):
        if own is not None and place(other, graph) == own:
            yield "httpMethod", f"{verb!r} is the verb of {other.display} too"
    if at(INTEGRATION, method, graph) == []:
        yield "", "no integration; every method needs one before the API is deployed"


@for_types(INTEGRATION)
def integration(integration: Resource, graph: StackGraph) -> Iterator[Finding]:
    """An integration says what it calls and how; functions are called with POST through an invocation URI."""
    type_, uri, verb, timeout = (
        integration.get(name) for name in ("type", "uri", "integrationHttpMethod", "timeoutMilliseconds")
    )
    low, high = _TIMEOUT
    if isinstance(timeout, int) and not low <= timeout <= high:
        yield "timeoutMilliseconds", f"{timeout} given; allowed: {low} to {high}"
    for name, value in (("uri", uri), ("integrationHttpMethod", verb)):
        if isinstance(type_, str) and type_ != "MOCK" and value is None:
            yield name, f"missing; an integration of type {type_} needs it"
    if isinstance(verb, str) and verb not in VERBS:
        yield "integrationHttpMethod", f"{verb!r} given; allowed: {', '.join(VERBS)}"
    elif _calls_function(integration, graph):
        if isinstance(verb, str) and verb != "POST":
            yield "integrationHttpMethod", f"{verb!r} given; functions are called with POST"
        if isinstance(uri, str) and not _LAMBDA_URI.fullmatch(uri):
            yield "uri", f"{uri!r} given; the function's invokeArn is needed"
        if type_ in ("HTTP", "HTTP_PROXY"):
            yield "type", f"{type_!r} given; a function is called by AWS_PROXY or AWS"
    link = (integration.get("connectionType"), integration.get("connectionId"))
    if link[0] == "VPC_LINK" and link[1] is None:
        yield "connectionId", "missing; connectionType VPC_LINK needs it"


def _calls_function(integration: Resource, graph: StackGraph) -> bool:
    uri = integration.get("uri")
    named = isinstance(uri, str) and ":lambda:" in uri
    return named or behind(integration, "uri", graph, FUNCTION, ALIAS) is not None


@for_types(INTEGRATION)
def permission(integration: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The function that an integration calls has a permission for API Gateway that covers the method."""
    called = behind(integration, "uri", graph, FUNCTION, ALIAS)
    api, where = api_of(integration, graph), place(integration, graph)
    # With credentials API Gateway calls under a role, and needs none.
    if called is None or api is None or where is None or integration.get("credentials") is not None:
        return
    anybody = Arn(service="execute-api", rest=None, region=region_of(api, graph), account=account_of(api, graph))
    path, verb = method_path(integration, graph), where[1]
    given = permissions(called, SERVICE, api, anybody, graph)
    if not given:
        yield "uri", f"{called.display} has no permission that lets {SERVICE} call it for {api.display}"
    elif path is not None and not any(_covers(item.get("sourceArn"), verb, path) for item in given):
        yield "uri", f"no permission of {called.display} covers {verb} {path}"


def _covers(source: object, verb: str, path: str) -> bool:
    """Say whether the source ARN of a permission covers a method: `arn:...:API/STAGE/VERB/PATH` with wildcards."""
    if not isinstance(source, str):
        return True
    parts = source.split(":", 5)[-1].split("/", 2)
    if len(parts) < 3:
        return parts[-1].endswith("*")
    # API Gateway writes a star for a parameter, and each of the verbs that ANY means.
    called = re.sub(r"\{[^}]*\}", "*", path).lstrip("/")
    return all(like(parts[2], f"{one}/{called}") for one in (VERBS[:-1] if verb == "ANY" else (verb,)))


@for_types(INTEGRATION, METHOD_RESPONSE)
def after_method(item: Resource, graph: StackGraph) -> Iterator[Finding]:
    """What is put on a method comes after it."""
    found = at(METHOD, item, graph)
    if found == []:
        yield "httpMethod", f"no method {item.get('httpMethod')} on the resource"
    if found and not any(other.urn in graph.needs(item.urn) for other in found):
        yield "httpMethod", f"must depend on {found[0].display}"


@for_types(INTEGRATION_RESPONSE)
def after_integration(response: Resource, graph: StackGraph) -> Iterator[Finding]:
    """An integration response comes after the integration, and after the method response of its status code."""
    status = response.get("statusCode")
    for type_ in (INTEGRATION, METHOD_RESPONSE):
        found = at(type_, response, graph)
        if found is None:
            continue
        statuses = [item.get("statusCode") for item in found]
        if type_ == METHOD_RESPONSE and (UNKNOWN in statuses or status is UNKNOWN):
            continue
        wanted = [item for item in found if type_ == INTEGRATION or item.get("statusCode") == status]
        if not wanted:
            what = "integration" if type_ == INTEGRATION else f"method response {status}"
            yield "statusCode", f"no {what} for {response.get('httpMethod')} on the resource"
        for item in wanted:
            if item.urn not in graph.needs(response.urn):
                yield "statusCode", f"must depend on {item.display}"
