"""`pfo check`: all kinds of specs at once, names that are supplied, and output for programs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pfo_dagster.cli.app import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "tests" / "spec" / "seeds" / "generated-page.md"
CAPABILITY = '{"key": "openbanking.balances.read", "version": "1.0.0"}'


def check(*arguments: str, specs: Path = ROOT / "specs") -> Result:
    environment = {"PFO_SPECS_DIR": str(specs), "COLUMNS": "200"}
    return CliRunner().invoke(app, ["check", *arguments], env=environment)


def test_a_name_that_a_page_lacks_is_asked_for_and_can_be_supplied() -> None:
    missing = check(str(PAGE))
    assert missing.exit_code == 1
    assert f"{PAGE}:42:32: error[PFO017]: `BALANCE_CAPABILITY` has no value" in missing.stderr
    supplied = check(str(PAGE), "--define", f"BALANCE_CAPABILITY={CAPABILITY}")
    assert supplied.exit_code == 0
    assert "1 workflows checked: 0 errors, 0 warnings." in supplied.stdout


def test_a_second_producer_can_leave_its_assets_to_the_first(tmp_path: Path) -> None:
    app_file = (ROOT / "specs" / "app.yaml").read_text(encoding="utf-8")
    (tmp_path / "app.yaml").write_text(f"{app_file}\njobsOnly: [t.b, t.c]\n")
    for key in ("t.a", "t.b"):
        text = SPEC.format(key=key, type="automation", more=CALL)
        (tmp_path / f"{key}.yaml").write_text(text, encoding="utf-8")
    done = check(specs=tmp_path)
    assert done.exit_code == 0
    assert ':17: warning[PFO105]: There is no workflow "t.c".' in done.stderr


def test_what_is_defined_for_nothing_is_said() -> None:
    done = check(str(PAGE), "--define", f"BALANCE_CAPABILITY={CAPABILITY}", "--define", "[b]=1")
    assert done.exit_code == 0
    assert done.stderr == (
        "warning: --define [b] changes nothing: no spec that was read lacks that name.\n"
    )


def test_all_that_is_said_of_a_file_stands_together_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_bytes((ROOT / "specs" / "app.yaml").read_bytes())
    text = (ROOT / "specs" / "ingest-email-threads.yaml").read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text.replace("stability: ", "stability: quite-"))
    (tmp_path / "b.yaml").write_text(text.replace("meta:", "mtea:"))
    done = check("--format", "json", specs=tmp_path)
    places = [(one["file"], one["line"]) for one in json.loads(done.stdout)]
    assert places == sorted(places)
    assert {Path(file).name for file, _ in places} == {"a.yaml", "b.yaml"}


def test_the_app_config_can_supply_it_too(tmp_path: Path) -> None:
    app_file = (ROOT / "specs" / "app.yaml").read_text(encoding="utf-8")
    (tmp_path / "app.yaml").write_text(f"{app_file}\ndefines: {{BALANCE_CAPABILITY: {CAPABILITY}}}")
    (tmp_path / "page.md").write_bytes(PAGE.read_bytes())
    assert check(specs=tmp_path).exit_code == 0
    other = CAPABILITY.replace("1.0.0", "2.0.0")
    overridden = check("--define", f"BALANCE_CAPABILITY={other}", specs=tmp_path)
    assert 'warning[PFO103]: Capability "openbanking.balances.read@2.0.0"' in overridden.stderr


def test_a_broken_app_config_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("tenant: [")
    (tmp_path / "page.md").write_bytes(PAGE.read_bytes())
    found = json.loads(check("--format", "json", specs=tmp_path).stdout)
    assert [one["code"] for one in found] == ["PFO002", "PFO017"]


SPEC = """
meta: {{key: {key}, version: 1.0.0, title: T, description: D, owners: [platform.core], tags: [],
  stability: beta}}
definition:
  entryStepId: a
  steps: [{{id: a, type: {type}, label: A, {more}}}]
  transitions: []
