"""API Gateway REST: what clients send and get: parameters, models, authorizers, headers of responses.

Sources are "API Gateway mapping template and parameter mapping reference", "Models for REST APIs" and
"Control access to a REST API".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError

from plumbline.constraints.api import (
    INTEGRATION,
    INTEGRATION_RESPONSE,
    METHOD,
    METHOD_RESPONSE,
    REST_API,
    SERVICE,
    api_of,
    at,
    method_path,
)
from plumbline.constraints.callers import arn_of, permissions
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.invocation import ALIAS
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Path, Resource, StackGraph, path_text

MODEL = "aws:apigateway/model:Model"
AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"
GATEWAY_RESPONSE = "aws:apigateway/response:Response"
_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf"method\.request\.(?P<where>path|querystring|header)\.(?P<name>{_NAME})")
_MAPPED = re.compile(rf"method\.request\.(?P<where>path|(?:multivalue)?(?:querystring|header))\.(?P<name>{_NAME})")
_TARGET = re.compile(rf"integration\.request\.(path|querystring|header)\.{_NAME}")
_STATIC = re.compile(r"'[^']*'")
_OTHER_SOURCES = re.compile(
    r"(method\.request\.body(\..+)?|stageVariables\.\w+|context\.[\w.]+|integration\.request\..+)"
)
_RESPONSE_SOURCES = re.compile(
    rf"(integration\.response\.((multivalue)?header\.{_NAME}|body(\..+)?)|stageVariables\.\w+|context\.[\w.]+)"
)
_GATEWAY_SOURCES = re.compile(
    r"(method\.request\.(path|querystring|header|multivalue\w+)\..+|stageVariables\.\w+|context\.[\w.]+)"
)
_BUILT_IN_MODELS = ("Empty", "Error")
_DRAFT_4 = "http://json-schema.org/draft-04/schema"
_KEYWORDS = {*Draft4Validator.META_SCHEMA["properties"], "$ref"}
_REFERENCE = re.compile(r"#(/.*)?|https://apigateway\.amazonaws\.com/restapis/[^/]+/models/[A-Za-z0-9]+(#.*)?")
_LONGEST_TTL = 3_600
_NEEDS_AUTHORIZER = {"CUSTOM": ("TOKEN", "REQUEST"), "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",)}
_IDENTITY = re.compile(rf"(method\.request\.(header|querystring)\.{_NAME}|stageVariables\.\w+|context\.[\w.]+)")


@for_types(METHOD)
def authorization(method: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A method has an authorizer of the kind that its authorization says, and scopes only with a user pool."""
    kind, id_ = method.get("authorization"), method.get("authorizerId")
    if not isinstance(kind, str):
        return
    allowed = ("NONE", "AWS_IAM", *_NEEDS_AUTHORIZER)
    if kind not in allowed:
        yield "authorization", f"{kind!r} given; allowed: {', '.join(allowed)}"
    elif (kind in _NEEDS_AUTHORIZER) != (id_ is not None):
        given = f"missing; {kind} needs it" if id_ is None else f"given, but {kind} takes none"
        yield "authorizerId", given
    authorizer = behind(method, "authorizerId", graph, AUTHORIZER)
    type_ = authorizer.get("type", "TOKEN") if authorizer is not None else None
    if authorizer is not None and isinstance(type_, str) and type_ not in _NEEDS_AUTHORIZER.get(kind, (type_,)):
        yield "authorizerId", f"{authorizer.display} is of type {type_}; authorization {kind} needs another"
    if method.get("authorizationScopes") is not None and kind != "COGNITO_USER_POOLS":
        yield "authorizationScopes", f"given, but authorization {kind} takes none"


