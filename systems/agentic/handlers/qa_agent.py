"""Quality assurance: checks the files of a project, keeps the result, and hands what passed to operations."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from agenticai_shared import keys, parameters, work
from agenticai_shared.connections import Connections, post
from agenticai_shared.models import File
from boto3.dynamodb.conditions import Attr

PARAMETERS = parameters.load()
_PASS = Decimal(os.environ.get("QA_CONFIDENCE_PASS", "0.8"))


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Check the project of each task of a batch."""
    return work.process(event, check)


def check(task: work.Task) -> None:
    """Compile what is Python, store the share of files that are sound, and settle the modification by it."""
    store, clients = work.store(), Connections(work.table(), post)
    project = store.project(task.project_id)
    clients.tell(task.project_id, "test_started", {"test_id": task.task_id})
    files = list(work.files(task.project_id))
    broken = sorted(file.path for file in files if not _is_sound(file))
    confidence = Decimal(len(files) - len(broken)) / Decimal(len(files)) if files else Decimal(0)
    confidence = confidence.quantize(Decimal("0.01"))
    passed = confidence >= _PASS
    result = {"test_id": task.task_id, "files": len(files), "broken": broken, "confidence": str(confidence)}
    work.save(f"test_results/{task.project_id}/{task.task_id}.json", json.dumps(result).encode())
    item = {**keys.key(keys.project(project.id), f"TEST#{task.task_id}"), **result, "passed": passed}
    work.table().put(item, Attr("PK").not_exists() | Attr("PK").exists(), "refused")
    if task.modification_id:
        _settle(task, passed, result)
    if passed:
        work.send("ops", task)
    if task.modification_id:
        event = "modification_completed" if passed else "modification_failed"
        clients.tell(task.project_id, event, {"modification_id": task.modification_id})
    clients.tell(task.project_id, "test_completed", {"test_id": task.task_id, "passed": passed})


def _settle(task: work.Task, passed: bool, result: dict[str, Any]) -> None:
    modification = work.store().modification(task.modification_id, task.project_id)
    changes: dict[str, Any] = {"status": "applied", "applied_at": datetime.now(UTC)} if passed else {"status": "failed"}
    # Delivered twice, the second finds it settled.
    if modification.status == "in_progress":
        work.store().update_modification(modification, **changes, test_results=result)


def _is_sound(file: File) -> bool:
    if not file.path.endswith(".py"):
        return True
    try:
        compile(file.content, file.path, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
