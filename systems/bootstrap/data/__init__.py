"""What the roles of the pipeline may do, as data, and the grammar of names in settings."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from components.account import Account
from components.grants import Statement
from plumbline import yaml12

ENVIRONMENT = re.compile(r"[a-z][a-z0-9]{1,11}")
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Row(BaseModel):
    """What the roles may do with one service: actions that only read, actions that change, and on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    resources: tuple[str, ...]
    conditions: dict[str, dict[str, str | tuple[str, ...]]] = {}


@functools.cache
def permissions() -> Mapping[str, Mapping[str, Row]]:
    """Return the rows by group (one managed policy each) and by name."""
    rows = yaml12.load(Path(__file__).with_name("permissions.yaml"))
    return TypeAdapter(dict[str, dict[str, Row]]).validate_python(rows)


def statements(group: str, account: Account, environment: str, *, change: bool) -> tuple[Statement, ...]:
    """Return a group's statements for an environment: with `change` both kinds of actions, else those that read."""
    words = {
        "partition": account.partition,
        "region": account.region,
        "account": account.account_id,
        "environment": environment,
    }
    found = []
    for name, row in permissions()[group].items():
        actions = (*row.read, *(row.change if change else ()))
        if actions:
            found.append(
                Statement(
                    sid="".join(part.capitalize() for part in name.split("-")),
                    actions=actions,
                    resources=tuple(resource.format(**words) for resource in row.resources),
                    conditions=_filled(row.conditions, words),
                )
            )
    return tuple(found)


def _filled(conditions: Mapping[str, Mapping[str, Any]], words: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    def fill(value: str | tuple[str, ...]) -> str | list[str]:
        return value.format(**words) if isinstance(value, str) else [item.format(**words) for item in value]

    return {operator: {key: fill(value) for key, value in keys.items()} for operator, keys in conditions.items()}
