"""Routes of templates, and projects that are made from one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import websocket
from agenticai_shared import ids, values, work
from agenticai_shared.errors import Invalid
from agenticai_shared.models import File, Template
from api_parts import Answer, Request, Route, listed, shown

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_LONGEST_FILE = 5_000_000  # characters that a template may grow to: the function has 512 MB


def _create(request: Request) -> Answer:
    more = ("required_vars", "optional_vars", "tech_stack", "tags", "estimated_setup_time", "complexity", "files")
    body = request.body("name", "description", "category", optional=more)
    files = body.pop("files", {})
    if not isinstance(files, dict):
        raise Invalid("files: an object of texts by path is needed")
    made = work.store().create_template(files=[File(path=path, content=text) for path, text in files.items()], **body)
    return 201, shown(made)


def _list(request: Request) -> Answer:
    query = request.query
    if "tag" in query:
        return listed(work.store().templates_by_tag(query["tag"], **request.page()))
    if "category" not in query:
        raise Invalid("category or tag: one of them is needed")
    return listed(work.store().templates_by_category(query["category"], **request.page()))


def _show(request: Request) -> Answer:
    return 200, shown(work.store().template(request.id))


def _make_project(request: Request) -> Answer:
    """Make a project of a template: its files, with variables put in where they say {{ name }}."""
    body = request.body("template_id", "name", "owner_id", optional=("variables",))
    template = work.store().template(ids.checked(ids.TEMPLATE, body.pop("template_id")))
    variables = _variables(template, body.pop("variables", {}))
    # A category is a word for a project's type as well.
    project = work.store().create_project(
        files=list(_files(template, variables)), type=template.category, dependencies=template.tech_stack, **body
    )
    websocket.tell(project.id, "project_created", {"name": project.name})
    return 201, shown(project)


def _variables(template: Template, given: Any) -> Mapping[str, str]:
    """Return the variables' values. Raises Invalid where one is missing, unknown or no text."""
    if not isinstance(given, dict):
        raise Invalid("variables: an object of texts by name is needed")
    if missing := [name for name in template.required_vars if name not in given]:
        raise Invalid(f"variables: {', '.join(missing)[:200]} missing")
    known = (*template.required_vars, *template.optional_vars)
    if unknown := sorted(set(given) - set(known)):
        raise Invalid(f"variables: {', '.join(unknown)[:200]}: not of this template; known: {', '.join(known)[:200]}")
    return {name: values.text(f"variables.{name}", value, 10_000, empty=True) for name, value in given.items()}


def _files(template: Template, variables: Mapping[str, str]) -> Iterator[File]:
    cursor = None
    while True:
        page = work.store().template_files(template.id, limit=100, cursor=cursor)
        yield from (File(path=file.path, content=_filled(file, variables), kind=file.kind) for file in page.items)
        if (cursor := page.cursor) is None:
            return


def _filled(file: File, variables: Mapping[str, str]) -> str:
    """Return a file's content with variables put in; names that are none stay as they are."""
    growth = sum(len(variables.get(place[1], "")) for place in _PLACE.finditer(file.content))
    if growth and len(file.content) + growth > _LONGEST_FILE:
        raise Invalid(f"variables: {file.path[:80]} would grow beyond {_LONGEST_FILE:,} characters")
    return _PLACE.sub(lambda place: variables.get(place[1], place[0]), file.content)


ROUTES: Mapping[str, Route] = {
    "POST /api/templates": _create,
    "GET /api/templates": _list,
    "GET /api/templates/{id}": _show,
    "POST /api/projects/from-template": _make_project,
}
