"""What a REST API consists of before it is deployed: resources, methods, integrations, models and CORS."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import pulumi
import pulumi_aws as aws

from components.functions import Function

Verb = Literal["GET", "POST", "PUT", "DELETE"]
AUTHORIZATION = "method.request.header.Authorization"
_TIMEOUT_MS = 29_000  # the longest that a REST API waits unless AWS raises the account's quota
_R = TypeVar("_R", bound=pulumi.CustomResource)


@dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """One method. `query` has its query parameters, True for those that must be given.

    `schema` is the JSON schema (draft 4) of the body, None for a method without one. An `open` method answers anybody,
    without token or key.
    """

    query: Mapping[str, bool] = field(default_factory=dict, hash=False)
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class PathSpec:
    """The methods of one path, and the name of the function that answers them. A `fresh` path is never cached."""

    methods: Mapping[Verb, MethodSpec] = field(hash=False)
    function: str
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class RouteSpec:
    """The methods of /NAME and, where there are any, of /NAME/{id}. Answers of a `fresh` route are never cached."""

    collection: Mapping[Verb, MethodSpec] = field(hash=False)
    item: Mapping[Verb, MethodSpec] = field(default_factory=dict, hash=False)
    fresh: bool = False

    def paths(self, name: str) -> dict[str, PathSpec]:
        """Return its one or two paths, all of which the function of the same name answers."""
        item = {f"/{name}/{{id}}": PathSpec(methods=self.item, function=name, fresh=self.fresh)} if self.item else {}
        return {f"/{name}": PathSpec(methods=self.collection, function=name, fresh=self.fresh), **item}


class Parts:
    """Registers the parts of an API and remembers what is known of each.

    API Gateway serves a snapshot, which has to be taken again when anything in it changes. `digest` changes with every
    known value that a part is given, so no part can be forgotten; outputs are no part of it, because they are unknown
    in a preview and refer to other parts, whose names it has.
    """

    def __init__(self, prefix: str, child: pulumi.ResourceOptions) -> None:
        self.registered: list[pulumi.Resource] = []
        self._prefix = prefix
        self._child = child
        self._known: dict[str, Any] = {}

    def add(
        self,
        type_: Callable[..., _R],
        name: str,
        known: Mapping[str, Any],
        references: Mapping[str, Any],
        *needs: pulumi.Resource,
    ) -> _R:
        """Register one part under the API's name. `references` are outputs of other resources."""
        opts = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=list(needs)))
        resource = type_(f"{self._prefix}-{name}", **known, **references, opts=opts)
        self._known[f"{resource.pulumi_resource_type} {name}"] = {**known, "references": sorted(references)}
        self.registered.append(resource)
        return resource

    def digest(self) -> str:
        """Return the SHA-256 of everything known, in hexadecimal digits."""
        return hashlib.sha256(json.dumps(self._known, sort_keys=True).encode()).hexdigest()


