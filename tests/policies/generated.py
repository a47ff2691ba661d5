"""Programs made from the rules' fixtures: the same said in other words, and what nobody would write.

A place is the number of a resource in its program with the path in its inputs.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from plumbline.graph import UNKNOWN, Blob, Path, Resource, Secret
from policies.rules.model import Outcome
from tests.policies.cases import Program, judged
from tests.policies.test_rules import CASES

Place = tuple[int, Path]
WORDS = ("pass", "fail", "unknown", "not_applicable")


@dataclass(frozen=True)
class Fixture:
    """One program of one rule's fixtures, and what the rule says of it."""

    rule: str
    word: str
    label: str
    program: Program

    def __repr__(self) -> str:
        return f"{self.rule}: {self.word}: {self.label}"

    def judged(self, program: Program | None = None) -> Outcome:
        return judged(self.rule, self.program if program is None else program, CASES[self.rule].parameters)


def fixtures(*kinds: str) -> list[Fixture]:
    """Return the fixtures of all rules whose outcome is one of some words, all where none is given."""
    found = []
    for name, case in CASES.items():
        programs = {
            "pass": case.good,
            "fail": {label: program for label, (program, _) in case.bad.items()},
            "unknown": {label: program for label, (program, _) in case.unknown.items()},
            "not_applicable": case.skipped,
        }
        for word in kinds or WORDS:
            found += [Fixture(name, word, label, program) for label, program in programs[word].items()]
    return found


