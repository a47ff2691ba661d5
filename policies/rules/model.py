"""What a rule is: one small function over a resource, three-valued, and what a reviewer needs to know beside it.

A rule gets a View and returns an Outcome. It reads what is known first: an Outcome is a failure as soon as one part is
wrong, whatever else is unknown, and unknown only where the unknown part decides.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph, dig, reveal, urn_type, walk

Severity = Literal["low", "medium", "high", "critical"]
Pack = Literal["least_privilege", "encryption", "tagging", "operations"]
Level = Literal["mandatory", "open"]
Word = Literal["pass", "fail", "unknown", "not_applicable"]

PACKS: tuple[Pack, ...] = ("least_privilege", "encryption", "tagging", "operations")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or not known: where, what was found, and what is expected.

    `found` never holds a value that could be a secret: a rule says what kind of thing it found, or shows a word that
    it knows (see `word_or_other`), or an element of a policy document.
    """

    path: str
    found: str
    expected: str


@dataclass(frozen=True)
class Outcome:
    """What a rule says of one resource. `findings` are there for fail and unknown, and empty otherwise."""

    word: Word
    findings: tuple[Finding, ...] = ()


PASS = Outcome("pass")
NOT_APPLICABLE = Outcome("not_applicable")


def fail(path: str, found: str, expected: str) -> Outcome:
    """Return a failure with one finding."""
    return Outcome("fail", (Finding(path, found, expected),))


def unknown(path: str, expected: str) -> Outcome:
    """Return that a property which decides is not known yet."""
    return Outcome("unknown", (Finding(path, "not known before the deployment", expected),))


def all_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Combine outcomes that must all hold: the worst of them, with every finding of that kind.

    Not applicable where there are none, or where none applies.
    """
    found = list(outcomes)
    for word in ("fail", "unknown"):
        of_word = [outcome for outcome in found if outcome.word == word]
        if of_word:
            return Outcome(word, tuple(finding for outcome in of_word for finding in outcome.findings))
    return PASS if any(outcome.word == "pass" for outcome in found) else NOT_APPLICABLE


def any_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Combine outcomes of which one suffices. Where none holds, all findings of the best kind are kept."""
    found = list(outcomes)
    if any(outcome.word == "pass" for outcome in found):
        return PASS
    for word in ("unknown", "fail"):
        of_word = [outcome for outcome in found if outcome.word == word]
        if of_word:
            return Outcome(word, tuple(finding for outcome in of_word for finding in outcome.findings))
    return NOT_APPLICABLE


class Estate:
    """A stack's resources by their types' present names, for rules that need other resources."""

    def __init__(self, graph: StackGraph) -> None:
        self.graph = graph
        self._by_type: dict[str, list[Resource]] = {}
        self._names: dict[str, tuple[Resource, frozenset[str]]] = {}
        self.references: dict[tuple[str, str], tuple[Resource, tuple[Any, Mapping[str, Sequence[str]]]]] = {}
        for resource in graph.resources.values():
            self._by_type.setdefault(present_type(resource.type), []).append(resource)

    def of_type(self, *types: str) -> list[Resource]:
        return [resource for type_ in types for resource in self._by_type.get(present_type(type_), ())]

    def find(self, urn: str) -> Resource | None:
        return self.graph.resources.get(urn)

    def names(self, resource: Resource) -> frozenset[str]:
        """Return what other resources may call a resource of the stack: its id, its ARN and its physical name."""
        own, names = self._names.get(resource.urn, (None, frozenset[str]()))
        if own is not resource:
            known = [resource.id, *(given.get(key) for given in (resource.outputs, resource.inputs) for key in _NAMES)]
            names = frozenset(item for item in known if isinstance(item, str) and item)
            self._names[resource.urn] = (resource, names)
        return names


