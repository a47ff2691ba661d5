"""The comment on each of the changes in history.py, compared whole with tests/fixtures/history."""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from plumbline import contract
from plumbline.diff import compared, report
from plumbline.project import Project
from tests.evaluations import ROOT
from tests.plumbline.diff.history import CHANGES
from tests.plumbline.diff.repository import Repository, git

EXPECTED = ROOT / "tests" / "fixtures" / "history"
TODAY = datetime.date(2026, 12, 1)
# The changes that nobody may let pass as they are.
BLOCKED = {
    "renamed-table", "changed-key", "changed-key-with-old-approval", "moved-component", "moved-below-another",
    "lowered-retention", "removed-tag", "new-stack", "new-function", "widened-rights", "broken",
}  # fmt: skip


def comment(diff: compared.Diff) -> str:
    """Return the comment without what differs from run to run."""
    return report.markdown(diff).replace(diff.base.short, "BASE").replace(diff.head.short, "HEAD")


@contextlib.contextmanager
def silent(count: int) -> Iterator[Callable[[], None]]:
    yield lambda: None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("history") / "shop")


def made(shop: Repository, name: str) -> compared.Diff:
    """Make a change on top of the first commit, and return what it changes."""
    git(shop.folder, "checkout", "--quiet", "-B", name, shop.first)
    CHANGES[name](shop)
    shop.commit(name)
    return compared.compare(Project(shop.folder), shop.first, None, (), TODAY, silent)


@pytest.fixture(scope="module")
def found(shop: Repository) -> Callable[[str], compared.Diff]:
    """Return the diff of a change, which is made once."""
    return functools.cache(functools.partial(made, shop))


@pytest.mark.parametrize("name", CHANGES)
def test_the_comment_is_the_expected_one(name: str, found: Callable[[str], compared.Diff]) -> None:
    diff = found(name)
    assert comment(diff) == (EXPECTED / f"{name}.md").read_text(encoding="utf-8")


def test_every_expected_comment_is_compared() -> None:
    assert {path.stem for path in EXPECTED.glob("*.md")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_the_machine_document_fits_its_schema(name: str, found: Callable[[str], compared.Diff]) -> None:
    schema = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
    value = json.loads(contract.text(report.document(found(name))))
    one: dict[str, Any] = {"$defs": schema["$defs"], "$ref": "#/$defs/diff"}
    assert [error.message for error in jsonschema.Draft202012Validator(one).iter_errors(value)] == []


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_may_pass_passes(name: str, found: Callable[[str], compared.Diff]) -> None:
    assert found(name).status == (1 if name in BLOCKED else 0)
