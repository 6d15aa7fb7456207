"""The table of traps in `docs/powens.md`: complete, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "powens.md").read_text(encoding="utf-8")
TRAPS = re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def test_every_trap_of_the_reference_is_listed_once_in_order() -> None:
    assert [int(number) for number in TRAPS] == list(range(1, 28))


@pytest.mark.parametrize("number", TRAPS)
def test_every_trap_has_its_test(number: str) -> None:
    [line] = re.findall(rf"^\| {number} \|.*$", PAGE, flags=re.MULTILINE)
    assert "::" in line


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_named_test_exists(path: str, name: str) -> None:
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    defined = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    assert name in defined
    # pytest collects nothing else.
    assert name.startswith("test_")
    assert Path(path).name.startswith("test_")
