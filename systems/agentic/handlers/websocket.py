"""The routes of the WebSocket API: connecting with an API key, subscribing to projects, forwarding, pings."""

from __future__ import annotations

from typing import Any

from agenticai_shared import actions, logs, work
from agenticai_shared.connections import Connections, post
from agenticai_shared.errors import StoreError


def is_meant(event: Any) -> bool:
    """Say whether an event comes from a WebSocket API, and not from a REST API."""
    return isinstance(event, dict) and "connectionId" in (event.get("requestContext") or {})


def answer(event: dict[str, Any]) -> dict[str, Any]:
    """Answer one event of the API: a client's question whether it may connect, or a message on one of the routes."""
    if event.get("type") == "REQUEST":
        return authorize(event)
    here = event["requestContext"]
    route, connection = here["routeKey"], here["connectionId"]
    clients = Connections(work.table(), post)
    try:
        _route(clients, route, connection, event)
        status = 200
    except StoreError as error:
        if error.status >= 500:
            logs.failure("data access failed")
        status = error.status
        if route not in ("$connect", "$disconnect"):
            clients.reply(connection, {"error": error.shown})
    logs.info("answered", route=route, connection=connection, status=status)
    return {"statusCode": status}


def tell(project_id: str, event: str, facts: dict[str, Any]) -> None:
    """Send an event to all clients that listen to a project."""
    Connections(work.table(), post).tell(project_id, event, facts)


def authorize(event: dict[str, Any]) -> dict[str, Any]:
    """Hand the key of a client to API Gateway, which lets in only a key that its usage plan knows."""
    key = (event.get("queryStringParameters") or {}).get("api_key") or ""
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if key else "Deny", "Resource": event["methodArn"]}
    return {
        "principalId": "client",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        **({"usageIdentifierKey": key} if key else {}),
    }


def _route(clients: Connections, route: str, connection: str, event: dict[str, Any]) -> None:
    if route == "$connect":
        clients.open(connection, (event.get("queryStringParameters") or {}).get("project_id"))
    elif route == "$disconnect":
        clients.close(connection)
    else:
        actions.act(clients, connection, route, actions.message(event.get("body")))
