"""The data about the free tier, and what a system declares that it pays for."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from plumbline.free_tier.data import DATA, Demand, demands, tiers
from plumbline.project import UserError
from plumbline.sdk import resource_class

LEDGER = """
requirements: {"01": Tables}
criteria:
- {id: SHOP-01.1, area: tables, environments: [test], text: "Billed on demand.", facts: {}}
"""
ROW = {
    "type": "aws:dynamodb/table:Table",
    "part": "on-demand",
    "criterion": "SHOP-01.1",
    "reason": "asks for billing on demand",
}


def given(root: Path, *rows: object) -> None:
    (root / "criteria").mkdir(exist_ok=True)
    (root / "criteria" / "trading.yaml").write_text(LEDGER, encoding="utf-8")
    folder = root / "systems" / "trading" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "paid.yaml").write_text(yaml.safe_dump({"paid": list(rows)}), encoding="utf-8")


def test_every_type_is_one_of_the_installed_sdk() -> None:
    unknown = [type_ for type_ in tiers().by_type if resource_class(type_) is None]
    assert unknown == []


def test_every_source_is_used_and_was_read_on_a_day_that_has_been() -> None:
    known = tiers()
    used = set(known._named_sources())
    assert set(known.sources) - used == set()
    assert max(source.read for source in known.sources.values()) <= datetime.date(2026, 11, 21)
    assert [source.url for source in known.sources.values() if not source.url.startswith("http")] == []


def test_every_allowance_is_used_by_a_type() -> None:
    known = tiers()
    assert set(known.allowances) == {name for kind in known.resources for name in kind.used}


def test_a_system_without_the_file_pays_for_nothing(tmp_path: Path) -> None:
    assert demands(tmp_path, "trading", tiers()) == ()


def test_what_a_system_pays_for_is_read(tmp_path: Path) -> None:
    given(tmp_path, ROW)
    assert demands(tmp_path, "trading", tiers()) == (Demand(**ROW),)


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    given(
        tmp_path,
        ROW | {"type": "aws:iam/role:Role"},
        ROW | {"part": "ondemand"},
        ROW | {"criterion": "SHOP-01.2"},
    )
    with pytest.raises(UserError) as error:
        demands(tmp_path, "trading", tiers())
    assert error.value.lines == (
        "systems/trading/data/paid.yaml: paid[0].type: nothing about 'aws:iam/role:Role' costs",
        "systems/trading/data/paid.yaml: paid[1].part: 'ondemand' given (did you mean on-demand?); "
        "aws:dynamodb/table:Table may cost by infrequent-access, on-demand, point-in-time-recovery, read-capacity, "
        "replicas, write-capacity",
        "systems/trading/data/paid.yaml: paid[2].criterion: 'SHOP-01.2' is not in criteria/trading.yaml "
        "(did you mean SHOP-01.1?)",
    )


def test_a_row_without_a_reason_is_refused(tmp_path: Path) -> None:
    given(tmp_path, {key: value for key, value in ROW.items() if key != "reason"})
    with pytest.raises(UserError, match=r"^systems/trading/data/paid.yaml: paid\.0\.reason: Field required$"):
        demands(tmp_path, "trading", tiers())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sources: [iam]", "sources: [nobody]", "not known: ['nobody']"),
        ("allowances: [sqs-requests]", "allowances: [nothing]", "not known: ['nothing']"),
        ("unsourced: true", "price: $1", "give sources, or unsourced and no price"),
        ("when: {path: billingMode, is: [PAY_PER_REQUEST]}", "when: {path: billingMode}", "billingMode: one of is,"),
        ('read: "2026-09-20"', 'read: "yesterday"', "Invalid isoformat string"),
    ],
)
def test_data_that_states_without_a_source_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = DATA.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "free_tier.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError) as error:
        tiers(tmp_path / "free_tier.yaml")
    assert said in str(error.value)
