"""Events with which the probes call the functions of the trading system, as their callers would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plumbline.probing import Resource, value

TENANT = "probe-tenant"


def kind(function: Resource) -> str:
    """Return which of the handlers a function runs: api, background or rotate_redis_token."""
    return str(value(function, "handler")).partition(".")[0]


def request(function: Resource, method: str, **more: Any) -> dict[str, Any]:
    """Return a request of a tenant to the function's own route, as API Gateway's proxy integration sends it."""
    route = value(function, "environment.variables.HANDLER_NAME")
    return {
        "resource": f"/{route}",
        "path": f"/{route}",
        "httpMethod": method,
        "headers": {},
        "pathParameters": None,
        "queryStringParameters": None,
        "requestContext": {"authorizer": {"claims": {"custom:tenant": TENANT}}},
        "body": None,
        "isBase64Encoded": False,
        **more,
    }


def failing(function: Resource) -> Any:
    """Return an event at which the function's code fails, and says so in its log."""
    if kind(function) == "api":
        # No request of API Gateway has a text there: to look for the route's id in it is an error of the code.
        return request(function, "GET", pathParameters="none")
    return {"action": "no such action"}


def placed(function: Resource) -> Any:
    """Return a call that the function answers with success to an operation of the trade lifecycle."""
    return request(function, "GET", operation="place")


def posted(function: Resource) -> Any:
    """Return a request that makes an item of the function's own table."""
    return request(function, "POST", body=json.dumps(keys(function)))


def refused(function: Resource) -> Any:
    """Return a request that the function refuses: no route has its method."""
    return request(function, "PATCH")


def rejected(function: Resource) -> Any:
    """Return a call of the trade lifecycle that the function refuses."""
    return {**refused(function), "operation": "place"}


def built(function: Resource) -> Any:
    """Return what the state machine of audit packages calls the function with; it changes no table."""
    return {"action": "ping", "source": "workflow", "operation": "build"}


def answered(function: Resource) -> Any:
    """Return a request that the function answers with success: to make an item, or to say how it is."""
    owns = "PRIMARY_TABLE" in value(function, "environment.variables")
    return posted(function) if owns else request(function, "GET")


def keys(function: Resource) -> Mapping[str, Any]:
    """Return the key of an item of the table that a function owns."""
    variables = value(function, "environment.variables")
    named = {
        variables[f"PRIMARY_{part}_KEY"]: variables[f"PRIMARY_{part}_KEY_TYPE"]
        for part in ("PARTITION", "SORT")
        if f"PRIMARY_{part}_KEY" in variables
    }
    return {name: TENANT if name == "tenantId" else 1 if type_ == "N" else "probe" for name, type_ in named.items()}


def quiet(function: Resource) -> Any:
    """Return an event that a background function handles, and that changes nothing."""
    return {"action": "ping"}


def refused_or_quiet(function: Resource) -> Any:
    """Return an event whose lines tell of no error. The rotation has none: it cannot be called for nothing."""
    makes = {"api": refused, "background": quiet}
    return makes[kind(function)](function) if kind(function) in makes else None
