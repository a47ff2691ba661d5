"""Reads YAML the way the Pulumi engine does, so that both engines see the same values.

The engine parses stack files with go-yaml v3: `yes`, `off` and `12:30` stay text (PyYAML's own loaders
make True, False and 750 of them), `0777` is octal, `1_000` is a number, and a key given twice is an error.
The rules below are go-yaml's `resolve`; `tests/plumbline/test_yaml12.py` compares them with values that
the real engine printed. Dates are refused because the engine rewrites them into Go's own notation.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import yaml

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9: .+\-Zz]*)?\Z")
_NOT_A_NUMBER = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class YamlError(ValueError):
    """Text that the engine would not accept, or would change: `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column


def _at(node: yaml.Node, message: str) -> YamlError:
    return YamlError(message, node.start_mark.line + 1, node.start_mark.column + 1)


def _integer(text: str) -> int:
    sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-").lower()
    # Go reads a leading zero as octal; Python's int(..., 0) refuses it.
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


_TEXT = "tag:yaml.org,2002:str"
_DEEPEST = 100  # far more than any of our files; the C parser runs out of stack at some thousands
_PLAIN = "!plain"  # the tag this loader gives to scalars without quotes and without a tag of their own


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.tag not in (_PLAIN, _TEXT):
        raise _at(node, f"the tag {node.tag} is not read; write the value itself")
    if node.tag == _TEXT:
        return text
    if text.startswith(("_", "._")):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _DATE.match(text):
        raise _at(node, f"{text} is a date to the engine, which rewrites it; put it in quotes")
    if _NOT_A_NUMBER.match(text):
        raise _at(node, f"{text} cannot be passed to a program; give a number")
    plain = text.replace("_", "")
    if _INTEGER.match(plain) and -(2**63) <= _integer(plain) < 2**64:
        return _integer(plain)
    if _FLOAT.match(plain) and math.isfinite(float(plain)):
        number = float(plain)
        # The engine hands settings over as JSON, in which Go writes 1.0 as 1.
        return int(number) if number.is_integer() else number
    return text


class _Loader(yaml.CBaseLoader):
    def resolve(self, kind: type, value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return super().resolve(kind, value, implicit)

    def construct(self, node: yaml.Node, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise _at(node, "an anchor that contains itself")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.construct(item, depth + 1) for item in node.value]
        assert isinstance(node, yaml.MappingNode)
        result: dict[Any, Any] = {}
        merged: list[dict[Any, Any]] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _at(key_node, "a key must be plain text")
            key = key_node.value
            value = self.construct(value_node, depth + 1)
            if key == "<<" and key_node.tag == _PLAIN and merged:
                raise _at(key_node, "key '<<' is given twice")
            if key == "<<" and key_node.tag == _PLAIN:
                merged.extend(value if isinstance(value, list) else [value])
            elif key in result:
                raise _at(key_node, f"key {key!r} is given twice")
            else:
                result[key] = value
        for mapping in merged:
            if not isinstance(mapping, dict):
                raise _at(node, "<< takes a mapping or a list of mappings")
            result = {**mapping, **result}
        return result


def loads(text: str) -> Any:
    """Return the value of one YAML document. Raises YamlError with the place of the first mistake."""
    loader = None
    try:
        _refuse_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else loader.construct(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise YamlError(said, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        raise YamlError(f"{error.reason} (position {error.position})", 1, 1) from None
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            mark = event.start_mark
            raise YamlError(f"nested deeper than {_DEEPEST} levels", mark.line + 1, mark.column + 1)


def load(path: Path) -> Any:
    """Return the value of the YAML file at `path`. Raises YamlError, OSError."""
    try:
        return loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise YamlError(f"not UTF-8 text at byte {error.start}", 1, 1) from None