@dataclass(frozen=True)
class View:
    """What a rule may look at: one resource, its parameters and, for rules of scope "stack", the other resources.

    Values are plain: secrets are revealed, unknown parts are UNKNOWN, `__defaults` is left out.
    """

    resource: Resource
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    estate: Estate | None = None

    @property
    def type(self) -> str:
        """The type's present name: `...V2` and `aws:alb` are other names of the same types."""
        return present_type(self.resource.type)

    def get(self, path: str, default: Any = None) -> Any:
        """Return the input at a dotted path such as `rule.0.status`; UNKNOWN where a step is not known.

        A step that is missing, null, or leads into something that is no container gives `default`. One item that
        stands where a list of one should be is its item 0, as `items` has it.
        """
        value = self.resource.get(path, default)
        if value is default and ".0" in path:
            value = _of_single(self.resource.inputs, path, default)
        return plain(reveal(value))

    def items(self, path: str) -> list[Any] | None:
        """Return a list property: [] where it is not set, the one item where it is no list, None where unknown."""
        value = self.get(path)
        if value is UNKNOWN:
            return None
        if value is None:
            return []
        return list(value) if isinstance(value, list | tuple) else [value]

    def is_set(self, path: str) -> bool:
        """Say whether a property is set. One that only AWS can decide is."""
        value = self.get(path)
        return value is UNKNOWN or (value is not None and value != "" and value != [] and value != {})

    def same(self, *paths: str) -> str:
        """Return the first of several paths that is set, else the first of all."""
        return next((path for path in paths if self.is_set(path)), paths[0])

    def of_type(self, *types: str) -> list[View]:
        """Return the stack's resources of some types. Raises RuntimeError for rules of scope "resource"."""
        estate = self.stack
        return [View(resource, self.parameters, estate) for resource in estate.of_type(*types)]

    @property
    def stack(self) -> Estate:
        """The stack's resources. Raises RuntimeError for rules of scope "resource", which have none."""
        if self.estate is None:
            raise RuntimeError("a rule of scope resource asked for other resources")
        return self.estate

    def refers_to(self, path: str, other: View) -> bool | None:
        """Say whether a property refers to another resource: by its output, its id or its name.

        None where that is not known: the property is unknown and depends on several resources of the other's type, or
        on none that the graph names.
        """
        value, leads_to = self._reference(path)
        same_type = leads_to.get(other.type, ())
        if other.resource.urn in same_type:
            return True if (value is UNKNOWN and len(same_type) == 1) or self._is_called(other, value) else None
        if value is UNKNOWN:
            return False if same_type else None
        return self._is_called(other, value)

    def source_types(self, path: str) -> list[str]:
        """Return the types of the resources that a property's value comes from."""
        return list(dict.fromkeys(present_type(type_) for type_ in map(urn_type, self.resource.sources(path)) if type_))

    def _reference(self, path: str) -> tuple[Any, Mapping[str, Sequence[str]]]:
        """Return a property's value, and what it depends on by type. Rules ask the same of each of many others."""
        estate, own = self.stack, self.resource
        known, reference = estate.references.get((own.urn, path), (None, (None, {})))
        if known is not own:
            by_type: dict[str, list[str]] = {}
            for urn in own.sources(path):
                found = estate.find(urn)
                if found is not None:
                    by_type.setdefault(present_type(found.type), []).append(urn)
            reference = (self.get(path), by_type)
            estate.references[own.urn, path] = (own, reference)
        return reference

    def _is_called(self, other: View, value: Any) -> bool:
        return isinstance(value, str) and value in self.stack.names(other.resource)

    def referrers(self, type_: str, path: str) -> tuple[list[View], bool]:
        """Return the resources of a type whose property refers to this one, and whether there may be others."""
        found, uncertain = [], False
        for view in self.of_type(type_):
            refers = view.refers_to(path, self)
            if refers:
                found.append(view)
            uncertain = uncertain or refers is None
        return found, uncertain


def _of_single(value: Any, path: str, default: Any) -> Any:
    """Follow a path as `dig` does, where what is no list is its own item 0."""
    for step in path.split("."):
        value = value.value if isinstance(value, Secret) else value
        if step != "0" or isinstance(value, list) or (isinstance(value, Mapping) and "0" in value):
            value = dig(value, step)
        if value is None or value is UNKNOWN:
            break
    return default if value is None else value


_NAMES = ("name", "bucket", "arn", "id", "keyId", "functionName", "queueUrl", "url", "repositoryName")


_ALIASES = (
    (re.compile(r"^(aws:s3/\w+?)V2:(\w+?)V2$"), r"\1:\2"),
    (re.compile(r"^aws:(alb|applicationloadbalancing|elasticloadbalancingv2)/"), "aws:lb/"),
)


@functools.lru_cache(maxsize=4096)
def present_type(token: str) -> str:
    """Return the present name of a type that has several: `aws:s3/bucketV2:BucketV2` is `aws:s3/bucket:Bucket`."""
    for pattern, present in _ALIASES:
        token = pattern.sub(present, token)
    return token


def plain(value: Any) -> Any:
    """Return a value without what the engine adds to inputs for itself."""
    if isinstance(value, str | int | float) or value is None or value is UNKNOWN:
        return value  # most values: to ask first spares the slow question for any kind of mapping
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if key != "__defaults"}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def partly_unknown(value: Any) -> bool:
    """Say whether any part of a value is not known."""
    return any(leaf is UNKNOWN for _, leaf in walk(value))