def steps(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all parts of a value, containers and leaves, without the whole."""
    rows = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in rows:
        yield (*path, key)
        yield from steps(item, (*path, key))


def places(program: Program) -> list[Place]:
    return [(number, path) for number, resource in enumerate(program) for path in steps(resource.inputs)]


def part(program: Program, place: Place) -> Any:
    value: Any = program[place[0]].inputs
    for step in place[1]:
        value = value[step]
    return value


def with_inputs(resource: Resource, inputs: Mapping[str, Any]) -> Resource:
    """Return the resource with other inputs; an engine shows outputs as inputs, and they stay the same."""
    outputs = inputs if resource.outputs is resource.inputs else resource.outputs
    return dataclasses.replace(resource, inputs=inputs, outputs=outputs)


def replaced(program: Program, place: Place, value: Any) -> list[Resource]:
    """Return the program with the part at a place replaced."""
    number, path = place
    inputs = copy.deepcopy(dict(program[number].inputs))
    at: Any = inputs
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return [*program[:number], with_inputs(program[number], inputs), *program[number + 1 :]]


Change = Callable[[Path, Any], Any]


def opened(text: Any) -> Any:
    """Return what a JSON text holds, None where it is no text of a mapping or a list."""
    if not isinstance(text, str) or text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def remade(value: Any, change: Change, path: Path = (), *, texts: bool = True) -> Any:
    """Return a value with each part changed, the innermost first; `texts` also changes what JSON texts hold."""
    if isinstance(value, Mapping):
        value = {key: remade(item, change, (*path, key), texts=texts) for key, item in value.items()}
    elif isinstance(value, list):
        value = [remade(item, change, (*path, index), texts=texts) for index, item in enumerate(value)]
    elif texts and (held := opened(value)) is not None:
        value = json.dumps(remade(held, change, path, texts=texts))
    return change(path, value)


def all_remade(program: Program, change: Change, *, texts: bool = True) -> list[Resource]:
    return [with_inputs(resource, remade(resource.inputs, change, texts=texts)) for resource in program]


def is_document(value: Any) -> bool:
    """Say whether a value is a policy document as an object."""
    rows = (
        next((rows for key, rows in value.items() if str(key).lower() == "statement"), None)
        if isinstance(value, Mapping)
        else None
    )
    first = rows[0] if isinstance(rows, list) and rows else rows
    return isinstance(first, Mapping) and any(str(key).lower() == "effect" for key in first)


def names(path: Path) -> list[str]:
    """Return a path's names in lower case, without the numbers of lists."""
    return [str(step).lower() for step in path if not isinstance(step, int)]


def shuffled(program: Program, seed: int) -> list[Resource]:
    """Return the program with every mapping, every list and the resources beside the first in another order."""
    order = random.Random(seed)

    def change(_: Path, value: Any) -> Any:
        if isinstance(value, Mapping):
            return dict(order.sample(list(value.items()), len(value)))
        return order.sample(value, len(value)) if isinstance(value, list) else value

    first, *rest = all_remade(program, change)
    return [first, *order.sample(rest, len(rest))]


_ELEMENTS = ("action", "notaction", "resource", "notresource")
# Where fixtures write a list for a text, which no list of one is the same as.
_TEXTS = {"kmskeyid", "kmskeyarn", "kmskey", "kmskeyidentifier", "keyid", "version", "loggroup"}


def _as_text(_: Path, value: Any) -> Any:
    try:
        return json.dumps(value) if is_document(value) else value
    except TypeError:
        return value  # a part is not known: Pulumi has no text of it either


def _as_object(_: Path, value: Any) -> Any:
    return held if is_document(held := opened(value)) else value


def _single(path: Path, value: Any) -> Any:
    alone = isinstance(value, list) and len(value) == 1 and not _TEXTS.intersection(names(path)[-1:])
    return value[0] if alone else value


def _listed(path: Path, value: Any) -> Any:
    """Put what a policy document has a single one of into a list."""
    steps_ = names(path)
    if not path or isinstance(path[-1], int) or "statement" not in steps_:
        return value
    inside = steps_[steps_.index("statement") + 1 :]
    statement = not inside and isinstance(value, Mapping) and is_document({"statement": value})
    element = len(inside) == 1 and inside[0] in _ELEMENTS
    principal = len(inside) == 2 and inside[0] in ("principal", "notprincipal")
    condition = len(inside) == 3 and inside[0] == "condition"
    return [value] if statement or (isinstance(value, str) and (element or principal or condition)) else value


def _in_documents(change: Change) -> Change:
    """Return a change of policy documents: of each as an object."""
    return lambda _, value: remade(value, change) if is_document(value) else value


def _actions(path: Path, value: Any) -> Any:
    return value.swapcase() if names(path)[-1:] in (["action"], ["notaction"]) and isinstance(value, str) else value


def _effect(path: Path, value: Any) -> Any:
    return value.upper() if names(path)[-1:] == ["effect"] and isinstance(value, str) else value


def _keys(path: Path, value: Any) -> Any:
    """Write names of elements, operators and keys of conditions in lower case; those of principals have none."""
    kept = not isinstance(value, Mapping) or "principal" in names(path)
    return value if kept else {key.lower(): item for key, item in value.items()}


def _defaults(_: Path, value: Any) -> Any:
    return {"__defaults": ["name"], **value} if isinstance(value, Mapping) else value


def _every(change: Change, *, texts: bool = False) -> Callable[[Program], list[Resource]]:
    return lambda program: all_remade(program, change, texts=texts)


# The same in other words, by what is written differently.
SPELLINGS: Mapping[str, Callable[[Program], list[Resource]]] = {
    "true as a text": _every(lambda _, value: "true" if value is True else value),
    "True as a text": _every(lambda _, value: "True" if value is True else value),
    "false as a text": _every(lambda _, value: "false" if value is False else value),
    "documents as texts": _every(_as_text),
    "documents as objects": _every(_as_object),
    "one item without a list": _every(_single),
    "one item of a document without a list": _every(_in_documents(_single), texts=True),
    "one item of a document in a list": _every(_in_documents(_listed), texts=True),
    "actions in another case": _every(_in_documents(_actions), texts=True),
    "effect in another case": _every(_in_documents(_effect), texts=True),
    "names in another case": _every(_in_documents(_keys), texts=True),
    "what the engine adds": _every(_defaults),
}

_DEEP: Any = functools.reduce(lambda inner, _: [inner], range(150), [])
_TRUNCATED = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get'
_ODD = {"Effect": ["Allow"], "Action": {"a": 1}, "Resource": 1.5, "Principal": [{}], "Condition": {"Bool": [1]}}
# What somebody may have written by mistake, and what nobody would.
JUNK: Sequence[Any] = (
    *(None, UNKNOWN, True, False, 0, -1, 2**64, 10**400, 0.5, math.nan, math.inf, -math.inf),
    *("", " ", "x", "*", "true", "TRUE", "-5", "1e999", "²", "٣", "\ud800", "0.0.0.0/0", "0.0.0.0/999", "::/200"),
    *("arn:", "arn:aws:iam::", "https://", "http://[", "{", "[1]", '"x"', "null", "[" * 5000, _TRUNCATED),
    *([], {}, [[]], [{}], [None], {"a": None}, [UNKNOWN], {"x": UNKNOWN}, [[["x"]]], (1, 2), _DEEP),
    *({1: 2, None: 3, ("a",): 4}, {"0": "x"}, {"key": {"key": {"key": []}}}, b"x", {1, 2}, object()),
    *(Secret(), Secret("x"), Secret({"a": [1]}), Secret(Secret(UNKNOWN)), Blob(""), Blob("ab", "asset", {"text": "x"})),
    *({"Statement": 7}, {"Statement": [7, "x", None, UNKNOWN]}, {"Statement": _ODD}, json.dumps({"Statement": _ODD})),
)


_KEYS = ("0", "key", "value", "enabled", "rule", "Statement", "Effect", "Action", "Resource", "Principal", "Condition")


def junk() -> st.SearchStrategy[Any]:
    """Return a strategy for values that may stand anywhere by mistake, also in each other."""
    return st.one_of(
        st.sampled_from(JUNK),
        st.recursive(
            st.sampled_from(JUNK[:30]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
            max_leaves=5,
        ),
    )


def unknown_at(program: Program, place: Place) -> list[Resource]:
    """Return the program with a part that only the deployment knows: it comes from a resource elsewhere."""
    number, path = place
    made = replaced(program, place, UNKNOWN)
    leads_to = made[number].property_dependencies
    step = str(path[0])
    made[number] = dataclasses.replace(
        made[number], property_dependencies={**leads_to, step: (*leads_to.get(step, ()), _ELSEWHERE)}
    )
    return made


_ELSEWHERE = "urn:pulumi:test::plumbline::random:index/randomId:RandomId::elsewhere"


def near(path: Path, finding: str) -> bool:
    """Say whether a place is where a finding is, around it, or within it."""
    place, found = ([str(step) for step in path], re.split(r"[.\[\]]+", finding.rstrip("]")))
    return all(one == other for one, other in zip(place, found, strict=False))