class Routes:
    """Registers the routes of an API. `cached` has the methods whose answers may be cached, as (path, verb)."""

    def __init__(
        self,
        parts: Parts,
        api: aws.apigateway.RestApi,
        authorizer: aws.apigateway.Authorizer | None,
        validator: aws.apigateway.RequestValidator,
        allowed_origin: str,
    ) -> None:
        self.cached: list[tuple[str, Verb]] = []
        self._parts = parts
        self._api = api
        self._authorizer = authorizer
        self._validator = validator
        self._allowed_origin = allowed_origin
        self._places: dict[str, aws.apigateway.Resource] = {}

    def add(self, path: str, spec: PathSpec, function: Function) -> None:
        """Register one path, such as "/orders/{id}", which the function's live alias answers."""
        self._methods(words_of(path), path, self._place(path), spec, function)

    def _place(self, path: str) -> aws.apigateway.Resource:
        """Return the resource of a path, registered with those above it when it is first asked for."""
        if path not in self._places:
            above, _, part = path.rpartition("/")
            parent = self._place(above).id if above else self._api.root_resource_id
            self._places[path] = self._resource(words_of(path), parent, part)
        return self._places[path]

    def _resource(self, name: str, parent: pulumi.Output[str], part: str) -> aws.apigateway.Resource:
        references = {"rest_api": self._api.id, "parent_id": parent}
        return self._parts.add(aws.apigateway.Resource, name, {"path_part": part}, references)

    def _methods(
        self,
        name: str,
        path: str,
        resource: aws.apigateway.Resource,
        path_spec: PathSpec,
        function: Function,
    ) -> None:
        place = {"rest_api": self._api.id, "resource_id": resource.id}
        for verb, spec in path_spec.methods.items():
            self._method(f"{name}-{verb.lower()}", verb, spec, path, place, function)
            if verb == "GET" and not path_spec.fresh:
                self.cached.append((path, verb))
        self._preflight(f"{name}-options", path_spec.methods, place)

    def _method(
        self,
        name: str,
        verb: Verb,
        spec: MethodSpec,
        path: str,
        place: Mapping[str, pulumi.Output[str]],
        function: Function,
    ) -> None:
        authorizer = None if spec.open else self._authorizer
        parameters = _parameters(verb, spec, path, authorizer is not None)
        known: dict[str, Any] = {
            "http_method": verb,
            "authorization": "COGNITO_USER_POOLS" if authorizer else "NONE",
            "api_key_required": not spec.open,
            "request_parameters": parameters or None,
        }
        references: dict[str, Any] = {
            **place,
            **({"authorizer_id": authorizer.id} if authorizer else {}),
            "request_validator_id": self._validator.id,
        }
        if spec.schema is not None:
            # Under a content type, a body of any other type would pass unseen.
            references["request_models"] = {"$default": self._model(name, spec.schema).name}
        method = self._parts.add(aws.apigateway.Method, name, known, references)
        self._parts.add(
            aws.apigateway.Integration,
            name,
            {
                "type": "AWS_PROXY",
                "integration_http_method": "POST",  # how Lambda is called, whatever the caller's method
                "timeout_milliseconds": _TIMEOUT_MS,
                # On every GET, so that nobody can turn the cache on and serve one tenant's answer to another.
                "cache_key_parameters": (sorted(parameters) or None) if verb == "GET" else None,
            },
            {**place, "http_method": method.http_method, "uri": function.alias.invoke_arn},
        )

    def _model(self, name: str, schema: Mapping[str, Any]) -> aws.apigateway.Model:
        known = {
            "name": "".join(word.capitalize() for word in name.split("-")),  # letters and digits only
            "content_type": "application/json",
            "schema": json.dumps(schema, sort_keys=True, separators=(",", ":")),
        }
        return self._parts.add(aws.apigateway.Model, name, known, {"rest_api": self._api.id})

    def _preflight(
        self, name: str, methods: Mapping[Verb, MethodSpec], place: Mapping[str, pulumi.Output[str]]
    ) -> None:
        """Answer a browser's question, without a function, which origin may call with which methods and headers."""
        sent = [
            *(["Authorization"] if self._authorizer else []),
            *(["Content-Type"] if any(m.schema for m in methods.values()) else []),
            "X-Api-Key",
        ]
        answer = {
            "Access-Control-Allow-Origin": self._allowed_origin,
            "Access-Control-Allow-Methods": ",".join(methods),
            "Access-Control-Allow-Headers": ",".join(sent),
        }
        self._open(
            name,
            "OPTIONS",
            place,
            "204",
            {"response_parameters": {f"method.response.header.{header}": True for header in answer}},
            {"response_parameters": {f"method.response.header.{key}": f"'{value}'" for key, value in answer.items()}},
        )

    def add_health(self, path: str) -> None:
        """Register GET /PATH, which answers 200 to anybody while the API is served, and calls nothing.

        Health checks have neither tokens nor keys. No page asks, so there is no preflight.
        """
        resource = self._resource(path, self._api.root_resource_id, path)
        place = {"rest_api": self._api.id, "resource_id": resource.id}
        answer = {"response_templates": {"application/json": '{"status":"ok"}'}}
        self._open(f"{path}-get", "GET", place, "200", {}, answer)

    def _open(
        self,
        name: str,
        verb: str,
        place: Mapping[str, pulumi.Output[str]],
        status: str,
        declared: Mapping[str, Any],
        answer: Mapping[str, Any],
    ) -> None:
        """Register a method for anybody, which API Gateway answers by itself."""
        method = self._parts.add(
            aws.apigateway.Method,
            name,
            {"http_method": verb, "authorization": "NONE", "api_key_required": False},
            {**place, "request_validator_id": self._validator.id},
        )
        here = {**place, "http_method": method.http_method}
        integration = self._parts.add(
            aws.apigateway.Integration,
            name,
            {"type": "MOCK", "request_templates": {"application/json": f'{{"statusCode":{status}}}'}},
            here,
        )
        response = self._parts.add(aws.apigateway.MethodResponse, name, {"status_code": status, **declared}, here)
        self._parts.add(
            aws.apigateway.IntegrationResponse,
            name,
            answer,
            {**here, "status_code": response.status_code},
            integration,
        )


def words_of(path: str) -> str:
    """Return the words by which a path's resources are called: "orders-item" for "/orders/{id}"."""
    return "-".join("item" if part == "{id}" else part.strip("{}") for part in path.strip("/").split("/"))


def _parameters(verb: Verb, spec: MethodSpec, path: str, takes_token: bool) -> dict[str, bool]:
    """Return the request parameters of a method, True where they must be given.

    A GET names the header with the token, since only declared parameters can be part of a cache's key.
    """
    return {
        **({AUTHORIZATION: True} if verb == "GET" and takes_token else {}),
        **{f"method.request.path.{name}": True for name in re.findall(r"{(\w+)}", path)},
        **{f"method.request.querystring.{name}": required for name, required in sorted(spec.query.items())},
    }


def refusals(parts: Parts, api: aws.apigateway.RestApi, allowed_origin: str) -> None:
    """Register what callers get when API Gateway itself refuses a request: JSON that a browser may show.

    Without the origin's header a page could not tell a missing token from a broken network. The texts of 4xx answers
    are API Gateway's own and speak of the request only; those of 5xx could speak of the inside.
    """
    for kind, message in (("4xx", "$context.error.messageString"), ("5xx", '"internal error"')):
        known = {
            "response_type": f"DEFAULT_{kind.upper()}",
            "response_parameters": {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{allowed_origin}'"},
            # The shape in which the handlers answer errors.
            "response_templates": {
                "application/json": f'{{"error":{{"code":"$context.error.responseType","message":{message}}}}}'
            },
        }
        parts.add(aws.apigateway.Response, kind, known, {"rest_api_id": api.id})
