"""Development: has the model write what a task asks for, keeps it, and hands it to quality assurance.

A project's documents it writes itself, from what the project has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agenticai_shared import documents, language, parameters, work
from agenticai_shared.connections import Connections, post
from agenticai_shared.models import File

PARAMETERS = parameters.load()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Write what each task of a batch asks for."""
    return work.process(event, develop)


def develop(task: work.Task) -> None:
    """Write what a task asks for. Done again, it replaces itself."""
    if task.subject == "documents":
        _document(task)
    else:
        _program(task)


def _program(task: work.Task) -> None:
    """Write one file for the task, named after it."""
    project = work.store().project(task.project_id)
    content = language.model(PARAMETERS).complete(f"{project.name} ({project.type}): {task.request}")
    path = f"src/{task.task_id}.py"
    _keep(task.project_id, [File(path=path, content=content)])
    work.send("qa", task)
    _tell(task.project_id, "modification_progress", {"modification_id": task.modification_id, "files": [path]})


def _document(task: work.Task) -> None:
    """Write the project's documents over the last ones; there is nothing in them to test."""
    project = work.store().project(task.project_id)
    written = documents.write(project, list(work.files(task.project_id)))
    _keep(task.project_id, written)
    _tell(task.project_id, "project_updated", {"documents": [file.path for file in written]})


def _keep(project_id: str, files: Sequence[File]) -> None:
    """Keep files where the application reads them, and in the bucket for packages."""
    work.store().save_project_files(project_id, files)
    for file in files:
        work.save(f"projects/{project_id}/{file.path}", file.content.encode())


def _tell(project_id: str, event: str, facts: dict[str, Any]) -> None:
    Connections(work.table(), post).tell(project_id, event, facts)
