"""The settled vocabulary of the application, and the checks of single values.

Where the documents disagree, one reading is stored and the other is understood:
- Project types are those of the database. The API reference's `web`, `mobile` and `data` are the words of template
  categories, which have no other spelling; as project types they are read as the database's words.
- Modification states are the database's five, and two of the API reference: `in_progress`, since a worker's message may
  be delivered twice and the second must see that work has begun, and `cancelled`, the caller's own withdrawal, which
  `rejected`, a reviewer's answer, does not say. `completed` is another word for `applied`.
"""

from __future__ import annotations

import decimal
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from agenticai_shared.errors import Invalid
from boto3.dynamodb.types import DYNAMODB_CONTEXT

PROJECT_TYPES = ("api", "web_app", "mobile_backend", "data_pipeline", "microservice")
PROJECT_TYPE_WORDS = {"web": "web_app", "mobile": "mobile_backend", "data": "data_pipeline"}
PROJECT_STATUSES = ("active", "archived", "deleted")
TEMPLATE_CATEGORIES = ("api", "web", "mobile", "data", "microservice")
COMPLEXITIES = ("simple", "medium", "complex")
MODIFICATION_WORDS = {"completed": "applied"}
# What each state of a modification may become. A failed one may be tried again: queues deliver more than once.
MODIFICATION_MOVES: dict[str, tuple[str, ...]] = {
    "pending": ("approved", "rejected", "cancelled", "in_progress"),
    "approved": ("in_progress", "cancelled"),
    "in_progress": ("applied", "failed"),
    "failed": ("in_progress", "cancelled"),
    "applied": (),
    "rejected": (),
    "cancelled": (),
}

_DEPTH = 30  # DynamoDB nests 32 levels; the item and the attribute are two of them


def text(name: str, value: Any, longest: int = 100_000, *, empty: bool = False) -> str:
    """Return a text of at most `longest` bytes in UTF-8."""
    if not isinstance(value, str):
        raise Invalid(f"{name}: a text is needed, not {type(value).__name__}")
    if not value.strip() and not empty:
        raise Invalid(f"{name}: must not be empty")
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        raise Invalid(f"{name}: holds half a surrogate pair, which is no text") from None
    if length > longest:
        raise Invalid(f"{name}: {length:,} bytes, more than {longest:,}")
    return value


def word(name: str, value: Any, allowed: Iterable[str], other: Mapping[str, str] | None = None) -> str:
    """Return one of the allowed words; `other` maps words that mean the same."""
    allowed = tuple(allowed)
    value = (other or {}).get(value, value) if isinstance(value, str) else value
    if value not in allowed:
        raise Invalid(f"{name}: {_shown(value)} is none of {', '.join(allowed)}")
    return value


def key_text(name: str, value: Any, longest: int = 900) -> str:
    """Return a text that may be part of a key: DynamoDB allows 1,024 bytes, of which the prefix takes some."""
    text(name, value, longest)
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise Invalid(f"{name}: holds a control character")
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Return a list of texts."""
    if isinstance(value, str) or not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise Invalid(f"{name}: a list of texts is needed, not {type(value).__name__}")
    return tuple(text(f"{name}[{number}]", item, empty=True) for number, item in enumerate(value))


def moment(name: str, value: Any) -> datetime:
    """Return a point in time in UTC; one without a zone is refused, since it may mean any."""
    if not isinstance(value, datetime):
        raise Invalid(f"{name}: a point in time is needed, not {type(value).__name__}")
    if value.tzinfo is None:
        raise Invalid(f"{name}: {value.isoformat()} has no time zone")
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Invalid(f"{name}: out of range") from None


def score(name: str, value: Any) -> decimal.Decimal:
    """Return a score from 0 to 1."""
    result = number(name, value)
    if not 0 <= result <= 1:
        raise Invalid(f"{name}: {result} is not from 0 to 1")
    return result


def number(name: str, value: Any) -> decimal.Decimal:
    """Return a number as DynamoDB holds it, exactly; one that it would round is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        raise Invalid(f"{name}: a number is needed, not {type(value).__name__}")
    try:
        result = DYNAMODB_CONTEXT.create_decimal(repr(value) if isinstance(value, float) else value)
    except (ArithmeticError, ValueError):
        raise Invalid(f"{name}: a number has more than 38 digits or is out of range") from None
    if not result.is_finite():
        raise Invalid(f"{name}: {value} is no number")
    return result


def document(name: str, value: Any) -> dict[str, Any]:
    """Return a JSON object as DynamoDB holds it: numbers as Decimal, at most 30 levels deep."""
    if not isinstance(value, Mapping):
        raise Invalid(f"{name}: a JSON object is needed, not {type(value).__name__}")
    return _json(name, value, _DEPTH)


def _json(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(name, value, 50_000_000, empty=True)
    if isinstance(value, int | float | decimal.Decimal):
        return number(name, value)
    if depth == 0:
        raise Invalid(f"{name.partition('.')[0]}: nested deeper than DynamoDB's 32 levels")
    if isinstance(value, Mapping):
        if "" in value:
            raise Invalid(f"{name}: has an empty name, which DynamoDB does not allow")
        return {text(name, key): _json(f"{name}.{key}"[:200], item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(f"{name}[{index}]"[:200], item, depth - 1) for index, item in enumerate(value)]
    raise Invalid(f"{name}: {type(value).__name__} is not JSON")


def _shown(value: Any) -> str:
    return repr(value[:40]) if isinstance(value, str) else type(value).__name__
