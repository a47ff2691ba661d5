"""The catalogue: which rules there are, which controls they cover, and the document that is made of both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plumbline import sdk, yaml12
from plumbline.permissions import iam_actions
from policies import catalogue, reference
from policies.rules import load_all
from policies.rules.model import Rule
from tests.evaluations import ROOT

# An id is never given to another rule, and a rule that goes takes its id with it.
IDS = (Path(__file__).parent / "rule_ids.txt").read_text(encoding="utf-8").splitlines()
PREFIXES = {"least_privilege": "LP", "encryption": "EN", "tagging": "TG", "operations": "OP"}


def rules() -> list[Rule]:
    return list(load_all().values())


def test_rules_are_those_of_the_list() -> None:
    assert [f"{rule.id} {rule.name}" for rule in rules()] == IDS


def test_ids_begin_with_their_pack() -> None:
    assert [rule.name for rule in rules() if not re.fullmatch(rf"{PREFIXES[rule.pack]}-\d{{3}}", rule.id)] == []


def test_rules_are_about_types_that_there_are() -> None:
    known = set(sdk.known_types())
    assert [(rule.name, type_) for rule in rules() for type_ in rule.types if type_ not in known] == []


def test_rules_name_criteria_that_there_are() -> None:
    ledger = {row["id"] for row in yaml12.load(ROOT / "criteria" / "trading.yaml")["criteria"]}
    named = [(rule.name, id_) for rule in rules() for id_ in rule.criteria]
    assert len(named) > 100
    assert [pair for pair in named if pair[1].startswith("TRADING-") and pair[1] not in ledger] == []
    # Those of systems that are not built yet have the form of ids.
    assert [pair for pair in named if not re.fullmatch(r"[A-Z]+-\d+(\.\d+)+[a-z]?", pair[1])] == []


@pytest.mark.parametrize("text", ["rationale", "remediation"])
def test_texts_are_sentences_of_their_own(text: str) -> None:
    texts = {rule.name: getattr(rule, text) for rule in rules()}
    assert [name for name, value in texts.items() if not re.fullmatch(r"[A-Z][^\n]*\.", value)] == []


def test_sources_are_addresses() -> None:
    assert [rule.name for rule in rules() if not rule.url.startswith("https://")] == []


def test_every_control_has_a_rule_or_a_reason() -> None:
    rows = catalogue.controls()
    assert len(rows) > 500
    assert [row["id"] for row in rows if bool(row["rules"]) == bool(row["exception"])] == []
    assert [row["id"] for row in rows if row["severity"] in ("high", "critical") and not row["rules"]] == []


def test_controls_have_one_row_each() -> None:
    ids = [row["id"] for row in catalogue.controls()]
    assert len(ids) == len(set(ids))


def test_rules_name_controls_that_there_are() -> None:
    ids = {row["id"] for row in catalogue.controls()}
    assert [(rule.name, id_) for rule in rules() for id_ in rule.controls if id_ not in ids] == []


def test_document_is_up_to_date() -> None:
    assert (ROOT / reference.FILE).read_text(encoding="utf-8") == reference.markdown(), "run make docs"


def test_extract_of_the_service_authorization_reference_is_up_to_date() -> None:
    extract = iam_actions.text(iam_actions.derive())
    assert iam_actions.FILE.read_text(encoding="utf-8") == extract, "run python -m plumbline.permissions.iam_actions"
