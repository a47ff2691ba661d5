"""Routes of a project's documents: those that were generated, one by one or as a list, and having them written anew."""

from __future__ import annotations

from collections.abc import Mapping

from agenticai_shared import documents, items, keys, work
from agenticai_shared.errors import NotFound
from api_parts import Answer, Request, Route, shown, task

_ENDINGS = (".md", ".rst", ".txt")


def _list(request: Request) -> Answer:
    work.store().project(request.id)
    page = work.store().project_files(request.id, limit=100)
    return 200, {"items": [shown(file) for file in page.items if file.path.endswith(_ENDINGS)]}


def _one(name: str) -> Route:
    def show(request: Request) -> Answer:
        work.store().project(request.id)
        found = work.table().get(keys.key(keys.project(request.id), keys.file(documents.PATHS[name])))
        if found is None:
            raise NotFound(f"no {name} yet: {request.id}")
        return 200, shown(items.to_file(found))

    return show


def _regenerate(request: Request) -> Answer:
    request.body()
    work.store().project(request.id)
    wanted = task(request.id, subject="documents")
    work.send("pm", wanted)
    return 202, {"task_id": wanted.task_id, "documents": list(documents.PATHS.values())}


ROUTES: Mapping[str, Route] = {
    "GET /api/projects/{id}/docs": _list,
    **{f"GET /api/projects/{{id}}/docs/{name}": _one(name) for name in documents.PATHS},
    "POST /api/projects/{id}/docs/regenerate": _regenerate,
}
