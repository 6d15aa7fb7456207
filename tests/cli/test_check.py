"""`pfo check`: all kinds of specs at once, names that are supplied, and output for programs."""

from __future__ import annotations

import json
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


def test_the_app_config_can_supply_it_too(tmp_path: Path) -> None:
    app_file = (ROOT / "specs" / "app.yaml").read_text(encoding="utf-8")
    (tmp_path / "app.yaml").write_text(f"{app_file}\ndefines: {{BALANCE_CAPABILITY: {CAPABILITY}}}")
    (tmp_path / "page.md").write_bytes(PAGE.read_bytes())
    assert check(specs=tmp_path).exit_code == 0
    other = CAPABILITY.replace("1.0.0", "2.0.0")
    assert check("--define", f"BALANCE_CAPABILITY={other}", specs=tmp_path).exit_code == 1


def test_a_broken_app_config_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("tenant: [")
    (tmp_path / "page.md").write_bytes(PAGE.read_bytes())
    found = json.loads(check("--format", "json", specs=tmp_path).stdout)
    assert [one["code"] for one in found] == ["PFO002", "PFO017"]


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
