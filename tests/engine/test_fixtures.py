"""What tests.engine.make_fixtures writes of today's program is agreed on: the engine's documents and our own."""

from __future__ import annotations

from pathlib import Path

import pytest

import criteria
from tests.engine import make_fixtures
from tests.engine.rig import needs_cli
from tests.plumbline.judged import SHOP, Case, disagreements

pytestmark = [pytest.mark.engine, needs_cli]


@pytest.mark.parametrize("stack", make_fixtures.RECIPES)
def test_documents_made_anew_are_judged_alike(tmp_path: Path, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criteria, "__path__", [*criteria.__path__, str(SHOP / "criteria")])
    made = tmp_path / "made"
    make_fixtures.make(stack, made)
    kept = make_fixtures.FOLDER / stack
    assert {path.name for path in made.iterdir()} == {path.name for path in kept.iterdir()}
    for change in (make_fixtures.CREATE, *make_fixtures.RECIPES[stack].changes):
        assert disagreements(Case(made, stack, change, tmp_path / change)) == []
