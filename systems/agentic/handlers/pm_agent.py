"""Project management: writes a plan for a request, and hands its tasks to development."""

from __future__ import annotations

import json
from typing import Any

from agenticai_shared import documents, parameters, work
from agenticai_shared.connections import Connections, post

# Read when the function starts, not at each message.
PARAMETERS = parameters.load()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Plan each request of a batch."""
    return work.process(event, plan)


def plan(task: work.Task) -> None:
    """Start a modification, keep the plan, and ask development for it. Done again, it changes nothing but the plan."""
    store = work.store()
    store.project(task.project_id)
    if task.modification_id:
        modification = store.modification(task.modification_id, task.project_id)
        if modification.status in ("applied", "rejected", "cancelled"):
            return  # delivered late: it is decided already
        if modification.status != "in_progress":
            store.update_modification(modification, status="in_progress")
    steps = _steps(task)
    body = json.dumps({"task_id": task.task_id, "modification_id": task.modification_id, "steps": steps})
    work.save(f"plans/{task.project_id}/{task.task_id}.json", body.encode())
    work.send("dev", task)
    Connections(work.table(), post).tell(
        task.project_id, "modification_started", {"modification_id": task.modification_id, "steps": len(steps)}
    )


def _steps(task: work.Task) -> list[str]:
    if task.subject == "documents":
        return [f"write {path}" for path in documents.PATHS.values()]
    return [line.strip() for line in task.request.splitlines() if line.strip()] or ["review the project"]
