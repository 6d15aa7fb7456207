"""The page of settings says what the code reads, each variable with a word on what it is."""

from __future__ import annotations

from pathlib import Path

from pfo_dagster.config import Settings
from pfo_dagster.settings_page import settings_page

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def test_the_page_is_what_the_code_reads() -> None:
    how = "run: python -m pfo_dagster.settings_page > docs/settings.md"
    assert PAGE.read_text(encoding="utf-8") == settings_page(), how


def test_every_setting_is_described() -> None:
    unsaid = [field.alias for field in Settings.model_fields.values() if not field.description]
    assert unsaid == []
