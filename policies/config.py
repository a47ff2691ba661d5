"""The packs' config: which level a rule has in a stack, and its parameters.

policies/config.yaml holds it for all stacks; what `--policy-pack-config` gives comes on top. A mistake is one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from plumbline import yaml12
from plumbline.project import UserError, suggestion
from policies.rules.model import Rule

Effective = Literal["mandatory", "advisory", "disabled"]
LEVELS: tuple[Effective, ...] = ("mandatory", "advisory", "disabled")
# Whose key encrypts: what every rule with the parameter `key` takes.
KEY_MODES = ("aws", "customer")


@dataclass(frozen=True)
class RuleConfig:
    """What a config says of one rule. `level` None leaves it to the rule and to `open`."""

    level: Effective | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Config:
    """The config of one stack. `open` is the level of rules that the documents leave to the environment."""

    open: Effective = "mandatory"
    rules: Mapping[str, RuleConfig] = field(default_factory=dict, hash=False)

    def level(self, rule: Rule) -> Effective:
        """Return the level at which a rule is judged."""
        given = self.rules.get(rule.name, RuleConfig()).level
        return given or ("mandatory" if rule.level == "mandatory" else self.open)

    def parameters(self, rule: Rule) -> Mapping[str, Any]:
        """Return a rule's parameters: its own defaults, replaced where the config says otherwise."""
        return {**rule.parameters, **self.rules.get(rule.name, RuleConfig()).parameters}

    def over(self, other: Config) -> Config:
        """Return the other config with the rules of this one on top."""
        merged = dict(other.rules)
        for name, own in self.rules.items():
            below = merged.get(name, RuleConfig())
            merged[name] = RuleConfig(own.level or below.level, {**below.parameters, **own.parameters})
        return replace(other, rules=merged)


def load(path: Path, stack: str, rules: Mapping[str, Rule]) -> Config:
    """Return the config of a stack from the file. Raises UserError with one line per mistake."""
    if not path.is_file():
        return Config()
    try:
        document = yaml12.load(path)
        document = {} if document is None else document
    except yaml12.YamlError as error:
        raise UserError(f"{path.name}: {error}") from None
    mistakes = list(_file_mistakes(document, rules))
    if mistakes:
        raise UserError(*(f"{path.name}: {mistake}" for mistake in mistakes))
    everywhere = Config(rules=_rules(document.get("rules") or {}))
    own = (document.get("stacks") or {}).get(stack) or {}
    base = replace(everywhere, open=own.get("open") or document.get("open") or "mandatory")
    return Config(rules=_rules(own.get("rules") or {})).over(base)


def from_engine(given: Mapping[str, Any], rules: Mapping[str, Rule]) -> Config:
    """Return what `--policy-pack-config` says of a pack's rules. Raises UserError with one line per mistake."""
    mistakes = list(_rule_mistakes("rules", given, rules))
    if mistakes:
        raise UserError(*(f"policy pack config: {mistake}" for mistake in mistakes))
    return Config(rules=_rules(given))


def schema(rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Return the JSON schema of the property `rules`."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": "object",
                "description": f"{rule.id}, {rule.severity}",
                "additionalProperties": False,
                "properties": {
                    "level": {"enum": list(LEVELS)},
                    **{key: _json_schema(key, default) for key, default in rule.parameters.items()},
                },
            }
            for name, rule in sorted(rules.items())
        },
    }


def _rules(given: Mapping[str, Any]) -> dict[str, RuleConfig]:
    return {
        name: RuleConfig(row.get("level"), {key: value for key, value in row.items() if key != "level"})
        for name, row in given.items()
    }


def _file_mistakes(document: Any, rules: Mapping[str, Rule]) -> Iterator[str]:
    if not isinstance(document, dict):
        yield "no mapping; allowed: open, rules, stacks"
        return
    yield from _part_mistakes("", document, ("open", "rules", "stacks"), rules)
    stacks = document.get("stacks") or {}
    if not isinstance(stacks, dict):
        yield "stacks: no mapping; allowed: a config by stack"
        return
    for name, own in stacks.items():
        if isinstance(own, dict) or own is None:
            yield from _part_mistakes(f"stacks.{name}.", own or {}, ("open", "rules"), rules)
        else:
            yield f"stacks.{name}: no mapping; allowed: open, rules"


def _part_mistakes(
    where: str, part: Mapping[str, Any], allowed: tuple[str, ...], rules: Mapping[str, Rule]
) -> Iterator[str]:
    for key in part:
        if key not in allowed:
            yield f"{where}{key}: not known; allowed: {', '.join(allowed)}"
    if "open" in part and part["open"] not in LEVELS:
        yield f"{where}open: {part['open']!r} given; allowed: {', '.join(LEVELS)}"
    yield from _rule_mistakes(f"{where}rules", part.get("rules") or {}, rules)


def _rule_mistakes(where: str, given: Any, rules: Mapping[str, Rule]) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{where}: no mapping; allowed: rules by name"
        return
    for name, row in given.items():
        rule = rules.get(name)
        if rule is None:
            yield f"{where}.{name}: no such rule{suggestion(str(name), list(rules))}"
        elif not isinstance(row, Mapping):
            yield f"{where}.{name}: no mapping; allowed: {', '.join(('level', *rule.parameters))}"
        else:
            yield from _one_mistakes(f"{where}.{name}", row, rule)


def _one_mistakes(where: str, row: Mapping[str, Any], rule: Rule) -> Iterator[str]:
    for key, value in row.items():
        if key == "level":
            if value not in LEVELS:
                yield f"{where}.level: {value!r} given; allowed: {', '.join(LEVELS)}"
        elif key not in rule.parameters:
            yield f"{where}.{key}: not a parameter; allowed: {', '.join(('level', *rule.parameters))}"
        else:
            yield from _parameter_mistakes(f"{where}.{key}", value, rule.parameters[key])
            if key == "key" and isinstance(value, str) and value not in KEY_MODES:
                yield f"{where}.{key}: {value!r} given; allowed: {', '.join(KEY_MODES)}"


def _parameter_mistakes(where: str, value: Any, default: Any) -> Iterator[str]:
    """Yield what is wrong with a parameter's type: what is in a list or mapping is of the default's type too.

    Where the default has nothing in it, a list holds texts, one of ports numbers.
    """
    wanted = _json_type(default)
    if _json_type(value) != wanted:
        yield f"{where}: {value!r} given; allowed: {wanted}"
    elif isinstance(value, list | tuple):
        like = _item(where, default)
        for number, item in enumerate(value):
            yield from _parameter_mistakes(f"{where}[{number}]", item, like)
    elif isinstance(value, Mapping) and default:
        # The fullest default says most of what may be inside.
        like = max(default.values(), key=lambda each: len(each) if isinstance(each, Mapping | list | tuple) else 0)
        for name, item in value.items():
            yield from _parameter_mistakes(f"{where}.{name}", item, default.get(name, like))


def _item(name: str, default: Sequence[Any]) -> Any:
    """Return something of the type that the items of a list parameter have."""
    return next(iter(default), 0 if name.endswith("ports") else "")


def _json_schema(name: str, default: Any) -> dict[str, Any]:
    if name == "key":
        return {"enum": list(KEY_MODES)}
    if isinstance(default, list | tuple):
        return {"type": "array", "items": {"type": _json_type(_item(name, default))}}
    return {"type": _json_type(default)}


def _json_type(value: Any) -> str:
    """Name a value's type as JSON schemas do."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"
