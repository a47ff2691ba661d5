"""YAML is read with the values that the Pulumi engine reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.yaml12 import YamlError, load, loads

# Scalars and what `pulumi config` (go-yaml v3) printed for them.
ENGINE: list[tuple[str, Any]] = [
    ("0777", 511),
    ("0o17", 15),
    ("0xff", 255),
    ("1_000", 1000),
    ("1.0", 1),
    ("1e3", 1000),
    ("1.0e+3", 1000),
    (".5", 0.5),
    ("0b11", 3),
    ("+5", 5),
    ("-0", 0),
    ("12:30", "12:30"),
    ("yes", "yes"),
    ("off", "off"),
    ("y", "y"),
    ("on", "on"),
    ("~", None),
    ("Null", None),
    ("True", True),
    ("TRUE", True),
    ("'yes'", "yes"),
    ("123456789012", 123456789012),
    ('"012345678901"', "012345678901"),
    ("012", 10),
]
# The same for go-yaml v3.0.1 by itself.
MORE: list[tuple[str, Any]] = [
    ("-12", -12),
    ("0.25", 0.25),
    ("2.5e-1", 0.25),
    ("089", 89),
    ("0o8", "0o8"),
    ("0x", "0x"),
    ("1.2.3", "1.2.3"),
    ("false", False),
    ("null", None),
    ("NULL", None),
    ("nULL", "nULL"),
    ("tRUE", "tRUE"),
    ("no", "no"),
    ("inf", "inf"),
    ("190:20:30", "190:20:30"),
    ("'~'", "~"),
    ("'5'", "5"),
    ('"true"', "true"),
    ("", None),
    ("[1, 'a', [], {}]", [1, "a", [], {}]),
    ("{a: 1, 2: b}", {"a": 1, "2": "b"}),
    ("|\n  5\n", "5\n"),
    (">-\n  two\n  lines\n", "two lines"),
    ("!!str 5", "5"),
    ("!!str true", "true"),
    ("! 5", 5),
    ("-0777", -511),
    ("-0o17", -15),
    ("+0x1f", 31),
    ("0_7", 7),
    ("-_1", -1),
    (".5_0", 0.5),
    ("+.5", 0.5),
    ("1.", 1),
    ("=", "="),
]


def _same(found: Any, expected: Any) -> bool:
    """Compare values and types: 1, 1.0 and True are equal to Python."""
    return json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize(("text", "value"), ENGINE, ids=[text for text, _ in ENGINE])
def test_scalars_are_the_engines(text: str, value: Any) -> None:
    found = loads(f"key: {text}")
    assert _same(found, {"key": value}), found
    assert _same(loads(f"- {text}"), [value])


@pytest.mark.parametrize(("text", "value"), MORE, ids=[repr(text) for text, _ in MORE])
def test_other_values(text: str, value: Any) -> None:
    found = loads(f"key: {text}")
    assert _same(found, {"key": value}), found


def test_keys_are_text_whatever_they_look_like() -> None:
    assert loads("1: a\ntrue: b\nyes: c\n~: d\n0777: e") == {"1": "a", "true": "b", "yes": "c", "~": "d", "0777": "e"}


def test_an_empty_document_is_nothing() -> None:
    assert [loads(text) for text in ("", "\n\n", "# only a comment\n", "---\n")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
        ("a: &x [1, {b: 2}]\nc: [*x, *x]", {"a": [1, {"b": 2}], "c": [[1, {"b": 2}], [1, {"b": 2}]]}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("b: {<<: [{a: 1}, {a: 2, c: 3}], d: 4}", {"b": {"a": 1, "c": 3, "d": 4}}),
        ("'<<': {a: 1}", {"<<": {"a": 1}}),
    ],
)
def test_anchors_and_merge_keys(text: str, value: Any) -> None:
    assert loads(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "key 'a' is given twice"),
        ("a:\n  b: 1\n  'b': 2", 3, 3, "key 'b' is given twice"),
        ("1: a\n'1': b", 2, 1, "key '1' is given twice"),
        ("a: 2024-01-31", 1, 4, "2024-01-31 is a date to the engine, which rewrites it; put it in quotes"),
        ("- x\n- 2024-01-31T10:00:00Z", 2, 3, "is a date to the engine"),
        ("- 2024-1-1 10:00:00 +1", 1, 3, "is a date to the engine"),
        ("a: .inf", 1, 4, ".inf cannot be passed to a program; give a number"),
        ("a: -.INF", 1, 4, "-.INF cannot be passed to a program; give a number"),
        ("a: [1, .NaN]", 1, 8, ".NaN cannot be passed to a program; give a number"),
        ("? [a]\n: 1", 1, 3, "a key must be plain text"),
        ("b: {<<: 5}", 1, 4, "<< takes a mapping or a list of mappings"),
        ("b: {<<: [{a: 1}, 5]}", 1, 4, "<< takes a mapping or a list of mappings"),
        ("a: *nowhere", 1, 4, "undefined alias"),
        ("a: 1\n--- \nb: 2", 2, 1, "expected a single document"),
        ("a: b: c", 1, 5, "mapping values are not allowed"),
        ("a:\n\t- b", 2, 1, "cannot start any token"),
        ("a: {b", 2, 1, "while parsing a flow mapping"),
        ("a: 'b", 1, 6, "while scanning a quoted scalar"),
        ("a: \0", 1, 1, "control characters are not allowed"),
    ],
)
def test_what_is_refused_is_refused_with_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(YamlError) as caught:
        loads(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert says in error.message
    assert str(error) == f"line {line}, column {column}: {error.message}"


@pytest.mark.parametrize("text", ["2024-01-31", ".inf", "yes", "~", "1_000"])
def test_quotes_make_a_text_of_anything(text: str) -> None:
    assert loads(f"['{text}', \"{text}\"]") == [text, text]


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_bytes("größe: 5\n".encode())
    assert load(file) == {"größe": 5}
    file.write_bytes("größe: 5\n".encode("latin-1"))
    with pytest.raises(YamlError, match="not UTF-8 text at byte 2"):
        load(file)
    with pytest.raises(OSError):
        load(tmp_path / "missing.yaml")


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x {b: *x}"])
def test_a_value_that_contains_itself_is_refused(text: str) -> None:
    with pytest.raises(YamlError):
        loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("_1", "_1"),
        ("._5", "._5"),
        ("1e400", "1e400"),
        ("99999999999999999999", 100000000000000000000),
        ("!!int '5'", 5),
        ("!!float 5", 5),
        ("!!binary aGk=", "hi"),
    ],
)
def test_scalars_that_differ_are_the_engines_or_refused(text: str, value: Any) -> None:
    try:
        found = loads(f"key: {text}")
    except YamlError:
        return
    assert _same(found, {"key": value})


@pytest.mark.parametrize("text", ["a: !own 5", "a: !!bool yes", "a: !!null x", "<<: {a: 1}\n<<: {b: 2}"])
def test_what_the_engine_refuses_or_hides_is_refused(text: str) -> None:
    with pytest.raises(YamlError):
        loads(text)


# YAML has no surrogate pairs, so what JSON writes as two escapes is left out.
_TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=30)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    _TEXT,
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=15
)


@given(_VALUES, st.sampled_from([None, 2]))
def test_json_reads_back_equal(value: Any, indent: int | None) -> None:
    assert _same(loads(json.dumps(value, indent=indent)), value)


_PIECES = st.sampled_from(
    [*"-?:,[]{}#&*!|>'\"%@` \n\t~<=.0_x", "<<", "a", "&a ", "*b", ": ", "- ", "!!str ", "2024-01-01"]
)


@given(st.text() | st.lists(_PIECES, max_size=30).map("".join))
def test_no_text_raises_anything_but_a_yaml_error(text: str) -> None:
    try:
        value = loads(text)
    except YamlError as error:
        assert error.line >= 1 and error.column >= 1 and error.message
    else:
        json.dumps(value)
