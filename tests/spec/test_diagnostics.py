"""How diagnostics look to the person who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pfo_dagster.spec import Diagnostic, Position, SpecError, load_workflows, render

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
meta: {key: k, version: "1.0.0"}
definition:
  steps:
    - {id: a, type: automation, retry: {maxAttempt: 3}}
  transitions: []
"""


def test_a_diagnostic_shows_the_line_and_underlines_the_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    path = (tmp_path / "x.yaml").relative_to(tmp_path)
    assert render(load_workflows(path).diagnostics) == (
        "x.yaml:4:41: error[PFO005]: unknown field `maxAttempt` in `definition.steps[0].retry`\n"
        "4 |     - {id: a, type: automation, retry: {maxAttempt: 3}}\n"
        "  |                                         ^^^^^^^^^^\n"
        "  expected: one of maxAttempts, backoff, delayMs, maxDelayMs\n"
        "  hint: did you mean `maxAttempts`?"
    )


def test_what_has_no_place_is_still_told() -> None:
    diagnostic = Diagnostic(code="PFO020", level="warning", message="m", hint="h")
    assert render([diagnostic, diagnostic]) == "\n\n".join(["warning[PFO020]: m\n  hint: h"] * 2)


def test_color_only_adds_color() -> None:
    diagnostic = Diagnostic(
        code="PFO020", level="error", message="m", position=Position(1, 3, 2), excerpt="a: bc"
    )
    colored = render([diagnostic], color=True)
    assert "\x1b[1;31merror[PFO020]\x1b[0m: m" in colored
    plain = colored
    for code in ("\x1b[1;31m", "\x1b[2m", "\x1b[0m"):
        plain = plain.replace(code, "")
    assert plain == render([diagnostic]) == "1:3: error[PFO020]: m\n1 | a: bc\n  |   ^^"


@pytest.mark.parametrize(("column", "length"), [(5, 3), (5_000, 3), (9_990, 500)])
def test_a_long_line_is_cut_around_the_value(column: int, length: int) -> None:
    line = "x" * (column - 1) + "y" * length
    diagnostic = Diagnostic(
        code="c", level="error", message="m", position=Position(1, column, length), excerpt=line
    )
    _, shown, carets = render([diagnostic]).splitlines()
    assert len(shown) <= 104
    assert shown[carets.index("^")] == "y"
    assert len(carets) <= len(shown)


def test_a_tab_does_not_shift_the_caret() -> None:
    diagnostic = Diagnostic(
        code="c", level="error", message="m", position=Position(1, 4), excerpt="\t\ta: b"
    )
    _, shown, carets = render([diagnostic]).splitlines()
    assert shown[carets.index("^")] == ":"


def test_the_error_carries_and_shows_its_diagnostics() -> None:
    diagnostic = Diagnostic(code="PFO001", level="error", message="there is no such file")
    error = SpecError([diagnostic])
    assert error.diagnostics == (diagnostic,)
    assert str(error) == "error[PFO001]: there is no such file"


def test_the_caret_stands_below_the_value_whatever_is_before_it() -> None:
    diagnostic = Diagnostic(
        code="c", level="error", message="m", position=Position(1, 6, 2), excerpt="家e\u0301🎉 bc"
    )
    _, _, carets = render([diagnostic]).split("\n")
    assert carets == "  | " + " " * len("家家e🎉🎉 ") + "^^"
