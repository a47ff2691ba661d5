"""Paths and intrinsic functions of the Amazon States Language (Step Functions, "Processing input and output").

No library is used: the JSONPath packages take other dialects than Step Functions does, and none knows its intrinsic
functions but moto's parser, whose import takes seconds.
"""

from __future__ import annotations

import re

_NAME = r"[^\W\d][\w-]*"
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_ROOT = re.compile(rf"\$(\$|{_NAME})?")
# A step of a reference path leads to one place; the others select any number of them.
_REFERENCE_STEP = re.compile(rf"\.(?:{_NAME}|\d[\w-]*)|\[\s*(?:{_QUOTED}|-?\d+)\s*\]")
_INDEX = r"-?\d+"
_SELECTING_STEP = re.compile(
    rf"\.\.?(?:\*|{_NAME}(?:\(\))?)|\.\.(?=\[)"
    rf"|\[\s*(?:\*|{_INDEX}(?:\s*,\s*{_INDEX})*|(?:{_INDEX})?:(?:{_INDEX})?(?::(?:{_INDEX})?)?"
    rf"|(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*)\s*\]"
)
_CALL = re.compile(r"States\.(\w+)\s*\(")
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
# Least and greatest number of arguments; None: any number (Step Functions, "Intrinsic functions").
INTRINSIC_FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "Array": (0, None),
    "ArrayContains": (2, 2),
    "ArrayGetItem": (2, 2),
    "ArrayLength": (1, 1),
    "ArrayPartition": (2, 2),
    "ArrayRange": (3, 3),
    "ArrayUnique": (1, 1),
    "Base64Decode": (1, 1),
    "Base64Encode": (1, 1),
    "Format": (1, None),
    "Hash": (2, 2),
    "JsonMerge": (3, 3),
    "JsonToString": (1, 1),
    "MathAdd": (2, 2),
    "MathRandom": (2, 3),
    "StringSplit": (2, 2),
    "StringToJson": (1, 1),
    "UUID": (0, 0),
}
_DEEPEST = 10


def path_problem(text: str, *, reference: bool = False, context: bool = True) -> str | None:
    """Say what is wrong with a path, None where nothing is.

    A reference path names exactly one place. `context` says whether the path may begin `$$` or with a variable.
    """
    root = _ROOT.match(text)
    if root is None:
        return f"{text!r} given; a path begins with $"
    if root[1] is not None and not context:
        return f"{text!r} given; allowed: a path into the state's data, which begins $. or $["
    place = root.end()
    while place < len(text):
        end = _step(text, place, reference)
        if end is None:
            kind = "a reference path takes .name, ['name'] and [number] only" if reference else "no step of a path"
            return f"{text!r} given; at {text[place:]!r}: {kind}"
        place = end
    return None


def _step(text: str, place: int, reference: bool) -> int | None:
    """Return where the step of a path ends that begins at a place, None where there is none."""
    patterns = (_REFERENCE_STEP,) if reference else (_REFERENCE_STEP, _SELECTING_STEP)
    ends = [match.end() for pattern in patterns if (match := pattern.match(text, place))]
    if not ends and not reference and text.startswith("[?(", place):
        return _filter_end(text, place)
    return max(ends, default=None)


def _filter_end(text: str, place: int) -> int | None:
    """Return where a filter `[?(...)]` ends: at the bracket that closes it, outside texts."""
    depth, position = 0, place
    while position < len(text):
        quoted = re.compile(_QUOTED).match(text, position)
        if quoted is not None:
            position = quoted.end()
            continue
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(text[position], 0)
        position += 1
        if depth == 0:
            return position if text[:position].endswith(")]") else None
    return None


def template_problem(text: str) -> str | None:
    """Say what is wrong with the value of a key that ends in `.$`: a path or an intrinsic function."""
    if text.startswith("$"):
        return path_problem(text)
    if not text.startswith("States."):
        return f"{text!r} given; a key that ends in .$ takes a path, which begins with $, or an intrinsic function"
    return intrinsic_problem(text)


def intrinsic_problem(text: str) -> str | None:
    """Say what is wrong with a call of an intrinsic function, None where nothing is."""
    try:
        end = _call(text, 0, 1)
    except _Mistake as mistake:
        return f"{text!r} given; {mistake}"
    return None if end == len(text) else f"{text!r} given; nothing may follow the call, but {text[end:]!r} does"


class _Mistake(Exception):
    """What is wrong with an intrinsic function."""


def _call(text: str, place: int, depth: int) -> int:
    match = _CALL.match(text, place)
    if match is None:
        raise _Mistake(f"at {text[place:]!r} a call such as States.Array(...) is needed")
    name = match[1]
    if name not in INTRINSIC_FUNCTIONS:
        raise _Mistake(f"no function States.{name}; allowed: {', '.join(INTRINSIC_FUNCTIONS)}")
    if depth > _DEEPEST:
        raise _Mistake(f"calls in calls; allowed: {_DEEPEST} deep")
    count, first, place = 0, place, _blank(text, match.end())
    while not text.startswith(")", place):
        if count:
            if not text.startswith(",", place):
                raise _Mistake(f"at {text[place:]!r} a comma or the closing bracket is needed")
            place = _blank(text, place + 1)
        begin, place = place, _argument(text, place, depth)
        first = begin if count == 0 else first
        count += 1
        place = _blank(text, place)
    _check_count(name, count, _TEXT.match(text, first))
    return place + 1


def _check_count(name: str, count: int, template: re.Match[str] | None) -> None:
    least, most = INTRINSIC_FUNCTIONS[name]
    if count < least or (most is not None and count > most):
        allowed = f"{least}" if most == least else f"{least} to {most}" if most else f"at least {least}"
        raise _Mistake(f"States.{name} with {count} arguments; allowed: {allowed}")
    if name == "Format" and template is not None:
        holes = len(re.findall(r"(?<!\\)\{\}", template[1]))
        if holes != count - 1:
            raise _Mistake(f"States.Format with {holes} times {{}} and {count - 1} values for them")


def _argument(text: str, place: int, depth: int) -> int:
    for pattern in (_TEXT, _LITERAL):
        match = pattern.match(text, place)
        if match is not None:
            return match.end()
    if text.startswith("States.", place):
        return _call(text, place, depth + 1)
    root = _ROOT.match(text, place)
    if root is None:
        raise _Mistake(f"at {text[place:]!r} an argument is needed: a 'text', a number, a path or a call")
    place = root.end()
    while (end := _step(text, place, False)) is not None:
        place = end
    return place


def _blank(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def jsonata_problem(text: str) -> str | None:
    """Say what is wrong with a text of a JSONata state as far as brackets tell; the expression itself is not read."""
    if not text.startswith("{%"):
        return None
    if not text.endswith("%}") or len(text) < 4:
        return f"{text!r} given; an expression begins with {{% and ends with %}}"
    body = re.sub(rf"{_QUOTED}|`[^`]*`|/\*.*?\*/", "", text[2:-2], flags=re.DOTALL)
    if not text[2:-2].strip():
        return f"{text!r} given; an expression is needed between {{% and %}}"
    if "/" in body:
        return None  # a division, or a regular expression whose brackets mean something else
    open_: list[str] = []
    for character in body:
        if character in "([{":
            open_.append({"(": ")", "[": "]", "{": "}"}[character])
        elif character in ")]}" and (not open_ or open_.pop() != character):
            return f"{text!r} given; {character} closes nothing"
    return f"{text!r} given; {open_[-1]} is missing" if open_ else None
