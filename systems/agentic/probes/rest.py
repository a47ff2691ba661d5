"""Requests to the agentic system's REST API, as API Gateway hands them to its function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plumbline.probing import Probe
from plumbline.probing.api import Route, api_probes

PROJECT = "proj_20260131_120000_000000_0123456789abcdef0123456789abcdef"
# What the application takes beyond what the models can say of it.
_VALUES = {"type": "api", "category": "api"}
_QUERIES = {"/api/templates": {"category": "api"}}


def request(
    method: str,
    resource: str,
    body: Mapping[str, Any] | None = None,
    id: str = PROJECT,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a request as a REST API's proxy integration sends it."""
    return {
        "resource": resource,
        "path": resource.replace("{id}", id),
        "httpMethod": method,
        "headers": {},
        "pathParameters": {"id": id} if "{id}" in resource else None,
        "queryStringParameters": dict(query) if query else None,
        "requestContext": {"resourcePath": resource, "httpMethod": method},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _request(route: Route, body: Any) -> dict[str, Any]:
    known = body and {name: _VALUES.get(name, one) for name, one in body.items()}
    return request(route.method, route.path, known, query=_QUERIES.get(route.path))


PROBES: tuple[Probe, ...] = api_probes(_request)
