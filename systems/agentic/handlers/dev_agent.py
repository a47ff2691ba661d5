"""Development: has the model write what a task asks for, keeps it, and hands it to quality assurance."""

from __future__ import annotations

from typing import Any

from agenticai_shared import language, parameters, work
from agenticai_shared.connections import Connections, post
from agenticai_shared.models import File

PARAMETERS = parameters.load()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Write what each task of a batch asks for."""
    return work.process(event, develop)


def develop(task: work.Task) -> None:
    """Write one file for the task, named after it: done again, it replaces itself."""
    store = work.store()
    project = store.project(task.project_id)
    content = language.model(PARAMETERS).complete(f"{project.name} ({project.type}): {task.request}")
    path = f"src/{task.task_id}.py"
    store.save_project_files(task.project_id, [File(path=path, content=content)])
    work.save(f"projects/{task.project_id}/{path}", content.encode())
    work.send("qa", task)
    Connections(work.table(), post).tell(
        task.project_id, "modification_progress", {"modification_id": task.modification_id, "files": [path]}
    )
