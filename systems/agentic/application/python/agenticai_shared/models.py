"""The application's entities (AGENTIC-09.2): frozen, typed, and checked when they are made.

Dataclasses, not pydantic: its compiled core would make the layer several megabytes, tied to one processor and one
Python, and a cold start slower. The operator's tools, which run outside, check rows with pydantic before these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from agenticai_shared import ids, values
from agenticai_shared.errors import Invalid

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[_T]):
    """One page of a list; `cursor` asks for the next, None where there is none."""

    items: tuple[_T, ...]
    cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a project or a template. `kind` is json where the content is the JSON text of no mere text."""

    path: str
    content: str
    kind: str = "text"

    def __post_init__(self) -> None:
        values.key_text("path", self.path)
        # Far beyond what a model writes, and what a function of 512 MB reads back without trouble.
        values.text(f"file {self.path[:80]}", self.content, 50_000_000, empty=True)
        values.word("kind", self.kind, ("text", "json"))


@dataclass(frozen=True, kw_only=True)
class ProjectContext:
    """A generated project; its files are items of their own. Scores run from 0 to 1."""

    id: str
    name: str
    type: str
    owner_id: str
    created_at: datetime
    updated_at: datetime
    status: str = "active"
    dependencies: Sequence[str] = ()
    environment_vars: Mapping[str, Any] = field(default_factory=dict)
    deployment_config: Mapping[str, Any] = field(default_factory=dict)
    test_coverage: Decimal | None = None
    security_score: Decimal | None = None
    performance_score: Decimal | None = None
    last_deployed_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        _set(self, "id", ids.checked(ids.PROJECT, self.id))
        _set(self, "name", values.text("name", self.name, 1_000))
        _set(self, "type", values.word("type", self.type, values.PROJECT_TYPES, values.PROJECT_TYPE_WORDS))
        _set(self, "status", values.word("status", self.status, values.PROJECT_STATUSES))
        _set(self, "owner_id", values.key_text("owner_id", self.owner_id))
        _each(self, values.texts, "dependencies")
        _each(self, values.document, "environment_vars", "deployment_config")
        _each(self, values.score, "test_coverage", "security_score", "performance_score")
        _each(self, values.moment, "created_at", "updated_at", "last_deployed_at")
        _version(self.version)


@dataclass(frozen=True, kw_only=True)
class Modification:
    """A change that somebody asks of a project, and what became of it."""

    id: str
    project_id: str
    request: str
    requested_by: str
    requested_at: datetime
    status: str = "pending"
    impact_analysis: Mapping[str, Any] | None = None
    affected_files: Sequence[str] = ()
    applied_at: datetime | None = None
    modified_files: Mapping[str, Any] | None = None
    test_results: Mapping[str, Any] | None = None
    version: int = 1

    def __post_init__(self) -> None:
        _set(self, "id", ids.checked(ids.MODIFICATION, self.id))
        _set(self, "project_id", ids.checked(ids.PROJECT, self.project_id))
        _set(self, "request", values.text("request", self.request, 50_000_000))
        _set(self, "requested_by", values.text("requested_by", self.requested_by, 1_000))
        states = tuple(values.MODIFICATION_MOVES)
        _set(self, "status", values.word("status", self.status, states, values.MODIFICATION_WORDS))
        _each(self, values.texts, "affected_files")
        _each(self, values.document, "impact_analysis", "modified_files", "test_results")
        _each(self, values.moment, "requested_at", "applied_at")
        _version(self.version)

    def may_become(self, status: str) -> bool:
        """Say whether a state may follow on this one; staying in a state is no move."""
        return status in values.MODIFICATION_MOVES[self.status]


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template that projects are made from; its files and tags are items of their own. Set-up time in minutes."""

    id: str
    name: str
    description: str
    category: str
    created_at: datetime
    updated_at: datetime
    required_vars: Sequence[str] = ()
    optional_vars: Sequence[str] = ()
    tech_stack: Sequence[str] = ()
    tags: Sequence[str] = ()
    estimated_setup_time: int = 15
    complexity: str = "medium"
    version: int = 1

    def __post_init__(self) -> None:
        _set(self, "id", ids.checked(ids.TEMPLATE, self.id))
        _set(self, "name", values.text("name", self.name, 1_000))
        _set(self, "description", values.text("description", self.description, 50_000_000, empty=True))
        _set(self, "category", values.word("category", self.category, values.TEMPLATE_CATEGORIES))
        _set(self, "complexity", values.word("complexity", self.complexity, values.COMPLEXITIES))
        _each(self, values.texts, "required_vars", "optional_vars", "tech_stack", "tags")
        # A tag is an item, so it is there once; sorted, as the items are.
        _set(self, "tags", tuple(sorted({values.key_text("tags", tag) for tag in self.tags})))
        if len(self.tags) > 40:  # tags change in one transaction with their template: 100 items, a tag out, a tag in
            raise Invalid(f"tags: {len(self.tags)} given, more than 40")
        minutes = self.estimated_setup_time
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= 100_000:
            raise Invalid("estimated_setup_time: minutes from 0 to 100000 are needed")
        _each(self, values.moment, "created_at", "updated_at")
        _version(self.version)


def _set(entity: Any, name: str, value: Any) -> None:
    object.__setattr__(entity, name, value)


def _each(entity: Any, check: Any, *names: str) -> None:
    """Put each field through a check; None means that there is no value, where the type allows it."""
    optional = {"test_coverage", "security_score", "performance_score", "last_deployed_at", "applied_at"}
    optional |= {"impact_analysis", "modified_files", "test_results"}
    for name in names:
        value = getattr(entity, name)
        if value is not None or name not in optional:
            _set(entity, name, check(name, value))


def _version(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Invalid("version: a number from 1 is needed")
