"""WebSocket APIs: clients connect with a key, and their messages lead to a function.

moto's API Gateway keeps a WebSocket API, and takes no connection. So the probe does what the gateway does with what
moto keeps: it asks the authorizer, looks the key up in the usage plans, chooses the route, and calls its function. What
the function sends to a client is posted to moto, which keeps it for every id, whether that client is there or not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.graph import Resource
from plumbline.iam import Policies, Request, evaluate, policy
from plumbline.probing.access import invoke_refusal, own_session, secure
from plumbline.probing.calls import run
from plumbline.probing.model import NotSo, ProbeContext, Trial, probe, trial, value

SOCKETS = "aws:apigatewayv2/api:Api"
STAGE = "aws:apigatewayv2/stage:Stage"
KEY = "aws:apigateway/apiKey:ApiKey"
_SERVICE = "apigateway.amazonaws.com"
_FUNCTION = re.compile(r"functions/(arn:aws:lambda:[^/]+)/invocations")
_OWN = ("$connect", "$disconnect", "$default")
_GROUP = "sockets"


class Gateway:
    """A WebSocket API as moto keeps it, and its one stage of the stack. Raises NotSo where it has none."""

    def __init__(self, context: ProbeContext, api: Resource) -> None:
        self._context, self._api = context, api
        client, named = context.client("apigatewayv2", api), {"ApiId": api.id}
        self.kept: Mapping[str, Any] = client.get_api(**named)
        self.routes: dict[str, Mapping[str, Any]] = {
            row["RouteKey"]: row for row in client.get_routes(**named)["Items"]
        }
        self._integrations = {row["IntegrationId"]: row for row in client.get_integrations(**named)["Items"]}
        stages = [stage for stage in context.graph.of_type(STAGE) if value(stage, "apiId") == api.id]
        if len(stages) != 1:
            raise NotSo(f"the API has {len(stages)} stages")
        self.stage = stages[0]
        authorizers = {row.get("AuthorizerId") for row in self.routes.values()} - {None}
        self._authorizers = {
            id_: client.get_authorizer(**named, AuthorizerId=id_) for id_ in sorted(map(str, authorizers))
        }

    def function(self, route: str) -> str:
        """Return the ARN of the function behind a route, its permission asked for. Raises NotSo."""
        row = self.routes.get(route)
        integration = self._integrations.get(str((row or {}).get("Target")).removeprefix("integrations/"))
        if row is None or integration is None:
            raise NotSo(f"the route {route} leads nowhere")
        return self._callable(integration["IntegrationUri"], route)

    def connect(self, connection: str, query: Mapping[str, str]) -> int:
        """Let a client connect; return the status that it gets: 200, or that of whoever refuses it."""
        route, event = self.routes.get("$connect"), self._event("$connect", connection)
        event["queryStringParameters"] = dict(query) or None
        if route is None:
            raise NotSo("the API has no route $connect")
        key: str | None = None
        if route.get("AuthorizationType") == "CUSTOM":
            status, key = self._authorized(self._authorizers[route["AuthorizerId"]], event)
            if status != 200:
                return status
        if route.get("ApiKeyRequired") and not self._is_known(key):
            return 403
        return self._status(run(self._context, self.function("$connect"), event).result)

    def disconnect(self, connection: str) -> int:
        """Close a connection, and return the function's status."""
        return self._status(
            run(self._context, self.function("$disconnect"), self._event("$disconnect", connection)).result
        )

    def send(self, connection: str, message: Any) -> tuple[str, int]:
        """Send a message as a client; return the route that the API chose and the function's status."""
        field = re.fullmatch(r"\$request\.body\.(\w+)", self.kept.get("RouteSelectionExpression", ""))
        named = message.get(field[1]) if field and isinstance(message, Mapping) else None
        route = named if named in self.routes and named not in _OWN else "$default"
        event = self._event(route, connection) | {"body": json.dumps(message)}
        return route, self._status(run(self._context, self.function(route), event).result)

    def _callable(self, uri: str, what: str) -> str:
        found = _FUNCTION.search(str(uri))
        if found is None:
            raise NotSo(f"{what} leads to no function")
        problem = invoke_refusal(self._context, _SERVICE, found[1], f"{value(self._api, 'executionArn')}/{what}")
        if problem:
            raise NotSo(problem)
        return found[1]

    def _authorized(self, authorizer: Mapping[str, Any], event: Mapping[str, Any]) -> tuple[int, str | None]:
        """Ask a REQUEST authorizer; return the status and the key that it hands on."""
        query = event["queryStringParameters"] or {}
        sources = [source.rpartition(".")[2] for source in authorizer.get("IdentitySource", ())]
        if any(not query.get(source) for source in sources):
            return 401, None  # the gateway refuses by itself what lacks an identity
        stage, api = value(self.stage, "name"), str(value(self._api, "executionArn"))
        function = self._callable(authorizer["AuthorizerUri"], f"authorizers/{authorizer['AuthorizerId']}")
        method = f"{api}/{stage}/$connect"
        answer = run(self._context, function, {**event, "type": "REQUEST", "methodArn": method}).result
        if not isinstance(answer, Mapping) or "policyDocument" not in answer:
            return 500, None
        document = policy(answer["policyDocument"], "the authorizer's answer")
        request = Request(own_session(self._context), "execute-api:Invoke", method, secure())
        allowed = evaluate(request, Policies(identity=[document])).allowed
        return (200 if allowed else 403), answer.get("usageIdentifierKey")

    def _is_known(self, key: str | None) -> bool:
        """Say whether a key is on and belongs to a plan with the stage, where the API takes it from its authorizer."""
        if key is None or self.kept.get("ApiKeySelectionExpression") != "$context.authorizer.usageIdentifierKey":
            return False
        client, stage = self._context.client("apigateway", self._api), value(self.stage, "name")
        for plan in client.get_usage_plans()["items"]:
            if {"apiId": self._api.id, "stage": stage} in [dict(row) for row in plan.get("apiStages", [])]:
                rows = [
                    client.get_api_key(apiKey=row["id"], includeValue=True)
                    for row in client.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
                ]
                if any(row["enabled"] and row["value"] == key for row in rows):
                    return True
        return False

    def _event(self, route: str, connection: str) -> dict[str, Any]:
        kind = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(route, "MESSAGE")
        return {
            "requestContext": {
                "routeKey": route,
                "connectionId": connection,
                "eventType": kind,
                "apiId": self._api.id,
                "stage": value(self.stage, "name"),
            },
            "queryStringParameters": None,
            "isBase64Encoded": False,
        }

    def _status(self, result: Any) -> int:
        # An integration that fails or answers with something else is an internal error to the client.
        return (
            result["statusCode"] if isinstance(result, Mapping) and isinstance(result.get("statusCode"), int) else 500
        )


@probe(_GROUP, SOCKETS, where=lambda api: value(api, "protocolType") == "WEBSOCKET")
def socket_route_leads_to_function(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Every route of a WebSocket API leads to a function that the API may call."""
    gateway = Gateway(context, api)
    for route in sorted(gateway.routes):
        arn = gateway.function(route)
        yield trial(True, route, f"leads to {':'.join(arn.split(':')[6:])}", "")


def a_key(context: ProbeContext) -> str:
    """Return the value of an API key of the stack. Raises NotSo where it has none."""
    for key in context.graph.of_type(KEY):
        return context.client("apigateway", key).get_api_key(apiKey=key.id, includeValue=True)["value"]
    raise NotSo("the stack has no API key")
