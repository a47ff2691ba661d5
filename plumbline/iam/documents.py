"""Policy documents: JSON text or objects become statements that can be evaluated, or one clear line says why not.

Sources are "Grammar of the IAM JSON policy language" and "IAM JSON policy element reference" of the IAM User Guide. An
element that is not known yet (plumbline.graph.UNKNOWN) is kept as unknown.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plumbline.graph import UNKNOWN, Unknown
from plumbline.iam.conditions import Condition, UnknownCondition, condition, parse_operator
from plumbline.iam.patterns import Actions
from plumbline.iam.principals import Principals, name_mistake
from plumbline.iam.resources import Resources
from plumbline.iam.variables import Template, before_variable, has_variable, template
from plumbline.project import suggestion

Shape = Literal["identity", "resource", "trust"]
Effect = Literal["Allow", "Deny"]

_VERSIONS = ("2012-10-17", "2008-10-17")
_STATEMENT_KEYS = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
_ACTION = re.compile(r"\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+")
# Whatever the statement says of them, both effects are possible.
_EFFECTS: tuple[Effect, ...] = ("Allow", "Deny")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `label` is its Sid, or its index as `[0]`. `effects` are both where the effect is unknown.

    `resources` is None where the policy belongs to one resource and names none, `principals` where it belongs to a
    principal. `certain` is False where the effect is unknown.
    """

    label: str
    effects: tuple[Effect, ...]
    actions: Actions
    resources: Resources | None
    principals: Principals | None
    conditions: tuple[Condition | UnknownCondition, ...] = ()

    @property
    def certain(self) -> bool:
        return len(self.effects) == 1


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed document with the name that a decision gives. `shape` says which elements it has."""

    name: str
    shape: Shape
    statements: tuple[Statement, ...]


def policy(document: Any, name: str = "policy", shape: Shape = "identity") -> Policy:
    """Return the policy of a document: JSON text, an object, or UNKNOWN.

    `shape` is identity for what belongs to a principal (also boundaries, session and service control policies),
    resource for what belongs to a resource, and trust for a role's trust policy. Texts are parsed once.

    Raises ValueError with one line that says where, what was given and what is allowed.
    """
    if isinstance(document, str):
        return _from_text(document, name, shape)
    return _Reader(name, shape).policy(document)


@functools.lru_cache(8192)
def _from_text(text: str, name: str, shape: Shape) -> Policy:
    try:
        document = json.loads(text, object_pairs_hook=functools.partial(_once, name))
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}: not JSON: {error}") from None
    return _Reader(name, shape).policy(document)


def _once(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{name}: {twice} given twice in one object; allowed: once")
    return found


class _Reader:
    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self.shape: Shape = shape
        self.variables: bool | Unknown = False

    def fail(self, where: str, message: str) -> ValueError:
        return ValueError(f"{self.name}: {where}: {message}" if where else f"{self.name}: {message}")

    def policy(self, document: Any) -> Policy:
        if document is UNKNOWN:
            return Policy(self.name, self.shape, (self._nothing_known("[0]"),))
        self._keys("", document, ("Version", "Id", "Statement"))
        version = document.get("Version", _VERSIONS[1])
        if version is not UNKNOWN and version not in _VERSIONS:
            raise self.fail("Version", f"{version!r} given; allowed: {', '.join(_VERSIONS)}")
        self.variables = UNKNOWN if version is UNKNOWN else version == _VERSIONS[0]
        given = document.get("Statement")
        items = list(given) if isinstance(given, list | tuple) else [given]
        if given is None or not items:
            raise self.fail("Statement", "nothing given; at least one statement is needed")
        statements = tuple(self._statement(index, item) for index, item in enumerate(items))
        sids = [item["Sid"] for item in items if isinstance(item, Mapping) and isinstance(item.get("Sid"), str)]
        for sid in sids:
            if sid and sids.count(sid) > 1:
                raise self.fail("Statement", f"Sid {sid!r} given {sids.count(sid)} times; allowed: once")
        return Policy(self.name, self.shape, statements)

    def _keys(self, where: str, given: Any, allowed: tuple[str, ...]) -> None:
        if not isinstance(given, Mapping):
            raise self.fail(where, f"{_shown(given)} given; an object is needed")
        for key in given:
            if key not in allowed:
                hint = suggestion(str(key), list(allowed)) or f"; allowed: {', '.join(allowed)}"
                raise self.fail(where, f"{key!r} given{hint}")

    def _nothing_known(self, label: str) -> Statement:
        principals = None if self.shape == "identity" else Principals(UNKNOWN)
        return Statement(label, _EFFECTS, Actions([], unknown=True), Resources([], unknown=True), principals)

    def _statement(self, index: int, given: Any) -> Statement:
        where = f"Statement[{index}]"
        if given is UNKNOWN:
            return self._nothing_known(f"[{index}]")
        self._keys(where, given, _STATEMENT_KEYS)
        sid = given.get("Sid", "")
        if not isinstance(sid, str | Unknown):
            raise self.fail(f"{where}.Sid", f"{_shown(sid)} given; a text is needed")
        if isinstance(sid, str) and self.shape != "resource" and not re.fullmatch("[A-Za-z0-9]*", sid):
            raise self.fail(f"{where}.Sid", f"{sid!r} given; allowed: letters and digits")
        effect = given.get("Effect")
        if effect is not UNKNOWN and effect not in _EFFECTS:
            raise self.fail(f"{where}.Effect", f"{_shown(effect)} given; allowed: Allow, Deny")
        return Statement(
            sid if isinstance(sid, str) and sid else f"[{index}]",
            _EFFECTS if effect is UNKNOWN else (effect,),
            self._actions(where, given),
            self._resources(where, given),
            self._principals(where, given),
            self._conditions(where, given.get("Condition")),
        )

    def _one_of(self, where: str, given: Mapping[str, Any], name: str, *, needed: bool = True) -> str | None:
        found = [key for key in (name, f"Not{name}") if key in given]
        if len(found) == 2 or (needed and not found):
            raise self.fail(where, f"{' and '.join(found) or 'neither'} given; needed: one of {name} and Not{name}")
        return found[0] if found else None

    def _texts(self, where: str, given: Any) -> tuple[list[str], bool]:
        """Return the known texts of an element, and whether there are unknown ones."""
        items = list(given) if isinstance(given, list | tuple) else [given]
        if not items:
            raise self.fail(where, "an empty list given; at least one text is needed")
        for item in items:
            if not isinstance(item, str | Unknown):
                raise self.fail(where, f"{_shown(item)} given; a text is needed")
        return [item for item in items if isinstance(item, str)], UNKNOWN in items

    def _actions(self, where: str, given: Mapping[str, Any]) -> Actions:
        key = self._one_of(where, given, "Action") or "Action"
        names, unknown = self._texts(f"{where}.{key}", given[key])
        for name in names:
            if not _ACTION.fullmatch(name):
                allowed = "* or a service and an action such as s3:GetObject or s3:Get*"
                raise self.fail(f"{where}.{key}", f"{name!r} given; allowed: {allowed}")
        return Actions(names, negated=key == "NotAction", unknown=unknown)

    def _resources(self, where: str, given: Mapping[str, Any]) -> Resources | None:
        key = self._one_of(where, given, "Resource", needed=self.shape == "identity")
        if key is None:
            return None
        if self.shape == "trust":
            raise self.fail(where, f"{key} given; a trust policy has none, it is about its role")
        texts, unknown = self._texts(f"{where}.{key}", given[key])
        patterns: list[str | Template] = []
        for text in texts:
            self._check_resource(f"{where}.{key}", text)
            if self.variables is UNKNOWN and has_variable(text):
                unknown = True
            else:
                patterns.append(template(text) if self.variables is True else text)
        return Resources(patterns, negated=key == "NotResource", unknown=unknown)

    def _check_resource(self, where: str, text: str) -> None:
        if text == "*":
            return
        parts = text.split(":", 5)
        if parts[0] != "arn" or (len(parts) < 6 and not text.endswith("*")):
            raise self.fail(where, f"{text!r} given; allowed: * or an ARN of six parts")
        if len(parts) > 2 and set(parts[2]) & set("*?"):
            raise self.fail(where, f"{text!r} given; the service of an ARN takes no wildcard")
        if self.variables is not False and has_variable(text) and before_variable(text).count(":") < 5:
            raise self.fail(where, f"{text!r} given; variables are allowed after the fifth colon")

    def _principals(self, where: str, given: Mapping[str, Any]) -> Principals | None:
        key = self._one_of(where, given, "Principal", needed=self.shape != "identity")
        if key is None:
            return None
        if self.shape == "identity" or (self.shape == "trust" and key == "NotPrincipal"):
            owner = "a policy of a principal" if self.shape == "identity" else "a trust policy"
            raise self.fail(where, f"{key} given; {owner} has none")
        value, negated, where = given[key], key == "NotPrincipal", f"{where}.{key}"
        if value is UNKNOWN:
            return Principals(UNKNOWN, negated=negated)
        if value == "*":
            return Principals({"AWS": ["*"]}, negated=negated)
        self._keys(where, value, _PRINCIPAL_TYPES)
        if not value:
            raise self.fail(where, "an empty object given; at least one principal is needed")
        return Principals({type_: self._names(where, type_, names) for type_, names in value.items()}, negated=negated)

    def _names(self, where: str, type_: str, given: Any) -> list[Any]:
        names, unknown = self._texts(f"{where}.{type_}", given)
        for name in names:
            mistake = name_mistake(type_, name)
            if mistake:
                raise self.fail(f"{where}.{type_}", mistake)
        return [*names, UNKNOWN] if unknown else list(names)

    def _conditions(self, where: str, given: Any) -> tuple[Condition | UnknownCondition, ...]:
        if given is None:
            return ()
        if given is UNKNOWN:
            return (UnknownCondition(),)
        where = f"{where}.Condition"
        if not isinstance(given, Mapping):
            raise self.fail(where, f"{_shown(given)} given; an object is needed")
        found: list[Condition | UnknownCondition] = []
        for operator, keys in given.items():
            try:
                parse_operator(operator)
            except ValueError as error:
                raise self.fail(where, str(error)) from None
            if keys is not UNKNOWN and not isinstance(keys, Mapping):
                raise self.fail(f"{where}.{operator}", f"{_shown(keys)} given; an object of keys is needed")
            found += (
                [UnknownCondition()]
                if isinstance(keys, Unknown)
                else [self._condition(f"{where}.{operator}", operator, key, values) for key, values in keys.items()]
            )
        return tuple(found)

    def _condition(self, where: str, operator: str, key: Any, given: Any) -> Condition:
        if not isinstance(key, str) or ":" not in key:
            raise self.fail(where, f"{key!r} given; a key such as aws:SourceArn is needed")
        values = list(given) if isinstance(given, list | tuple) else [given]
        if not values:
            raise self.fail(f"{where}.{key}", "an empty list given; at least one value is needed")
        for value in values:
            if not isinstance(value, str | bool | int | float | Unknown):
                raise self.fail(f"{where}.{key}", f"{_shown(value)} given; a text, a number, true or false is needed")
        if self.variables is UNKNOWN:
            values = [UNKNOWN if isinstance(value, str) and has_variable(value) else value for value in values]
        try:
            return condition(operator, key, values, variables=self.variables is True)
        except ValueError as error:
            raise self.fail(f"{where}.{key}", str(error)) from None


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else repr(value)
