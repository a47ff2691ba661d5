"""From rows of the old tables to what the new one holds.

PostgreSQL hands over every value as text or as a list of texts, so that a value that Python cannot hold, such as the
time `infinity`, refuses its own row and not the page that it is in.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from agenticai_shared import ids, items, keys
from agenticai_shared.errors import Invalid
from agenticai_shared.items import Item
from agenticai_shared.models import File, Modification, ProjectContext, Template
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Entity = ProjectContext | Modification | Template
DIGEST = "source_digest"  # the attribute that tells what a migrated item was made of


class Refused(Exception):
    """A row that cannot be migrated; the message is the reason, in one line."""


@dataclass(frozen=True)
class Parcel:
    """One row on its way: what it becomes, with the files below it."""

    row: str
    entity: Entity
    files: tuple[File, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.entity, self.files)

    def item(self) -> Item:
        if isinstance(self.entity, ProjectContext):
            item = items.of_project(self.entity)
        elif isinstance(self.entity, Modification):
            item = items.of_modification(self.entity)
        else:
            item = items.of_template(self.entity)
        return {**item, DIGEST: self.digest}

    def read_back(self, item: Item) -> Entity:
        """Return the entity of this row's kind that an item holds."""
        if isinstance(self.entity, ProjectContext):
            return items.to_entity(ProjectContext, item)
        if isinstance(self.entity, Modification):
            return items.to_entity(Modification, item)
        return items.to_entity(Template, item)

    def below(self) -> list[Item]:
        """Return the items of the files and tags."""
        partition = self.item()["PK"]
        tags = self.entity.tags if isinstance(self.entity, Template) else ()
        return [
            *(items.of_file(partition, file) for file in self.files),
            *(items.of_tag(self.entity.id, tag) for tag in tags),
        ]


def digest(entity: Entity, files: Iterable[File]) -> str:
    """Return the SHA-256 of what an entity and its files say; the version, which counts changes, is left out."""
    said = {name: value for name, value in vars(entity).items() if name != "version"}
    found = {file.path: [file.kind, file.content] for file in files}
    text = json.dumps([said, found], default=_canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, datetime):
        return keys.stamp(value)
    raise TypeError(type(value).__name__)


def _json(value: Any) -> Any:
    if value is None:
        return None
    try:
        # Python's int refuses texts of more than 4,300 digits in words of its own.
        return json.loads(value, parse_float=Decimal, parse_int=Decimal)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _moment(value: Any) -> Any:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no time from year 1 to 9999") from None
    # Columns without a zone hold UTC: so the application wrote them.
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _decimal(value: Any) -> Any:
    try:
        return None if value is None else Decimal(value)
    except InvalidOperation:
        raise ValueError("is no number") from None


def _listed(value: Any) -> Any:
    return [] if value is None else value


Json = Annotated[Any, BeforeValidator(_json)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Score = Annotated[Decimal | None, BeforeValidator(_decimal)]
Texts = Annotated[list[str], BeforeValidator(_listed)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: uuid.UUID
    created_at: Moment

    def parcel(self) -> Parcel:
        raise NotImplementedError


class ProjectRow(_Row):
    """A row of project_contexts."""

    name: str
    type: str
    status: str
    owner_id: str
    codebase: Json
    dependencies: Texts
    environment_vars: Json
    deployment_config: Json
    test_coverage: Score
    security_score: Score
    performance_score: Score
    updated_at: Moment
    last_deployed_at: Moment | None

    def parcel(self) -> Parcel:
        fields = self.model_dump(exclude={"id", "codebase"})
        fields |= {name: {} for name in ("environment_vars", "deployment_config") if fields[name] is None}
        project = ProjectContext(id=ids.new_id(ids.PROJECT, self.created_at, self.id), **fields)
        return Parcel(str(self.id), project, _files("codebase", self.codebase))


class ModificationRow(_Row):
    """A row of modifications, with the time at which its project was made, which is part of the project's id."""

    project_id: uuid.UUID
    project_created_at: Moment
    request: str
    requested_by: str
    status: str
    impact_analysis: Json
    affected_files: Texts
    applied_at: Moment | None
    modified_files: Json
    test_results: Json

    def parcel(self) -> Parcel:
        fields = self.model_dump(exclude={"id", "created_at", "project_id", "project_created_at"})
        modification = Modification(
            id=ids.new_id(ids.MODIFICATION, self.created_at, self.id),
            project_id=ids.new_id(ids.PROJECT, self.project_created_at, self.project_id),
            requested_at=self.created_at,
            **fields,
        )
        return Parcel(str(self.id), modification)


class TemplateRow(_Row):
    """A row of templates."""

    name: str
    description: str | None
    category: str
    files: Json
    required_vars: Texts
    optional_vars: Texts
    tech_stack: Texts
    estimated_setup_time: int
    complexity: str
    tags: Texts
    updated_at: Moment

    def parcel(self) -> Parcel:
        fields = self.model_dump(exclude={"id", "files", "description"})
        template = Template(
            id=ids.new_id(ids.TEMPLATE, self.created_at, self.id), description=self.description or "", **fields
        )
        return Parcel(str(self.id), template, _files("files", self.files))


def parcel(model: type[_Row], row: Mapping[str, str | Sequence[Any] | None]) -> Parcel:
    """Return what becomes of a row. Raises Refused."""
    try:
        return model.model_validate(dict(row)).parcel()
    except ValidationError as error:
        reasons = [f"{'.'.join(map(str, one['loc']))}: {_reason(one)}" for one in error.errors()]
        raise Refused(_line("; ".join(reasons))) from None
    except (Invalid, RecursionError) as error:
        raise Refused(_line(str(error)) if isinstance(error, Invalid) else "JSON is nested too deeply") from None


def _reason(error: Any) -> str:
    if error["input"] is None:
        return "is null"
    return error["msg"].removeprefix("Value error, ")


def _line(text: str) -> str:
    return " ".join(text.split())[:500]


def _files(column: str, value: Any) -> tuple[File, ...]:
    """Return the files in a JSON object of paths and contents; a content that is no text is kept as its JSON."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise Invalid(f"{column}: a JSON object of paths and contents is needed, not {type(value).__name__}")
    return tuple(
        File(path=path, content=content)
        if isinstance(content, str)
        else File(path=path, content=_text(content), kind="json")
        for path, content in value.items()
    )


def _text(value: Any) -> str:
    """Return the JSON text of a value with every digit of its numbers, which json.dumps cannot."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
