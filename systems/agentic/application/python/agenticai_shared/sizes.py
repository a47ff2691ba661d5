"""How large DynamoDB counts an item: UTF-8 bytes of names and values, against a limit of 400 KB."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

ITEM_LIMIT = 400 * 1024
# Beyond this, parts of an item go to S3. The rest up to the limit is for attributes that are added later.
INLINE_LIMIT = 350 * 1024


def item_size(item: Mapping[str, Any]) -> int:
    """Return the size of an item in bytes, rounded up where DynamoDB's own rule is not public."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int | Decimal):
        return len(Decimal(value).as_tuple().digits) // 2 + 3
    if isinstance(value, Mapping):
        return 3 + len(value) + item_size(value)
    return 3 + len(value) + sum(value_size(item) for item in value)
