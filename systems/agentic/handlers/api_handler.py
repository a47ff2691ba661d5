"""Answers the REST API; work goes onto queues. Events of the WebSocket API go to websocket.py."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import document_routes
import modification_routes
import project_routes
import template_routes
import websocket
from agenticai_shared import logs, parameters
from agenticai_shared.errors import StoreError
from api_parts import Answer, Request, Route, plain

PARAMETERS = parameters.load()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one request of either API; whatever goes wrong becomes a JSON error."""
    if websocket.is_meant(event):
        return websocket.answer(event)
    facts = event if isinstance(event, dict) else {}
    try:
        status, body = _route(facts)
    except StoreError as error:
        if error.status >= 500:
            logs.failure("data access failed")
        status, body = _error(error.status, error.shown)
    except Exception:
        logs.failure("unexpected failure")
        status, body = _error(500, StoreError.hidden)
    logs.info("answered", method=facts.get("httpMethod"), resource=facts.get("resource"), status=status)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    # On errors too: without it a browser hides the status from the page.
    if origin := os.environ.get("ALLOWED_ORIGIN"):
        headers["Access-Control-Allow-Origin"] = origin
    return {
        "statusCode": status,
        "headers": headers,
        "body": "" if body is None else json.dumps(body, default=plain, ensure_ascii=False),
    }


def _error(status: int, message: str) -> Answer:
    return status, {"error": {"code": HTTPStatus(status).phrase.replace(" ", ""), "message": message}}


def _route(event: Mapping[str, Any]) -> Answer:
    route = f"{event.get('httpMethod')} {event.get('resource')}"
    if route not in _ROUTES:
        return _error(404, "no such route")
    return _ROUTES[route](Request(event))


def _health(request: Request) -> Answer:
    return 200, {"status": "ok", "environment": os.environ.get("ENVIRONMENT")}


_ROUTES: Mapping[str, Route] = {
    "GET /health": _health,
    **project_routes.ROUTES,
    **modification_routes.ROUTES,
    **template_routes.ROUTES,
    **document_routes.ROUTES,
}
