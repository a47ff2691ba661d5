"""The smallest values that JSON schemas of API models take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Tried one after the other for a text with a pattern: words, symbols, times, numbers, addresses.
_TEXTS = (
    "probe",
    "PROBE",
    "A",
    "1",
    "BTC-USD",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "probe@example.com",
    "https://example.com/probe",
    "00000000-0000-4000-8000-000000000000",
)


def sample(schema: Mapping[str, Any]) -> Any:
    """Return a value that a schema takes. Raises ValueError for a text whose pattern none of the samples has."""
    if "enum" in schema:
        return schema["enum"][0]
    type_ = schema.get("type", "object")
    if isinstance(type_, list):
        type_ = next(one for one in type_ if one != "null")
    if type_ == "object":
        known = schema.get("properties", {})
        # What may be left out is there only as far as the least number of properties asks for it.
        names = list(dict.fromkeys((*schema.get("required", ()), *known)))
        names = names[: max(len(schema.get("required", ())), schema.get("minProperties", 0))]
        return {name: sample(known.get(name, {"type": "string"})) for name in names}
    if type_ == "array":
        return [sample(schema.get("items", {"type": "string"}))] * schema.get("minItems", 0)
    if type_ == "boolean":
        return True
    if type_ in ("number", "integer"):
        return max(1, schema.get("minimum", 1) + bool(schema.get("exclusiveMinimum")))
    return _text(schema)


def _text(schema: Mapping[str, Any]) -> str:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 1 << 16)
    # Ids often begin with what they are of, and go on with digits.
    prefix = re.match(r"\^?([A-Za-z_-]*)", schema.get("pattern", ""))
    for text in (*_TEXTS, f"{prefix[1] if prefix else ''}0"):
        long = text if len(text) >= shortest else text.ljust(shortest, "x")
        if len(long) <= longest and re.search(schema.get("pattern", ""), long):
            return long
    raise ValueError(f"no sample has the pattern {schema.get('pattern')!r}")
