"""`docs/rules.md` says what the code holds specs to, and shows what it says of each breach."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfo_dagster.spec import RULES
from pfo_dagster.translate.planning.rule_examples import EXAMPLES, rendered_example
from pfo_dagster.translate.planning.rules_page import PAGE, rules_page

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_A_FILE = {"PFO049", "PFO104", "PFO105"}
"""Only a spec made in memory can hold what is not JSON; the others are about no spec's file."""


def test_the_committed_page_is_up_to_date() -> None:
    committed = (ROOT / PAGE).read_text(encoding="utf-8")
    written = rules_page() + "\n"
    assert committed == written, "run `python -m pfo_dagster.translate.planning.rules_page`"


def test_every_rule_has_an_example() -> None:
    assert set(RULES) - set(EXAMPLES) == NOT_IN_A_FILE


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_breaks_its_rule_at_a_place(code: str) -> None:
    shown = rendered_example(code)
    assert shown
    assert f"{RULES[code].checked_level}[{code}]: " in shown
    # A file that is empty has no line to show.
    assert code == "PFO009" or "^" in shown or "rates.yaml:" in shown


def test_every_rule_has_a_section_that_the_table_leads_to() -> None:
    page = rules_page()
    for rule in RULES.values():
        assert f"| [{rule.code}](#{rule.code.lower()}) | {rule.checked_level} |" in page
        assert f"\n## {rule.code}\n" in page
