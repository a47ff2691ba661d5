"""Requests to the trading system's API, as API Gateway hands them to its functions."""

from __future__ import annotations

import json
from typing import Any

from plumbline.probing import Probe
from plumbline.probing.api import Route, api_probes
from systems.trading.probes.calls import TENANT


def _request(route: Route, body: Any) -> dict[str, Any]:
    names = [part.strip("{}+") for part in route.path.split("/") if part.startswith("{")]
    return {
        "resource": route.path,
        "path": route.path,
        "httpMethod": route.method,
        "headers": {},
        "pathParameters": dict.fromkeys(names, "probe") or None,
        "queryStringParameters": None,
        "requestContext": {"authorizer": {"claims": {"custom:tenant": TENANT}}},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


PROBES: tuple[Probe, ...] = api_probes(_request)
