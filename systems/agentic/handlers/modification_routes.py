"""Routes of modifications: asking for one, deciding on it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from agenticai_shared import ids, work
from agenticai_shared.errors import Conflict, Invalid
from agenticai_shared.models import Modification
from api_parts import Answer, Request, Route, listed, shown, task_of, undone_by

# What a history tells of each change; its contents are the modification's own route's.
_ENTRY = ("id", "request", "requested_by", "requested_at", "status", "applied_at")


def _ask(request: Request) -> Answer:
    """Record a modification and start it, or leave it to be approved where `needs_approval` says so."""
    body = request.body("request", "requested_by", optional=("needs_approval",))
    waits = body.pop("needs_approval", False)
    if not isinstance(waits, bool):
        raise Invalid("needs_approval: true or false is needed")
    now = datetime.now(UTC)
    fields = {"id": ids.new_id(ids.MODIFICATION, now), "requested_at": now, **body}
    # Refused before anything is written, where the queue would not take it.
    task_of(Modification(project_id=request.id, **fields))
    made = work.store().create_modification(request.id, **fields)
    if not waits:
        with undone_by(lambda: work.store().update_modification(made, status="cancelled")):
            work.send("pm", task_of(made))
    return 202, shown(made)


def _approve(request: Request) -> Answer:
    request.body()
    found = work.store().modification(request.id)
    # Approved already: the first answer, or the first message, was lost. Work under way has a state of its own.
    if found.status != "approved":
        _must_be_pending(found, "approved")
        found = work.store().update_modification(found, status="approved")
    work.send("pm", task_of(found))
    return 202, shown(found)


def _reject(request: Request) -> Answer:
    request.body()
    found = work.store().modification(request.id)
    if found.status != "rejected":
        _must_be_pending(found, "rejected")
        found = work.store().update_modification(found, status="rejected")
    return 200, shown(found)


def _must_be_pending(found: Modification, wanted: str) -> None:
    if found.status != "pending":
        raise Conflict(f"a modification that is {found.status} cannot become {wanted}")


def _list(request: Request) -> Answer:
    work.store().project(request.id)
    return listed(work.store().modifications_of(request.id, **request.page()))


def _history(request: Request) -> Answer:
    work.store().project(request.id)
    page = work.store().modifications_of(request.id, **request.page())
    return 200, {
        "items": [{name: getattr(found, name) for name in _ENTRY} for found in page.items],
        "cursor": page.cursor,
    }


def _show(request: Request) -> Answer:
    return 200, shown(work.store().modification(request.id))


def _cancel(request: Request) -> Answer:
    found = work.store().modification(request.id)
    if found.status != "cancelled":
        work.store().update_modification(found, status="cancelled")
    return 204, None


ROUTES: Mapping[str, Route] = {
    "POST /api/projects/{id}/modify": _ask,
    "GET /api/projects/{id}/modifications": _list,
    "GET /api/projects/{id}/history": _history,
    "GET /api/modifications/{id}": _show,
    "DELETE /api/modifications/{id}": _cancel,
    "POST /api/modifications/{id}/approve": _approve,
    "POST /api/modifications/{id}/reject": _reject,
}
