"""Asynchronous handler: reads or writes one item of the tables it is allowed, or reports its status.

What it cannot do it raises: Lambda then retries the event and finally dead-letters it, so no event is lost silently.
"""

from __future__ import annotations

import json
import os
from typing import Any

from trading_shared import Log, from_json, table, to_json


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Handle one asynchronous event and return what was done."""
    log = Log(request_id=getattr(context, "aws_request_id", None))
    try:
        if not isinstance(event, dict):
            raise ValueError(f"the event must be an object, not {type(event).__name__}")
        log.tenant = _tenant(event)
        # Never the item: it may be large, and what it holds is not for logs.
        facts = {"action": event.get("action"), "source": event.get("source"), "table": event.get("table")}
        if "operation" in event:  # what a workflow calls for
            facts["operation"] = event["operation"]
        log.info("started", **facts)
        result = _work(event)
        log.info("finished", **facts)
    except Exception:
        log.exception("failed")
        raise
    return result


def _work(event: dict[str, Any]) -> dict[str, Any]:
    match event:
        case {"action": "put"}:
            name = _allowed(event, "WRITE_TABLES")
            table(name).put_item(Item=_attributes(event, "item"))
            return {"action": "put", "table": name, "written": True}
        case {"action": "get"}:
            name = _allowed(event, "READ_TABLES")
            item = table(name).get_item(Key=_attributes(event, "key")).get("Item")
            return {"action": "get", "table": name, "item": json.loads(to_json(item))}
        case {"action": "ping"}:
            return _status()
        case {"source": "aws.events"} if "action" not in event:
            return _status()
    raise ValueError(f"unknown action {event.get('action')!r}; known: get, ping, put")


def _status() -> dict[str, Any]:
    return {
        "handler": os.environ.get("HANDLER_NAME"),
        "environment": os.environ.get("ENVIRONMENT"),
        "status": "ok",
        "reads": _names("READ_TABLES"),
        "writes": _names("WRITE_TABLES"),
    }


def _names(variable: str) -> list[str]:
    return [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]


def _allowed(event: dict[str, Any], variable: str) -> str:
    name = event.get("table")
    if not isinstance(name, str) or name not in _names(variable):
        raise ValueError(f"table {name!r} is not in {variable}")
    return name


def _attributes(event: dict[str, Any], field: str) -> dict[str, Any]:
    value = event.get(field)
    if not isinstance(value, dict) or not value:
        raise ValueError(f"{field} must be an object with attributes")
    # Lambda decoded the event with floats, which boto3 refuses.
    return from_json(json.dumps(value))


def _tenant(event: dict[str, Any]) -> str | None:
    for field in ("item", "key"):
        value = event.get(field)
        if isinstance(value, dict) and isinstance(value.get("tenantId"), str):
            return value["tenantId"]
    return None
