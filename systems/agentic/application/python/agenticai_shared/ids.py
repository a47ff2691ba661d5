"""Identifiers: the application's prefix and time, so that they sort by creation, and what makes them unique.

The documents' form `proj_20260131_120000` names two things that are made in one second alike. Here follow the
microsecond and a UUID: 122 random bits, or, for a row that comes from PostgreSQL, the row's own key. So a row always
gets the same id, its old key can be read off it, and old and new rows sort together by their time.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

from agenticai_shared.errors import Invalid
from agenticai_shared.values import moment

PROJECT, MODIFICATION, TEMPLATE, TEST = "proj", "mod", "tmpl", "test"
# The short form is that of the documents: accepted where an id is given, never made.
_FORM = re.compile(r"(proj|mod|tmpl|test)_[0-9]{8}_[0-9]{6}(?:_[0-9]{6}_([0-9a-f]{32}))?")


def new_id(prefix: str, at: datetime, unique: uuid.UUID | None = None) -> str:
    """Return an id for something made at a time; `unique` is the key of the row that it comes from, if it does."""
    made = moment("created_at", at)
    return f"{prefix}_{made.year:04}{made:%m%d_%H%M%S_%f}_{(unique or uuid.uuid4()).hex}"


def checked(prefix: str, value: Any) -> str:
    """Return an id if it has the form of its kind."""
    if not isinstance(value, str) or not (match := _FORM.fullmatch(value)) or match[1] != prefix:
        raise Invalid(f"not an id of the form {prefix}_YYYYMMDD_HHMMSS_…: {str(value)[:80]!r}")
    return value


def row_key(value: str) -> uuid.UUID | None:
    """Return the UUID in an id: for a migrated row its key in PostgreSQL."""
    match = _FORM.fullmatch(value)
    return uuid.UUID(match[2]) if match and match[2] else None
