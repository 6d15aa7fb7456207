"""The data dictionary says what the schema says."""

from __future__ import annotations

from pathlib import Path

from pfo_dagster.ledger.dictionary import data_dictionary

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_page_is_that_of_the_schema() -> None:
    how = "run: python -m pfo_dagster.ledger.dictionary > docs/data-dictionary.md"
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(), how


def test_relations_columns_and_questions_are_explained() -> None:
    page = data_dictionary()
    assert "| `as_of` | TIMESTAMP | What moment the balance is of" in page
    assert "| `amount` | DECIMAL(38,12) |" in page
    assert "### explain\n\nexplain(account):" in page
    assert "powens:&lt;domain>" in page
    assert "None" not in page
