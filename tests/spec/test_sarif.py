"""Diagnostics for programs: SARIF 2.1.0 and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pfo_dagster.spec import RULES, Diagnostic, Position, load_workflows, to_json, to_sarif

TYPESCRIPT = "const é = 1;\nexport default defineWorkflow({ metadata: { 'é': f() } });\n"


def one_run(log: dict[str, Any]) -> dict[str, Any]:
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-2.1.0.json")
    (run,) = log["runs"]
    return json.loads(json.dumps(run))


def test_a_result_leads_to_its_rule_and_to_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "one.ts"
    path.parent.mkdir()
    path.write_text(TYPESCRIPT, encoding="utf-8")
    run = one_run(to_sarif(load_workflows(path).diagnostics, root=tmp_path))
    result = next(one for one in run["results"] if one["ruleId"] == "PFO016")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "PFO016"
    assert result["level"] == "error"
    assert "a call of `f`" in result["message"]["text"]
    assert "Hint: write out what it returns" in result["message"]["text"]
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/one.ts"
    assert run["columnKind"] == "unicodeCodePoints"
    region = place["region"]
    line = TYPESCRIPT.splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "f()"


def test_every_rule_is_described_once() -> None:
    run = one_run(to_sarif([]))
    described = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == list(RULES)
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in described)
    assert {rule["defaultConfiguration"]["level"] for rule in described} == {"error", "warning"}
    assert run["results"] == []


def test_what_has_no_place_or_is_elsewhere_is_still_told(tmp_path: Path) -> None:
    nowhere = Diagnostic(code="PFO020", level="error", message="m")
    outside = Diagnostic(code="PFO001", level="error", message="m", path=Path("/elsewhere/x.ts"))
    first, second = one_run(to_sarif([nowhere, outside], root=tmp_path))["results"]
    assert "locations" not in first
    (location,) = second["locations"]
    assert location == {"physicalLocation": {"artifactLocation": {"uri": "file:///elsewhere/x.ts"}}}


def test_json_has_what_the_text_has() -> None:
    diagnostic = Diagnostic(
        code="PFO020",
        level="warning",
        message="m",
        path=Path("x.ts"),
        position=Position(3, 5, 2),
        hint="h",
    )
    assert to_json([diagnostic]) == [
        {
            "code": "PFO020",
            "level": "warning",
            "message": "m",
            "file": "x.ts",
            "line": 3,
            "column": 5,
            "length": 2,
            "expected": None,
            "hint": "h",
        }
    ]