def is_true(value: Any) -> bool:
    """Say whether a value means true, as the provider reads it: true, or the text "true"."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def check(view: View, path: str, holds: Callable[[Any], bool], expected: str, *, default: Any = None) -> Outcome:
    """Judge one property: `holds` gets its known value, or `default` where it is not set.

    A value of another kind than `holds` expects does not hold: rules see what people wrote.
    """
    value = view.get(path, default)
    if value is UNKNOWN:
        return unknown(path, expected)
    try:
        good = holds(value)
    except (TypeError, AttributeError, KeyError, ValueError, IndexError, OverflowError):
        good = False
    if good:
        return PASS
    if partly_unknown(value):
        return unknown(path, expected)
    return fail(path, kind_of(view.get(path)), expected)


def check_true(view: View, path: str, *, default: bool = False) -> Outcome:
    """Judge whether a property is true; `default` is what AWS takes where it is not set."""
    return check(view, path, is_true, "true", default=default)


def check_false(view: View, path: str, *, default: bool = False) -> Outcome:
    """Judge whether a property is not true; `default` is what AWS takes where it is not set."""
    return check(view, path, lambda value: not is_true(value), "false", default=default)


def check_set(view: View, path: str, expected: str) -> Outcome:
    """Judge whether a property is set. One that only AWS can decide is; a block that is not known may lack it."""
    block = path.rpartition(".")[0]
    if block and view.get(block) is UNKNOWN:
        return unknown(block, expected)
    return PASS if view.is_set(path) else fail(path, "not set", expected)


def check_word(
    view: View, path: str, allowed: Iterable[str], *, default: str | None = None, known: Iterable[str] = ()
) -> Outcome:
    """Judge whether a property is one of some words, in any case. `known` are further words that may be shown."""
    words = [*allowed]
    folded = {word.casefold() for word in words}
    outcome = check(
        view,
        path,
        lambda value: isinstance(value, str) and value.casefold() in folded,
        " or ".join(words),
        default=default,
    )
    if outcome.word != "fail":
        return outcome
    return fail(path, word_or_other(view.get(path, default), (*words, *known)), " or ".join(words))


def word_or_other(value: Any, known: Iterable[str]) -> str:
    """Return a value to show where it is one of the known words, and otherwise only what kind of thing it is."""
    shown = {word.casefold(): word for word in known}
    if isinstance(value, str) and value.casefold() in shown:
        return shown[value.casefold()]
    return kind_of(value)


def kind_of(value: Any) -> str:
    """Describe a value without showing a text of it: texts may be secrets."""
    if value is None:
        return "not set"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) else f"{value:g}"
    if isinstance(value, str):
        return "another text" if value else "an empty text"
    if isinstance(value, Mapping):
        return "another mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return "another value"


Judgement = Callable[[View], Outcome]


@dataclass(frozen=True)
class Rule:
    """One rule. `name` is in kebab-case, `id` short and never reused.

    `level` is mandatory where a document or a control of high severity asks for it, and open where the documents leave
    it to the environment (the packs' config decides). `parameters` are the names of the parameters with their defaults.
    `scope` stack means that the rule needs other resources. `remediate` returns the inputs as they should be, None
    where nothing is to do.
    """

    id: str
    name: str
    pack: Pack
    types: tuple[str, ...]
    severity: Severity
    rationale: str
    url: str
    remediation: str
    judge: Judgement
    level: Level = "mandatory"
    scope: Literal["resource", "stack"] = "resource"
    controls: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    remediate: Callable[[View], Mapping[str, Any] | None] | None = None


_RULES: dict[str, Rule] = {}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def rule(
    id_: str,
    name: str,
    *,
    pack: Pack,
    types: tuple[str, ...],
    severity: Severity,
    rationale: str,
    url: str,
    remediation: str,
    level: Level = "mandatory",
    scope: Literal["resource", "stack"] = "resource",
    controls: tuple[str, ...] = (),
    criteria: tuple[str, ...] = (),
    parameters: Mapping[str, Any] | None = None,
    remediate: Callable[[View], Mapping[str, Any] | None] | None = None,
) -> Callable[[Judgement], Judgement]:
    """Register the function below as a rule. Raises ValueError for an id or name that is taken or malformed."""

    def register(judge: Judgement) -> Judgement:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name}: no kebab-case name")
        if name in _RULES or any(known.id == id_ for known in _RULES.values()):
            raise ValueError(f"{id_} {name}: taken")
        _RULES[name] = Rule(
            id=id_,
            name=name,
            pack=pack,
            types=tuple(present_type(token) for token in types),
            severity=severity,
            rationale=rationale,
            url=url,
            remediation=remediation,
            judge=judge,
            level=level,
            scope=scope,
            controls=controls,
            criteria=criteria,
            parameters=dict(parameters or {}),
            remediate=remediate,
        )
        return judge

    return register


def registered() -> Mapping[str, Rule]:
    """Return the rules of all modules that were imported so far, by name."""
    return _RULES
