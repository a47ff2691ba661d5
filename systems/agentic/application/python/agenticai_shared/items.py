"""From entities to items of the table, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from agenticai_shared import keys
from agenticai_shared.models import File, Modification, ProjectContext, Template

Item = dict[str, Any]
_E = TypeVar("_E", ProjectContext, Modification, Template)

_MOMENTS = ("created_at", "updated_at", "last_deployed_at", "requested_at", "applied_at")
_INTEGERS = ("version", "estimated_setup_time")
# What may move to S3 where an item grows beyond DynamoDB's limit.
MOVABLE = frozenset(
    {
        "content",
        "environment_vars",
        "deployment_config",
        "dependencies",
        "request",
        "impact_analysis",
        "modified_files",
        "test_results",
        "affected_files",
        "description",
    }
)


def of_project(project: ProjectContext) -> Item:
    created = keys.stamp(project.created_at)
    return {
        **keys.key(keys.project(project.id), keys.METADATA),
        "GSI1PK": keys.owner(project.owner_id),
        "GSI1SK": f"PROJECT#{created}",
        "GSI2PK": keys.status(project.status),
        "GSI2SK": keys.project(project.id),
        **_plain(project),
    }


def of_modification(modification: Modification) -> Item:
    return {
        **keys.key(keys.project(modification.project_id), keys.modification(modification.id)),
        "GSI1PK": keys.status(modification.status),
        "GSI1SK": f"{keys.MODIFICATION}{keys.stamp(modification.requested_at)}",
        "GSI2PK": keys.modification(modification.id),
        "GSI2SK": keys.METADATA,
        **_plain(modification),
    }


def of_template(template: Template) -> Item:
    return {
        **keys.key(keys.template(template.id), keys.METADATA),
        "GSI1PK": keys.category(template.category),
        "GSI1SK": f"TEMPLATE#{keys.stamp(template.created_at)}",
        **_plain(template),
    }


def of_tag(template_id: str, tag: str) -> Item:
    return {
        **keys.key(keys.template(template_id), keys.tag(tag)),
        "GSI2PK": keys.tag(tag),
        "GSI2SK": keys.template(template_id),
    }


def of_file(partition: str, file: File) -> Item:
    return {**keys.key(partition, keys.file(file.path)), "path": file.path, "content": file.content, "kind": file.kind}


def to_file(item: Mapping[str, Any]) -> File:
    return File(path=item["path"], content=item["content"], kind=item["kind"])


def to_entity(cls: type[_E], item: Mapping[str, Any]) -> _E:
    """Return the entity in an item; attributes that are none of its fields are the table's own business."""
    return cls(**{field.name: _read(field.name, item[field.name]) for field in fields(cls) if field.name in item})


def _plain(entity: Any) -> Item:
    found = {field.name: getattr(entity, field.name) for field in fields(entity)}
    return {name: _written(value) for name, value in found.items() if value is not None}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return keys.stamp(value)
    return list(value) if isinstance(value, tuple) else value


def _read(name: str, value: Any) -> Any:
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    return int(value) if name in _INTEGERS and isinstance(value, Decimal) else value