"""
CALL = "action: {operation: {key: openbanking.accounts.sync, version: 1.0.0}}"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            [SPEC.format(key="t.a", type="decision", more="guard: {type: policy, value: p}")],
            ["1.yaml:6:59: error[PFO111]", "no evaluator is bound to the policy"],
        ),
        (
            [SPEC.format(key="t.a", type="decision", more=CALL) + "policy: {flags: [beta]}\n"],
            ["1.yaml:8:18: error[PFO110]: policy.flags[0] = 'beta' is refused"],
        ),
        (
            [SPEC.format(key=key, type="decision", more="") for key in ("t.a-b", "t.a.b")],
            ["2.yaml:2:13: error[PFO113]", "t.a.b and t.a-b", "1.yaml:2:13", '"t_a_b" in Dagster'],
        ),
        (
            [SPEC.format(key=key, type="automation", more=CALL) for key in ("t.a", "t.b")],
            ["2.yaml:2:13: error[PFO114]", "both produce the assets ledger/accounts, "],
        ),
        (
            [SPEC.format(key="t.a", type="decision", more="").replace("platform.core", "'@'")],
            ["1.yaml:2:7: error[PFO115]: Dagster does not take it"],
        ),
    ],
)
def test_what_the_translator_refuses_is_found_by_check_and_plan_alike(
    files: list[str], said: list[str], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "specs" / "app.yaml", tmp_path)
    for number, text in enumerate(files, start=1):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    environment = {"PFO_SPECS_DIR": str(tmp_path), "COLUMNS": "200"}
    for command in ("check", "plan"):
        done = CliRunner().invoke(app, [command], env=environment)
        assert done.exit_code == 1
        assert [part for part in said if part not in done.stderr] == []


def test_what_this_project_lacks_is_a_warning_that_strict_does_not_let_pass() -> None:
    done = check()
    assert done.exit_code == 0
    assert 'warning[PFO100]: Integration slot "primaryLLM" is not bound' in done.stderr
    assert "warning[PFO060]" in done.stderr
    assert "8 workflows checked: 0 errors, " in done.stdout
    assert check("--strict").exit_code == 1
    fine = str(ROOT / "specs" / "refresh-openbanking-balances.yaml")
    assert check("--strict", fine).exit_code == 0


def test_sarif_is_all_there_is_on_standard_output() -> None:
    done = check(str(PAGE), "--format", "sarif")
    assert done.exit_code == 1
    (run,) = json.loads(done.stdout)["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["PFO017"]


@pytest.mark.parametrize("define", ["CAP", "CAP={", "CAP=x", "={}"])
def test_a_define_that_is_none_is_explained(define: str) -> None:
    done = check("--define", define)
    assert done.exit_code == 2
    assert "NAME=JSON" in done.stderr


def test_a_timetable_that_may_overspend_is_an_error_of_the_projects_own_specs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PFO_FORCE_SYNC", "always")
    found = check()
    assert found.exit_code == 1
    assert "refresh-openbanking-balances.yaml:" in found.stderr
    assert "error[PFO104]: PFO_FORCE_SYNC=always may ask the banks more often" in found.stderr
    assert "4 runs x 4 executions (retries included) = 16" in found.stderr
    assert "together 16 forced syncs at most, against a budget of 4" in found.stderr
    assert "K x 16 against K x 4" in found.stderr
    assert "hint: Use PFO_FORCE_SYNC=auto" in found.stderr
    assert check(str(ROOT / "specs")).exit_code == 1, "the same folder by its name"
    elsewhere = check(str(ROOT / "specs" / "refresh-openbanking-balances.yaml"))
    assert "PFO104" not in elsewhere.stderr, "only this project has schedules"


def test_a_budget_beyond_the_law_is_an_error_whatever_is_scheduled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PFO_FORCED_SYNCS_PER_DAY", "6")
    shutil.copy(ROOT / "specs" / "app.yaml", tmp_path)
    found = json.loads(check("--format", "json", specs=tmp_path).stdout)
    assert "PFO104" in {one["code"] for one in found}
    assert check(specs=tmp_path).exit_code == 1
