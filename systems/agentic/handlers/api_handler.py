"""The REST API: projects, modifications and templates; work goes onto queues. WebSocket events go to websocket.py."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import websocket
from agenticai_shared import ids, keys, logs, parameters, work
from agenticai_shared.connections import Connections, post
from agenticai_shared.errors import Invalid, NotFound, StoreError
from agenticai_shared.models import File, Page

PARAMETERS = parameters.load()
_LINK_SECONDS = 900
_Answer = tuple[int, Any]


class Request:
    """One request: its route's id, its query and its body."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self.query: Mapping[str, str] = event.get("queryStringParameters") or {}
        # REST APIs pass path parameters on as they are in the URL, percent-encoded.
        self.id = unquote((event.get("pathParameters") or {}).get("id", ""))

    def body(self) -> dict[str, Any]:
        """Return the body as an object; numbers are as DynamoDB takes them. Raises Invalid."""
        text = self._event.get("body") or "{}"
        try:
            if self._event.get("isBase64Encoded"):
                text = base64.b64decode(text, validate=True).decode("utf-8")
            found = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Invalid("the body must be a JSON object")
        return found

    def page(self) -> dict[str, Any]:
        """Return the paging arguments of a list."""
        limit = self.query.get("limit", "25")
        if not (limit.isascii() and limit.isdigit()):
            raise Invalid("limit: a number from 1 to 100 is needed")
        return {"limit": int(limit[:4]), "cursor": self.query.get("cursor")}


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
        status, body = _error(error.status, str(error))
    except Exception:
        logs.failure("unexpected failure")
        status, body = _error(500, "internal error")
    logs.info("answered", method=facts.get("httpMethod"), resource=facts.get("resource"), status=status)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if origin := os.environ.get("ALLOWED_ORIGIN"):
        headers["Access-Control-Allow-Origin"] = origin
    return {
        "statusCode": status,
        "headers": headers,
        "body": "" if body is None else json.dumps(body, default=_plain, ensure_ascii=False),
    }


def _error(status: int, message: str) -> _Answer:
    return status, {"error": {"code": HTTPStatus(status).phrase.replace(" ", ""), "message": message}}


def _route(event: Mapping[str, Any]) -> _Answer:
    route = f"{event.get('httpMethod')} {event.get('resource')}"
    if route not in _ROUTES:
        return _error(404, "no such route")
    return _ROUTES[route](Request(event))


def _health(request: Request) -> _Answer:
    return 200, {"status": "ok", "environment": os.environ.get("ENVIRONMENT")}


def _create_project(request: Request) -> _Answer:
    body = request.body()
    wish = body.pop("requirements", None)
    _known(body, "name", "type", "owner_id", "dependencies", "environment_vars", "deployment_config")
    project = work.store().create_project(**body)
    _tell(project.id, "project_created", {"name": project.name})
    if wish is None:
        return 201, _shown(project)
    task = _task(project.id, request=wish)
    work.send("pm", task)
    return 201, {**_shown(project), "task_id": task.task_id}


def _list_projects(request: Request) -> _Answer:
    query = request.query
    if "owner_id" in query:
        return 200, _list(work.store().projects_by_owner(query["owner_id"], **request.page()))
    return 200, _list(work.store().projects_by_status(query.get("status", "active"), **request.page()))


def _project(request: Request) -> _Answer:
    return 200, _shown(work.store().project(request.id))


def _change_project(request: Request) -> _Answer:
    body = request.body()
    _known(body, "name", "status", "dependencies", "environment_vars", "deployment_config")
    project = work.store().update_project(work.store().project(request.id), **body)
    _tell(project.id, "project_updated", {"status": project.status})
    return 200, _shown(project)


def _delete_project(request: Request) -> _Answer:
    project = work.store().project(request.id)
    if project.status != "deleted":
        work.store().update_project(project, status="deleted")
        _tell(project.id, "project_updated", {"status": "deleted"})
    return 204, None


def _modify(request: Request) -> _Answer:
    body = request.body()
    _known(body, "request", "requested_by")
    # Refused before anything is written, where the queue would not take it.
    task = _task(request.id, request=body.get("request", ""))
    made = work.store().create_modification(request.id, **body)
    work.send("pm", _task(request.id, request=made.request, modification_id=made.id, task_id=task.task_id))
    return 202, _shown(made)


def _files(request: Request) -> _Answer:
    return 200, _list(work.store().project_files(request.id, **request.page()))


