"""Cursors: where a list goes on, as opaque text that fits that one list."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from agenticai_shared import keys
from agenticai_shared.errors import Invalid

LONGEST_PAGE = 100


def page_size(limit: Any) -> int:
    """Return a page's size, from 1 to 100."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LONGEST_PAGE:
        raise Invalid(f"limit: a number from 1 to {LONGEST_PAGE} is needed")
    return limit


def write(index: str | None, key: Mapping[str, Any]) -> str:
    """Return the cursor for a key that DynamoDB gave as the last one of a page."""
    text = json.dumps([key[name] for name in _names(index)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(cursor: str, index: str | None, partition: str, prefix: str = "") -> dict[str, str]:
    """Return the key in a cursor. It must lie in the partition that is listed: a forged one reaches no other list."""
    names = _names(index)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw)
        if isinstance(found, list) and len(found) == len(names) and all(isinstance(v, str) and v for v in found):
            key = dict(zip(names, found, strict=True))
            at, sort = keys.INDEXES[index]
            if key[at] == partition and key[sort].startswith(prefix):
                return key
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise Invalid("bad cursor")


def _names(index: str | None) -> tuple[str, ...]:
    own = keys.INDEXES[None]
    return own if index is None else (*keys.INDEXES[index], *own)
