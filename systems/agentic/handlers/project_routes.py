"""Routes of projects: making, listing and changing them, their files, packages and tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

import websocket
from agenticai_shared import ids, keys, work
from agenticai_shared.errors import NotFound
from api_parts import Answer, Request, Route, listed, shown, task, undone_by

_LINK_SECONDS = 900
_RESULT = ("test_id", "files", "broken", "confidence", "passed")


def _create(request: Request) -> Answer:
    more = ("requirements", "dependencies", "environment_vars", "deployment_config")
    body = request.body("name", "type", "owner_id", optional=more)
    wish = body.pop("requirements", None)
    id = ids.new_id(ids.PROJECT, datetime.now(UTC))
    # Refused before anything is written, where the queue would not take it.
    wanted = None if wish is None else task(id, request=wish)
    project = work.store().create_project(id=id, **body)
    if wanted is not None:
        with undone_by(lambda: work.store().delete_project(id)):
            work.send("pm", wanted)
    websocket.tell(id, "project_created", {"name": project.name})
    return 201, {**shown(project), **({"task_id": wanted.task_id} if wanted else {})}


def _list(request: Request) -> Answer:
    query = request.query
    if "owner_id" in query:
        return listed(work.store().projects_by_owner(query["owner_id"], **request.page()))
    return listed(work.store().projects_by_status(query.get("status", "active"), **request.page()))


def _show(request: Request) -> Answer:
    return 200, shown(work.store().project(request.id))


def _change(request: Request) -> Answer:
    body = request.body(optional=("name", "status", "dependencies", "environment_vars", "deployment_config"))
    project = work.store().update_project(work.store().project(request.id), **body)
    websocket.tell(project.id, "project_updated", {"status": project.status})
    return 200, shown(project)


def _delete(request: Request) -> Answer:
    project = work.store().project(request.id)
    if project.status != "deleted":
        work.store().update_project(project, status="deleted")
        websocket.tell(project.id, "project_updated", {"status": "deleted"})
    return 204, None


def _files(request: Request) -> Answer:
    work.store().project(request.id)
    return listed(work.store().project_files(request.id, **request.page()))


def _download(request: Request) -> Answer:
    found = work.table().page(None, keys.project(ids.checked(ids.PROJECT, request.id)), "DEPLOY#", limit=1)[0]
    if not found:
        raise NotFound(f"no package yet: {request.id}")
    place = {"Bucket": os.environ["S3_BUCKET_NAME"], "Key": found[0]["package"]}
    url = work.bucket().generate_presigned_url("get_object", Params=place, ExpiresIn=_LINK_SECONDS)
    return 200, {"url": url, "expires_in_seconds": _LINK_SECONDS}


def _test(request: Request) -> Answer:
    body = request.body(optional=("mode",))
    work.store().project(request.id)
    wanted = task(request.id, **body)
    work.send("qa", wanted)
    return 202, {"test_id": wanted.task_id}


def _test_results(request: Request) -> Answer:
    work.store().project(request.id)
    found, cursor = work.table().page(None, keys.project(request.id), "TEST#", newest_first=True, **request.page())
    return 200, {"items": [{name: item[name] for name in _RESULT} for item in found], "cursor": cursor}


ROUTES: Mapping[str, Route] = {
    "POST /api/projects": _create,
    "GET /api/projects": _list,
    "GET /api/projects/{id}": _show,
    "PUT /api/projects/{id}": _change,
    "DELETE /api/projects/{id}": _delete,
    "GET /api/projects/{id}/files": _files,
    "GET /api/projects/{id}/download": _download,
    "POST /api/projects/{id}/test": _test,
    "GET /api/projects/{id}/test-results": _test_results,
}