def _docs(request: Request) -> _Answer:
    page = work.store().project_files(request.id, limit=100)
    return 200, {"items": [_shown(file) for file in page.items if file.path.endswith((".md", ".rst", ".txt"))]}


def _download(request: Request) -> _Answer:
    found = work.table().page(None, keys.project(ids.checked(ids.PROJECT, request.id)), "DEPLOY#", limit=1)[0]
    if not found:
        raise NotFound(f"no package yet: {request.id}")
    place = {"Bucket": os.environ["S3_BUCKET_NAME"], "Key": found[0]["package"]}
    url = work.bucket().generate_presigned_url("get_object", Params=place, ExpiresIn=_LINK_SECONDS)
    return 200, {"url": url, "expires_in_seconds": _LINK_SECONDS}


def _modifications(request: Request) -> _Answer:
    return 200, _list(work.store().modifications_of(request.id, **request.page()))


def _test(request: Request) -> _Answer:
    body = request.body()
    _known(body, "mode")
    work.store().project(request.id)
    task = _task(request.id, **body)
    work.send("qa", task)
    return 202, {"test_id": task.task_id}


def _test_results(request: Request) -> _Answer:
    partition = keys.project(ids.checked(ids.PROJECT, request.id))
    found, cursor = work.table().page(None, partition, "TEST#", newest_first=True, **request.page())
    shown = ("test_id", "files", "broken", "confidence", "passed")
    return 200, {"items": [{name: item[name] for name in shown} for item in found], "cursor": cursor}


def _modification(request: Request) -> _Answer:
    return 200, _shown(work.store().modification(request.id))


def _cancel(request: Request) -> _Answer:
    work.store().update_modification(work.store().modification(request.id), status="cancelled")
    return 204, None


def _create_template(request: Request) -> _Answer:
    body = request.body()
    files = body.pop("files", {})
    if not isinstance(files, dict):
        raise Invalid("files: an object of texts by path is needed")
    known = ("required_vars", "optional_vars", "tech_stack", "tags", "estimated_setup_time", "complexity")
    _known(body, "name", "description", "category", *known)
    made = work.store().create_template(files=[File(path=path, content=text) for path, text in files.items()], **body)
    return 201, _shown(made)


def _list_templates(request: Request) -> _Answer:
    query = request.query
    if "tag" in query:
        return 200, _list(work.store().templates_by_tag(query["tag"], **request.page()))
    if "category" not in query:
        raise Invalid("category or tag: one of them is needed")
    return 200, _list(work.store().templates_by_category(query["category"], **request.page()))


def _template(request: Request) -> _Answer:
    return 200, _shown(work.store().template(request.id))


_ROUTES: Mapping[str, Callable[[Request], _Answer]] = {
    "GET /health": _health,
    "POST /api/projects": _create_project,
    "GET /api/projects": _list_projects,
    "GET /api/projects/{id}": _project,
    "PUT /api/projects/{id}": _change_project,
    "DELETE /api/projects/{id}": _delete_project,
    "POST /api/projects/{id}/modify": _modify,
    "GET /api/projects/{id}/files": _files,
    "GET /api/projects/{id}/download": _download,
    "GET /api/projects/{id}/modifications": _modifications,
    "GET /api/projects/{id}/docs": _docs,
    "POST /api/projects/{id}/test": _test,
    "GET /api/projects/{id}/test-results": _test_results,
    "GET /api/modifications/{id}": _modification,
    "DELETE /api/modifications/{id}": _cancel,
    "POST /api/templates": _create_template,
    "GET /api/templates": _list_templates,
    "GET /api/templates/{id}": _template,
}


def _task(project_id: str, *, task_id: str = "", **facts: Any) -> work.Task:
    made = task_id or ids.new_id(ids.TEST, datetime.now(UTC))
    return work.Task(project_id=project_id, task_id=made, **facts)


def _tell(project_id: str, event: str, facts: dict[str, Any]) -> None:
    Connections(work.table(), post).tell(project_id, event, facts)


def _known(body: Mapping[str, Any], *names: str) -> None:
    """Refuse fields that a caller may not set: API Gateway does so too, but is not the only way to the function."""
    if unknown := sorted(set(body) - set(names)):
        raise Invalid(f"{', '.join(unknown)[:200]}: not a field of this request; known: {', '.join(names)}")


def _shown(entity: Any) -> dict[str, Any]:
    return {field.name: getattr(entity, field.name) for field in fields(entity)}


def _list(page: Page[Any]) -> dict[str, Any]:
    return {"items": [_shown(entity) for entity in page.items], "cursor": page.cursor}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value)