@for_types(METHOD)
def same_api(method: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The authorizer and the validator of a method are of its own API."""
    api = api_of(method, graph)
    for property_, type_ in (("authorizerId", AUTHORIZER), ("requestValidatorId", VALIDATOR)):
        other = behind(method, property_, graph, type_)
        owner = api_of(other, graph) if other is not None else None
        if other is not None and owner is not None and api is not None and owner is not api:
            yield property_, f"{other.display} is of {owner.display}, the method of {api.display}"


@for_types(METHOD)
def parameters(method: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Parameters of a request are named by where they are, and those of the path are in it."""
    given, path = method.get("requestParameters", {}), method_path(method, graph)
    for name in given if isinstance(given, Mapping) else ():
        match = _PARAMETER.fullmatch(name)
        if match is None:
            yield f'requestParameters["{name}"]', "allowed: method.request.path|querystring|header.NAME"
        elif match["where"] == "path" and path is not None and match["name"] not in _in_path(path):
            yield f'requestParameters["{name}"]', f"no parameter {match['name']} in {path}"


def _in_path(path: str) -> list[str]:
    return re.findall(r"\{([^}+]+)\+?\}", path)


@for_types(METHOD, METHOD_RESPONSE)
def models(item: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Bodies are described by models of the API, which come first."""
    property_ = "requestModels" if item.type == METHOD else "responseModels"
    given, api = item.get(property_, {}), api_of(item, graph)
    own = [model for model in graph.of_type(MODEL) if api is None or api_of(model, graph) in (api, None)]
    names = {model.get("name"): model for model in own}
    for content_type, name in given.items() if isinstance(given, Mapping) else ():
        place, model = f'{property_}["{content_type}"]', names.get(name)
        if not isinstance(name, str) or name in _BUILT_IN_MODELS:
            continue
        if model is None and not {UNKNOWN, None} & set(names):
            yield place, f"no model {name!r} of the API in the stack"
        elif model is not None and model.urn not in graph.needs(item.urn):
            yield place, f"names {model.display} without depending on it; use its output"


@for_types(MODEL)
def model(model: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A model is a JSON schema of draft 4 under an alphanumeric name."""
    name, text = model.get("name"), model.get("schema")
    if isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9]+", name):
        yield "name", f"{name!r} given; allowed: letters and digits"
    if isinstance(text, str):
        for path, message in schema_findings(text):
            yield f"schema.{path}".rstrip("."), message


def schema_findings(text: str) -> list[tuple[str, str]]:
    """Return what API Gateway refuses in a model's schema: the path in it, and why.

    jsonschema judges the schema by the metaschema of draft 4; that lets keywords pass which it does not know.
    """
    try:
        schema = json.loads(text)
    except ValueError as error:
        return [("", f"not JSON: {error}")]
    if not isinstance(schema, dict):
        return [("", "an object is needed")]
    if str(schema.get("$schema", _DRAFT_4)).removesuffix("#") != _DRAFT_4:
        return [("$schema", f"{schema['$schema']!r} given; allowed: {_DRAFT_4}#")]
    try:
        Draft4Validator.check_schema(schema)
    except SchemaError as error:
        return [(path_text(tuple(error.path)), error.message)]
    return [(path_text(path), message) for path, message in _keywords(schema, ())]


def _keywords(schema: Any, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the keywords that draft 4 does not know, and references to what API Gateway cannot reach."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        here = (*place, key)
        if key not in _KEYWORDS:
            yield here, "no keyword of JSON schema draft 4"
        elif key == "$ref" and not _REFERENCE.fullmatch(str(value)):
            yield here, f"{value!r} given; allowed: #/..., or the URL of a model of an API"
        elif key in ("properties", "patternProperties", "definitions", "dependencies"):
            for name, inner in value.items():
                yield from _keywords(inner, (*here, name))
        elif key in ("allOf", "anyOf", "oneOf", "items") and isinstance(value, list):
            for index, inner in enumerate(value):
                yield from _keywords(inner, (*here, index))
        elif key in ("items", "not", "additionalItems", "additionalProperties"):
            yield from _keywords(value, here)


@for_types(INTEGRATION)
def mapping(integration: Resource, graph: StackGraph) -> Iterator[Finding]:
    """What an integration passes on, and what its cache tells apart, are parameters that the method declares."""
    methods = at(METHOD, integration, graph)
    declared = methods[0].get("requestParameters", {}) if methods else None
    given = integration.get("requestParameters", {})
    for name, source in given.items() if isinstance(given, Mapping) else ():
        place = f'requestParameters["{name}"]'
        if not _TARGET.fullmatch(name):
            yield place, "allowed: integration.request.path|querystring|header.NAME"
        if isinstance(source, str):
            yield from _source(place, source, declared)
    keys = integration.get("cacheKeyParameters", []) if given is not UNKNOWN else []
    for index, key in enumerate(keys if isinstance(keys, list) else []):
        if isinstance(key, str) and key not in (given if isinstance(given, Mapping) else ()):
            if _PARAMETER.fullmatch(key):
                yield from _source(f"cacheKeyParameters[{index}]", key, declared)
            else:
                allowed = "method.request.path|querystring|header.NAME, or a key of requestParameters"
                yield f"cacheKeyParameters[{index}]", f"{key!r} given; allowed: {allowed}"


def _source(place: str, source: str, declared: Any) -> Iterator[Finding]:
    match = _MAPPED.fullmatch(source)
    if match is None:
        if not _STATIC.fullmatch(source) and not _OTHER_SOURCES.fullmatch(source):
            yield place, f"{source!r} given; a parameter of the method, context, or a 'text' in quotes is needed"
        return
    name = f"method.request.{match['where'].removeprefix('multivalue')}.{match['name']}"
    if isinstance(declared, Mapping) and name not in declared:
        yield place, f"{source!r} given; the method does not declare it in requestParameters"


@for_types(INTEGRATION_RESPONSE)
def response_headers(response: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Headers that an integration response sets are declared by the method response of the same status code."""
    given, status = response.get("responseParameters", {}), response.get("statusCode")
    found = at(METHOD_RESPONSE, response, graph) or []
    same = [item.get("responseParameters", {}) for item in found if item.get("statusCode") == status]
    for name, source in given.items() if isinstance(given, Mapping) else ():
        place = f'responseParameters["{name}"]'
        if not re.fullmatch(rf"method\.response\.header\.{_NAME}", name):
            yield place, "allowed: method.response.header.NAME"
        elif same and isinstance(same[0], Mapping) and name not in same[0]:
            yield place, f"the method response {status} does not declare it"
        if isinstance(source, str) and not _STATIC.fullmatch(source) and not _RESPONSE_SOURCES.fullmatch(source):
            yield place, f"{source!r} given; integration.response..., context, or a 'text' in quotes is needed"


@for_types(GATEWAY_RESPONSE)
def gateway_headers(response: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Headers of a gateway response are texts in quotes or come from the request."""
    given = response.get("responseParameters", {})
    for name, source in given.items() if isinstance(given, Mapping) else ():
        place = f'responseParameters["{name}"]'
        if not re.fullmatch(rf"gatewayresponse\.header\.{_NAME}", name):
            yield place, "allowed: gatewayresponse.header.NAME"
        if isinstance(source, str) and not _STATIC.fullmatch(source) and not _GATEWAY_SOURCES.fullmatch(source):
            yield place, f"{source!r} given; method.request..., context, or a 'text' in quotes is needed"


@for_types(AUTHORIZER)
def authorizer(authorizer: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An authorizer has what its type asks for: user pools, or a function and where it finds who calls."""
    type_, ttl = authorizer.get("type", "TOKEN"), authorizer.get("authorizerResultTtlInSeconds", 300)
    uri, pools, source = (authorizer.get(name) for name in ("authorizerUri", "providerArns", "identitySource"))
    if isinstance(ttl, int) and not 0 <= ttl <= _LONGEST_TTL:
        yield "authorizerResultTtlInSeconds", f"{ttl} given; allowed: 0 to {_LONGEST_TTL}"
    if type_ == "COGNITO_USER_POOLS":
        if pools in (None, []):
            yield "providerArns", "missing; an authorizer of type COGNITO_USER_POOLS needs them"
        for index, arn in enumerate(pools if isinstance(pools, list) else []):
            if isinstance(arn, str) and not re.fullmatch(r"arn:[a-z-]+:cognito-idp:[^:]+:\d{12}:userpool/\S+", arn):
                yield f"providerArns[{index}]", f"{arn!r} given; the ARN of a user pool is needed"
    elif type_ in ("TOKEN", "REQUEST"):
        if uri is None:
            yield "authorizerUri", f"missing; an authorizer of type {type_} needs it"
        if pools is not None:
            yield "providerArns", f"given, but an authorizer of type {type_} takes none"
        if type_ == "REQUEST" and source is None and ttl != 0 and ttl is not UNKNOWN:
            yield (
                "identitySource",
                "missing; answers of an authorizer of type REQUEST are kept by it unless the TTL is 0",
            )
    for part in source.split(",") if isinstance(source, str) else ():
        if not _IDENTITY.fullmatch(part.strip()):
            yield "identitySource", f"{part.strip()!r} given; allowed: such as method.request.header.Authorization"
    if authorizer.get("identityValidationExpression") is not None and type_ == "REQUEST":
        yield "identityValidationExpression", "given, but an authorizer of type REQUEST takes none"


@for_types(AUTHORIZER)
def authorizer_permission(authorizer: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The function of an authorizer has a permission for API Gateway, unless it is called under a role."""
    called = behind(authorizer, "authorizerUri", graph, FUNCTION, ALIAS)
    api = api_of(authorizer, graph)
    if called is None or api is None or authorizer.get("authorizerCredentials") is not None:
        return
    if not permissions(called, SERVICE, api, arn_of(api, "execute-api", None, graph), graph):
        yield "authorizerUri", f"{called.display} has no permission that lets {SERVICE} call it for {api.display}"


@for_types(AUTHORIZER, MODEL, VALIDATOR, GATEWAY_RESPONSE)
def name_once(item: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Authorizers, models, validators and gateway responses of an API are called differently."""
    property_ = "responseType" if item.type == GATEWAY_RESPONSE else "name"
    name, api = item.get(property_), api_of(item, graph)
    for other in graph.of_type(item.type) if isinstance(name, str) and api is not None else ():
        if other.urn == item.urn:
            return
        if other.get(property_) == name and api_of(other, graph) is api:
            yield property_, f"{name!r} is that of {other.display} too"


__all__ = ["AUTHORIZER", "GATEWAY_RESPONSE", "MODEL", "REST_API", "VALIDATOR", "schema_findings"]
