"""The recorded cases of the reference engine, where they are at hand, and the page on differences.

`python -m tests.conformance DIR` replays the same and prints a line for each difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import pytest

from tests.conformance import expressions, runs, validations
from tests.conformance.__main__ import main
from tests.conformance.outcome import Difference
from tests.conformance.recordings import read_cases
from tests.spec.conformance import FOLDER, needs_recordings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fidelity.md"
RUNS = read_cases(FOLDER, "runs.json")


@needs_recordings
def test_every_recorded_expression_has_its_answer() -> None:
    cases = read_cases(FOLDER, "expressions.json")
    assert [out for out in map(expressions.replay, cases) if out.differences] == []


@needs_recordings
def test_every_recorded_validation_has_its_findings() -> None:
    cases = read_cases(FOLDER, "validation.json")
    assert [out for out in map(validations.replay, cases) if out.differences] == []


@pytest.fixture(scope="module")
def shared_instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@needs_recordings
@pytest.mark.parametrize("case", RUNS, ids=[f"{case['id']} {case['name']}" for case in RUNS])
def test_recorded_run(case: dict[str, object], shared_instance: dg.DagsterInstance) -> None:
    assert runs.replay(case, shared_instance).differences == ()


def test_the_page_names_every_reason_for_skipping_a_case_and_no_other() -> None:
    named = re.findall(r"^### `([a-z-]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [*map(str, Difference)]


def test_a_folder_without_recordings_is_not_a_success(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2


def test_a_difference_is_printed_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = '{"id": "x1", "expression": "data.a === 1", "context": {"data": {"a": 1}}, '
    tmp_path.joinpath("expressions.json").write_text(f'[{case} "expected": false}}]')
    assert main([str(tmp_path)]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert "expressions x1" in first
    assert last == "0 passed, 1 failed, 0 skipped"
