"""The packs' config: what comes on top of what, and one clear line for each mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from plumbline.project import UserError
from policies import config
from policies.config import Config, RuleConfig
from policies.rules import load_all
from policies.rules.model import Rule

RULES = load_all()
KEY = RULES["log-group-has-key"]
DAYS = RULES["log-group-has-retention"]
OPEN = next(rule for rule in RULES.values() if rule.level == "open" and rule is not KEY)
PATTERNS = "iam-policy-names-more-than-a-kind"
ROOT = Path(__file__).resolve().parents[2]


def loaded(tmp_path: Path, text: str, stack: str = "test") -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, stack, RULES)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        loaded(tmp_path, text)
    return list(caught.value.lines)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "rules: {log-group-has-kye: {level: disabled}}",
            "rules.log-group-has-kye: no such rule (did you mean log-group-has-key?)",
        ),
        ("rules: {zzz: {}}", "rules.zzz: no such rule"),
        (
            "rules: {log-group-has-key: {keys: aws}}",
            "rules.log-group-has-key.keys: not a parameter; allowed: level, key",
        ),
        ("rules: {log-group-has-key: {key: own}}", "rules.log-group-has-key.key: 'own' given; allowed: aws, customer"),
        ("rules: {log-group-has-key: {key: 7}}", "rules.log-group-has-key.key: 7 given; allowed: string"),
        ("rules: {log-group-has-key: {key: null}}", "rules.log-group-has-key.key: None given; allowed: string"),
        (
            "rules: {log-group-has-key: {level: high}}",
            "rules.log-group-has-key.level: 'high' given; allowed: mandatory, advisory, disabled",
        ),
        ("rules: {log-group-has-key: off}", "rules.log-group-has-key: no mapping; allowed: level, key"),
        (
            "rules: {log-group-has-retention: {least_days: '30'}}",
            "rules.log-group-has-retention.least_days: '30' given; allowed: number",
        ),
        (
            "rules: {log-group-has-retention: {least_days: true}}",
            "rules.log-group-has-retention.least_days: True given; allowed: number",
        ),
        (
            "rules: {security-group-admin-ports-closed: {ports: 22}}",
            "rules.security-group-admin-ports-closed.ports: 22 given; allowed: array",
        ),
        (
            "rules: {security-group-admin-ports-closed: {ports: [22, ssh]}}",
            "rules.security-group-admin-ports-closed.ports[1]: 'ssh' given; allowed: number",
        ),
        (
            "rules: {security-group-open-ports-are-allowed: {udp_ports: ['53']}}",
            "rules.security-group-open-ports-are-allowed.udp_ports[0]: '53' given; allowed: number",
        ),
        (f"rules: {{{PATTERNS}: {{deployers: [7]}}}}", f"rules.{PATTERNS}.deployers[0]: 7 given; allowed: string"),
        (
            "rules: {resource-has-required-tags: {tags: {Owner: me}}}",
            "rules.resource-has-required-tags.tags.Owner: 'me' given; allowed: array",
        ),
        (
            "rules: {resource-has-required-tags: {tags: {Team: [1]}}}",
            "rules.resource-has-required-tags.tags.Team[0]: 1 given; allowed: string",
        ),
        ("rules: [log-group-has-key]", "rules: no mapping; allowed: rules by name"),
        ("open: sometimes", "open: 'sometimes' given; allowed: mandatory, advisory, disabled"),
        ("level: advisory", "level: not known; allowed: open, rules, stacks"),
        ("stacks: [test]", "stacks: no mapping; allowed: a config by stack"),
        ("stacks: {test: advisory}", "stacks.test: no mapping; allowed: open, rules"),
        ("stacks: {test: {stacks: {}}}", "stacks.test.stacks: not known; allowed: open, rules"),
        ("stacks: {prod: {rules: {zzz: {}}}}", "stacks.prod.rules.zzz: no such rule"),
        ("- open", "no mapping; allowed: open, rules, stacks"),
        ("open", "no mapping; allowed: open, rules, stacks"),
    ],
)
def test_mistake_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert mistakes(tmp_path, text) == [f"config.yaml: {line}"]


@pytest.mark.parametrize("text", ["rules: {", "open: 2027-01-31", "open: mandatory\nopen: advisory\n", "\ttab"])
def test_broken_yaml_is_one_line_with_its_place(tmp_path: Path, text: str) -> None:
    (line,) = mistakes(tmp_path, text)
    assert line.startswith("config.yaml: line ") and "\n" not in line


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = "open: 1\nrules: {zzz: {}, log-group-has-key: {level: x, other: 1}}\nstacks: {test: {open: x}}\n"
    assert len(mistakes(tmp_path, text)) == 5


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "rules:\n", "stacks:\n  test:\n", "rules: {}\nstacks: {}\n"])
def test_empty_file_leaves_all_to_the_rules(tmp_path: Path, text: str) -> None:
    found = loaded(tmp_path, text)
    assert all(found.parameters(rule) == rule.parameters for rule in RULES.values())
    assert all(found.level(rule) == "mandatory" for rule in RULES.values())


def test_missing_file_leaves_all_to_the_rules(tmp_path: Path) -> None:
    assert config.load(tmp_path / "none.yaml", "test", RULES) == Config()


_FILE = """
open: advisory
rules:
  log-group-has-retention: {level: advisory, least_days: 60}
  log-group-has-key: {key: aws}
