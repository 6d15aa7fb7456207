"""`docs/rules.md` says what the code holds specs to."""

from __future__ import annotations

from pathlib import Path

from pfo_dagster.spec import RULES
from pfo_dagster.spec.rules_page import PAGE, rules_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_page_is_up_to_date() -> None:
    committed = (ROOT / PAGE).read_text(encoding="utf-8")
    assert committed == rules_page() + "\n", "run `python -m pfo_dagster.spec.rules_page`"


def test_every_rule_has_a_section_that_the_table_leads_to() -> None:
    page = rules_page()
    for rule in RULES.values():
        assert f"| [{rule.code}](#{rule.code.lower()}) | {rule.checked_level} |" in page
        assert f"\n## {rule.code}\n" in page
        assert rule.example.strip("()") in page
