"""Data access for projects, modifications and templates on the single table (AGENTIC-09.1, 09.5).

The ten access patterns are the ten public methods that read entities and files. Lists are paged by cursors; lists that
go through an index, and a modification by its id, may lag a second behind a write.

Deleting: the API's DELETE sets a project's status to `deleted`, as the API reference and the database's own status say;
`delete_project` removes it for good, with all that lies below it, for whoever clears up.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from agenticai_shared import ids, items, keys, values
from agenticai_shared.errors import Conflict, Invalid, NotFound, StoreError
from agenticai_shared.items import Item
from agenticai_shared.models import File, Modification, Page, ProjectContext, Template
from agenticai_shared.table import Table
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

_E = TypeVar("_E", ProjectContext, Modification, Template)
_INDEXED = ("GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK")
_COMPLETE = Attr("pending").not_exists()


class Store:
    """The application's data. Methods raise the errors of agenticai_shared.errors."""

    def __init__(self, table: Table, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._table, self._now = table, now

    # Projects

    def create_project(self, *, files: Iterable[File] = (), **fields: Any) -> ProjectContext:
        """Make a project, with a new id, and its files; nobody sees it before all of it is written."""
        now = self._now()
        made = ProjectContext(**{"id": ids.new_id(ids.PROJECT, now), "created_at": now, "updated_at": now} | fields)
        self._create(items.of_project(made), [items.of_file(keys.project(made.id), file) for file in files])
        return made

    def project(self, id: str) -> ProjectContext:
        """Access pattern: project by id."""
        return self._entity(ProjectContext, keys.project(ids.checked(ids.PROJECT, id)), id)

    def projects_by_owner(self, owner: str, *, limit: int = 25, cursor: str | None = None) -> Page[ProjectContext]:
        """Access pattern: projects by owner, the newest first."""
        return self._entities(ProjectContext, "GSI1", keys.owner(owner), limit, cursor)

    def projects_by_status(self, status: str, *, limit: int = 25, cursor: str | None = None) -> Page[ProjectContext]:
        """Access pattern: projects by status, the newest first."""
        values.word("status", status, values.PROJECT_STATUSES)
        return self._entities(ProjectContext, "GSI2", keys.status(status), limit, cursor)

    def update_project(self, project: ProjectContext, **changes: Any) -> ProjectContext:
        """Change a project as it was read; raises Conflict where somebody else changed it since."""
        return self._update(project, items.of_project, changes)

    def delete_project(self, id: str) -> None:
        """Remove a project for good, with its files, modifications, plans, deployments and test results."""
        self._delete(keys.project(ids.checked(ids.PROJECT, id)), id)

    # Files

    def project_files(self, id: str, *, limit: int = 25, cursor: str | None = None) -> Page[File]:
        """Access pattern: files of a project, by path."""
        return self._files(keys.project(ids.checked(ids.PROJECT, id)), limit, cursor)

    def template_files(self, id: str, *, limit: int = 25, cursor: str | None = None) -> Page[File]:
        return self._files(keys.template(ids.checked(ids.TEMPLATE, id)), limit, cursor)

    def save_project_files(self, id: str, files: Iterable[File]) -> None:
        """Write files of a project, over those of the same path; up to 20 hold or fail together."""
        partition = keys.project(ids.checked(ids.PROJECT, id))
        self._table.put_together(
            keys.key(partition, keys.METADATA),
            [items.of_file(partition, file) for file in _once(files)],
            new=False,
            missing=f"no such project: {id}",
            refusal=f"files of {id} changed at the same time",
        )

    # Modifications

    def create_modification(self, project_id: str, **fields: Any) -> Modification:
        """Ask for a modification of a project, which must exist."""
        now = self._now()
        made = Modification(
            **{"id": ids.new_id(ids.MODIFICATION, now), "project_id": project_id, "requested_at": now} | fields
        )
        self._table.put_together(
            keys.key(keys.project(project_id), keys.METADATA),
            [items.of_modification(made)],
            new=True,
            missing=f"no such project: {project_id}",
            refusal=f"exists already: {made.id}",
        )
        return made

    def modification(self, id: str, project_id: str | None = None) -> Modification:
        """Access pattern: modification by id. Whoever knows its project does not wait for the index."""
        partition = keys.modification(ids.checked(ids.MODIFICATION, id))
        if project_id is None:
            found, _ = self._table.page("GSI2", partition, limit=1)
            # The index may lag, so what it names is read from the table itself.
            at = keys.key(found[0]["PK"], found[0]["SK"]) if found else None
        else:
            at = keys.key(keys.project(ids.checked(ids.PROJECT, project_id)), partition)
        item = self._table.get(at) if at else None
        if item is None:
            raise NotFound(f"no such modification: {id}")
        return items.to_entity(Modification, item)

    def modifications_of(self, project_id: str, *, limit: int = 25, cursor: str | None = None) -> Page[Modification]:
        """Access pattern: modifications of a project, the newest first."""
        partition = keys.project(ids.checked(ids.PROJECT, project_id))
        return self._entities(Modification, None, partition, limit, cursor, keys.MODIFICATION)

    def modifications_by_status(self, status: str, *, limit: int = 25, cursor: str | None = None) -> Page[Modification]:
        """Access pattern: modifications by status, the newest first."""
        state = values.word("status", status, values.MODIFICATION_MOVES, values.MODIFICATION_WORDS)
        return self._entities(Modification, "GSI1", keys.status(state), limit, cursor)

    def update_modification(self, modification: Modification, **changes: Any) -> Modification:
        """Change a modification as it was read; raises Conflict for a state that may not follow on its own."""
        changed = replace(modification, **changes)
        if changed.status != modification.status and not modification.may_become(changed.status):
            raise Conflict(f"a modification that is {modification.status} cannot become {changed.status}")
        if changed.project_id != modification.project_id:
            raise Invalid("project_id: cannot be changed")
        return self._update(modification, items.of_modification, changes)

    # Templates

    def create_template(self, *, files: Iterable[File] = (), **fields: Any) -> Template:
        """Make a template, with a new id, its files and its tags; nobody sees it before all of it is written."""
        now = self._now()
        made = Template(**{"id": ids.new_id(ids.TEMPLATE, now), "created_at": now, "updated_at": now} | fields)
        children = [items.of_file(keys.template(made.id), file) for file in files]
        self._create(items.of_template(made), [*children, *(items.of_tag(made.id, tag) for tag in made.tags)])
        return made

    def template(self, id: str) -> Template:
        """Access pattern: template by id."""
        return self._entity(Template, keys.template(ids.checked(ids.TEMPLATE, id)), id)

    def templates_by_category(self, category: str, *, limit: int = 25, cursor: str | None = None) -> Page[Template]:
        """Access pattern: templates by category, the newest first."""
        values.word("category", category, values.TEMPLATE_CATEGORIES)
        return self._entities(Template, "GSI1", keys.category(category), limit, cursor)

    def templates_by_tag(self, tag: str, *, limit: int = 25, cursor: str | None = None) -> Page[Template]:
        """Access pattern: templates by tag, the newest first. A page may be short where a template went meanwhile."""
        found, more = self._table.page("GSI2", keys.tag(tag), limit=limit, cursor=cursor, newest_first=True)
        wanted = [item["GSI2SK"] for item in found]
        read = self._table.batch_get([keys.key(partition, keys.METADATA) for partition in wanted])
        by_partition = {item["PK"]: item for item in read if "pending" not in item and tag in item["tags"]}
        shown = [by_partition[partition] for partition in wanted if partition in by_partition]
        return Page(items=tuple(items.to_entity(Template, self._table.whole(item)) for item in shown), cursor=more)

    def update_template(self, template: Template, **changes: Any) -> Template:
        """Change a template as it was read; its tags change with it or not at all."""
        changed = _next(template, {"updated_at": self._now()} | changes)
        gone, new = set(template.tags) - set(changed.tags), set(changed.tags) - set(template.tags)
        if not gone and not new:
            return self._update(template, items.of_template, changes)
        token = uuid.uuid4().hex
        key = keys.key(keys.template(template.id), keys.METADATA)
        old = self._table.raw(key)
        item = self._table.blobs.fit({**items.of_template(changed), "token": token}, token)
        name = {"TableName": self._table.name}
        condition = {
            "ConditionExpression": "#version = :read AND attribute_not_exists(pending)",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":read": template.version},
        }
        actions = [{"Put": {**name, "Item": item, **condition}}]
        actions += [{"Put": {**name, "Item": items.of_tag(template.id, tag)}} for tag in sorted(new)]
        actions += [
            {"Delete": {**name, "Key": keys.key(keys.template(template.id), keys.tag(tag))}} for tag in sorted(gone)
        ]
        if not self._table.transact_if(actions, token):
            self._table.blobs.drop(item)
            raise Conflict(f"changed by somebody else: {template.id}")
        self._table.blobs.drop(old, keep=item)
        return changed

    def delete_template(self, id: str) -> None:
        """Remove a template for good, with its files and tags."""
        self._delete(keys.template(ids.checked(ids.TEMPLATE, id)), id)

    # What they share

    def _create(self, item: Item, children: list[Item]) -> None:
        """Write an item and what lies below it. The item comes first, unseen, and is shown last."""
        new, refusal = Attr("PK").not_exists(), f"exists already: {item['id']}"
        if not children:
            self._table.put(item, new, refusal)
            return
        children = list({child["SK"]: child for child in children}.values())
        unseen = {name: value for name, value in item.items() if name not in _INDEXED} | {"pending": True}
        self._table.put(unseen, new, refusal)
        try:
            token = uuid.uuid4().hex
            self._table.batch_write(self._table.blobs.fit(child, token) for child in children)
            self._table.put(item, Attr("pending").exists(), refusal)
        except BaseException:
            # What failed is told, not what keeps the remains from going; they stay unseen, and can be deleted by id.
            with contextlib.suppress(StoreError, ClientError):
                self._delete(item["PK"], item["id"])
            raise

    def _update(self, entity: _E, to_item: Callable[[Any], Item], changes: dict[str, Any]) -> _E:
        if not isinstance(entity, Modification):
            changes = {"updated_at": self._now()} | changes
        changed = _next(entity, changes)
        condition = Attr("version").eq(entity.version) & _COMPLETE
        self._table.put(to_item(changed), condition, f"changed or deleted by somebody else: {entity.id}")
        return changed

    def _delete(self, partition: str, id: str) -> None:
        """Remove a partition: from sight first, the item itself last, so that an interrupted call can be repeated."""
        key = keys.key(partition, keys.METADATA)
        if not self._table.mark(key, remove=_INDEXED):
            raise NotFound(f"no such item: {id}")
        below = [keys.key(item["PK"], item["SK"]) for item in self._table.partition(partition, names=("PK", "SK"))]
        self._table.batch_write(delete=[other for other in below if other != key])
        self._table.blobs.drop_all(partition)
        self._table.delete(key)

    def _entity(self, cls: type[_E], partition: str, id: str) -> _E:
        item = self._table.get(keys.key(partition, keys.METADATA))
        if item is None or "pending" in item:
            raise NotFound(f"no such item: {id}")
        return items.to_entity(cls, item)

    def _entities(
        self, cls: type[_E], index: str | None, partition: str, limit: int, cursor: str | None, prefix: str = ""
    ) -> Page[_E]:
        found, more = self._table.page(index, partition, prefix, limit=limit, cursor=cursor, newest_first=True)
        return Page(items=tuple(items.to_entity(cls, self._table.whole(item)) for item in found), cursor=more)

    def _files(self, partition: str, limit: int, cursor: str | None) -> Page[File]:
        found, more = self._table.page(None, partition, keys.FILE, limit=limit, cursor=cursor)
        return Page(items=tuple(items.to_file(self._table.whole(item)) for item in found), cursor=more)


def _next(entity: _E, changes: dict[str, Any]) -> _E:
    if "id" in changes or "version" in changes:
        raise Invalid("id and version: cannot be changed")
    return replace(entity, **changes, version=entity.version + 1)


def _once(files: Iterable[File]) -> Iterable[File]:
    """Return files by path, the last of each: one transaction takes no item twice."""
    return {file.path: file for file in files}.values()
