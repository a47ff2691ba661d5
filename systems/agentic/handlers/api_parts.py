"""What the routes of the REST API share: the request, how an answer is made of entities, and tasks for the queues."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from agenticai_shared import ids, logs, work
from agenticai_shared.errors import Invalid
from agenticai_shared.models import Modification, Page

Answer = tuple[int, Any]  # status and body


class Request:
    """One request: its route's id, its query and its body."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self.query: Mapping[str, str] = event.get("queryStringParameters") or {}
        # REST APIs pass path parameters on as they are in the URL, percent-encoded.
        self.id = unquote((event.get("pathParameters") or {}).get("id", ""))

    def body(self, *needed: str, optional: Sequence[str] = ()) -> dict[str, Any]:
        """Return the body as an object of the named fields; numbers are as DynamoDB takes them. Raises Invalid.

        API Gateway checks bodies by their schema, but is not the only way to the function.
        """
        names = (*needed, *optional)
        text = self._event.get("body") or "{}"
        try:
            if self._event.get("isBase64Encoded"):
                text = base64.b64decode(text, validate=True).decode("utf-8")
            found = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Invalid("the body must be a JSON object")
        if unknown := sorted(set(found) - set(names)):
            known = f"known: {', '.join(names)}" if names else "it has none"
            raise Invalid(f"{', '.join(unknown)[:200]}: not a field of this request; {known}")
        if missing := [name for name in needed if name not in found]:
            raise Invalid(f"{', '.join(missing)}: missing")
        return found

    def page(self) -> dict[str, Any]:
        """Return the paging arguments of a list."""
        limit = self.query.get("limit", "25")
        if not (limit.isascii() and limit.isdigit()):
            raise Invalid("limit: a number from 1 to 100 is needed")
        return {"limit": int(limit[:4]), "cursor": self.query.get("cursor")}


Route = Callable[[Request], Answer]


def task(project_id: str, *, task_id: str = "", **facts: Any) -> work.Task:
    """Return a task with an id of its own, or the one that is given. Raises Invalid for what no queue would take."""
    made = task_id or ids.new_id(ids.TEST, datetime.now(UTC))
    return work.Task(project_id=project_id, task_id=made, **facts)


def task_of(modification: Modification) -> work.Task:
    """Return the task of a modification, always the same one: asked for twice, its work replaces itself."""
    task_id = f"{ids.TEST}{modification.id.removeprefix(ids.MODIFICATION)}"
    return task(modification.project_id, task_id=task_id, request=modification.request, modification_id=modification.id)


@contextlib.contextmanager
def undone_by(undo: Callable[[], Any]) -> Iterator[None]:
    """Undo what was written before, where what has to follow fails: the caller hears of the failure and asks again."""
    try:
        yield
    except BaseException:
        try:
            undo()
        except Exception:
            # The caller is told what failed first.
            logs.failure("not undone")
        raise


def shown(entity: Any) -> dict[str, Any]:
    """Return an entity as answers show it."""
    return {field.name: getattr(entity, field.name) for field in fields(entity)}


def listed(page: Page[Any]) -> Answer:
    """Return the answer with a page of a list."""
    return 200, {"items": [shown(entity) for entity in page.items], "cursor": page.cursor}


def plain(value: Any) -> Any:
    """Return a value of an entity as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value)