stacks:
  prod:
    open: mandatory
    rules:
      log-group-has-retention: {least_days: 90}
      log-group-has-key: {level: disabled}
"""


def test_stack_comes_on_top_of_the_file(tmp_path: Path) -> None:
    test, prod = loaded(tmp_path, _FILE), loaded(tmp_path, _FILE, "prod")

    assert (test.level(DAYS), prod.level(DAYS)) == ("advisory", "advisory")
    assert (test.parameters(DAYS)["least_days"], prod.parameters(DAYS)["least_days"]) == (60, 90)
    assert prod.parameters(DAYS)["most_days"] == DAYS.parameters["most_days"]
    assert (test.level(KEY), prod.level(KEY)) == ("advisory", "disabled")
    assert prod.parameters(KEY) == {"key": "aws"}
    assert (test.level(OPEN), prod.level(OPEN)) == ("advisory", "mandatory")


def test_what_the_engine_gives_comes_on_top_of_all(tmp_path: Path) -> None:
    given = {DAYS.name: {"least_days": 120}, OPEN.name: {"level": "disabled"}}
    whole = config.from_engine(given, RULES).over(loaded(tmp_path, _FILE, "prod"))

    assert whole.parameters(DAYS) == {**DAYS.parameters, "least_days": 120}
    assert (whole.level(DAYS), whole.level(OPEN), whole.level(KEY)) == ("advisory", "disabled", "disabled")
    assert whole.open == "mandatory"


def test_open_level_is_for_open_rules_only() -> None:
    found = Config(open="disabled")
    assert {found.level(rule) for rule in RULES.values() if rule.level == "mandatory"} == {"mandatory"}
    assert {found.level(rule) for rule in RULES.values() if rule.level == "open"} == {"disabled"}


@pytest.mark.parametrize("given", [{"zzz": {}}, {"log-group-has-key": {"key": "x"}}, {"log-group-has-key": 1}, "all"])
def test_mistake_of_the_engine_config_is_one_line(given: Any) -> None:
    with pytest.raises(UserError) as caught:
        config.from_engine(given, RULES)
    (line,) = caught.value.lines
    assert line.startswith("policy pack config: rules")


def test_mappings_do_not_change_what_rules_have() -> None:
    found = Config(rules={KEY.name: RuleConfig(None, {"key": "aws"})})
    assert found.parameters(KEY) == {"key": "aws"}
    assert KEY.parameters == {"key": "customer"}


def test_schema_says_what_the_loader_takes() -> None:
    properties: Mapping[str, Any] = config.schema(RULES)["properties"]
    assert list(properties) == sorted(RULES)
    assert properties["log-group-has-key"]["properties"]["key"] == {"enum": ["aws", "customer"]}
    ports = properties["security-group-open-ports-are-allowed"]["properties"]
    assert ports["tcp_ports"] == ports["udp_ports"] == {"type": "array", "items": {"type": "number"}}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_defaults_of_every_rule_are_a_config(rule: Rule) -> None:
    assert config.from_engine({rule.name: dict(rule.parameters)}, RULES).parameters(rule) == rule.parameters


@pytest.mark.parametrize("stack", ["test", "prod", "bootstrap", "bootstrap-prod", "another"])
def test_own_config_has_no_mistakes(stack: str) -> None:
    found = config.load(ROOT / "policies" / "config.yaml", stack, RULES)
    assert found.open == ("advisory" if stack == "test" else "mandatory")
