"""The comment on each of the changes in history.py, compared whole with tests/fixtures/history."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator

import pytest
from conftest import ROOT

from plumbline.diff import compared, report
from plumbline.project import Project
from tests.plumbline.diff.history import CHANGES
from tests.plumbline.diff.repository import Repository, git

EXPECTED = ROOT / "tests" / "fixtures" / "history"
TODAY = datetime.date(2026, 12, 1)
# The changes that nobody may let pass as they are.
BLOCKED = {
    "renamed-table", "changed-key", "changed-key-with-old-approval", "moved-component", "moved-below-another",
    "lowered-retention", "removed-tag", "new-stack", "new-function", "widened-rights", "broken",
}  # fmt: skip


@contextlib.contextmanager
def silent(count: int) -> Iterator[Callable[[], None]]:
    yield lambda: None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("history") / "shop")


@pytest.fixture(scope="module")
def found(shop: Repository) -> Callable[[str], compared.Diff]:
    """Return the diff of a change, which is made once: every change starts from the first commit."""
    made: dict[str, compared.Diff] = {}

    def diff(name: str) -> compared.Diff:
        if name not in made:
            git(shop.folder, "checkout", "--quiet", "-B", name, shop.first)
            CHANGES[name](shop)
            shop.commit(name)
            made[name] = compared.compare(Project(shop.folder), shop.first, None, (), TODAY, silent)
        return made[name]

    return diff


@pytest.mark.parametrize("name", CHANGES)
def test_the_comment_is_the_expected_one(name: str, found: Callable[[str], compared.Diff]) -> None:
    diff = found(name)
    comment = report.markdown(diff).replace(diff.base.short, "BASE").replace(diff.head.short, "HEAD")
    expected = EXPECTED / f"{name}.md"
    if not expected.exists():
        expected.write_text(comment, encoding="utf-8")
    assert comment == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_may_pass_passes(name: str, found: Callable[[str], compared.Diff]) -> None:
    assert found(name).status == (1 if name in BLOCKED else 0)
