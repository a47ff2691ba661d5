"""Lines of logs against filter patterns, and the smallest values that schemas take."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from plumbline.probing.patterns import matches
from plumbline.probing.samples import sample

LINE = json.dumps({"level": "ERROR", "status": 404, "ok": True, "none": None, "deep": {"name": "abc"}, "rows": [1]})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "ERR*" }', True),
        ('{ $.level = "INFO" }', False),
        ('{ $.level != "INFO" }', True),
        ('{ $.other != "INFO" }', False),
        ("{ $.status = 404 }", True),
        ("{ ($.status >= 400) && ($.status < 404) }", False),
        ("{ ($.status >= 400) && ($.status < 405) }", True),
        ('{ $.status = "404" }', False),
        ("{ $.ok IS TRUE }", True),
        ("{ $.none IS NULL }", True),
        ("{ $.other IS NULL }", False),
        ("{ $.other NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ("{ $.deep.name = %b.% }", True),
        ("{ $.rows[0] = 1 }", True),
        # && binds closer than ||.
        ('{ $.level = "ERROR" || $.status = 1 && $.status = 2 }', True),
        ('{ ($.level = "ERROR" || $.status = 1) && $.status = 2 }', False),
    ],
)
def test_a_line_matches_what_the_pattern_says(pattern: str, expected: bool) -> None:
    assert matches(pattern, LINE) is expected


def test_a_line_that_is_no_json_matches_nothing() -> None:
    assert not matches('{ $.level != "INFO" }', "START RequestId: 1")


def test_a_pattern_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="a JSON pattern is needed"):
        matches("ERROR", LINE)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 12}}},
        {"type": "string", "pattern": "^[A-Z0-9][A-Z0-9./-]{0,31}$"},
        {"type": "integer", "minimum": 5},
        {"type": "number", "minimum": 5, "exclusiveMinimum": True},
        {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
        {"enum": ["x", "y"]},
        {"type": ["null", "string"]},
    ],
)
def test_a_sample_is_what_its_schema_takes(schema: dict[str, Any]) -> None:
    jsonschema.Draft4Validator(schema).validate(sample(schema))


def test_a_text_of_which_there_is_no_sample_is_named() -> None:
    with pytest.raises(ValueError, match="no sample has the pattern"):
        sample({"type": "string", "pattern": "^q{7}$"})
