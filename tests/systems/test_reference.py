"""The table of settings is what the models say."""

from __future__ import annotations

from systems import reference


def test_the_table_of_settings_is_up_to_date() -> None:
    assert reference.PATH.read_text(encoding="utf-8") == reference.markdown(), "run make docs"


def test_every_setting_has_a_meaning() -> None:
    assert "| None |" not in reference.markdown()
