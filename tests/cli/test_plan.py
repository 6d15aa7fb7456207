"""`pfo plan` as people and CI meet it: its words, its JSON, its exit status, files and git."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pfo_dagster.cli import app
from pfo_dagster.spec import read_workflows

SPECS = Path(__file__).resolve().parents[2] / "specs"
BALANCES = "pfo.workflow.refresh-openbanking-balances"
FILE = "refresh-openbanking-balances.yaml"


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's specs in a repository of their own, committed."""
    folder = tmp_path / "specs"
    shutil.copytree(SPECS, folder)
    monkeypatch.setenv("PFO_SPECS_DIR", str(folder))
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return folder


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)  # noqa: S603, S607


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "specs")


def pfo(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", *arguments])


def planned(*arguments: str) -> dict[str, Any]:
    return json.loads(pfo("--format", "json", *arguments).stdout)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_plan_in_words(specs: Path) -> None:
    done = pfo(BALANCES)
    assert done.exit_code == 0, done.stderr
    assert "pfo_workflow_refresh_openbanking_balances" in done.stdout
    assert "pre_flight, refresh_balances, fetch_balances, settle" in done.stdout
    assert "0 7,13,19 * * * (Europe/Paris)" in done.stdout
    assert "at most 7 calls, 8.5 s of waiting between retries" in done.stdout
    lines = (specs / FILE).read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if "delayMs: 750" in line)
    (line,) = [one for one in done.stdout.splitlines() if "retry.delayMs = 750" in one]
    assert f"{FILE}:{number}" in line
    assert "emulated" in line
    assert "op fetch_balances" in line


def test_a_plan_shows_what_the_schedules_may_ask_of_the_banks(
    specs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = "4 runs x 4 executions (retries included) = 16"
    assert f"asks banks {product} forced syncs of each connection" in pfo(BALANCES).stdout
    whole = pfo()
    assert whole.exit_code == 0
    assert f"  {BALANCES}: {product}\n" in whole.stdout
    assert "K x 16 against K x 4" in whole.stdout
    assert "PFO_FORCE_SYNC=auto: asked for stale data alone, and 4 times at most." in whole.stdout
    monkeypatch.setenv("PFO_FORCE_SYNC", "always")
    for planned_too in ((), ("pfo.workflow.sync-openbanking-transactions",)):
        refused = pfo(*planned_too)
        assert refused.exit_code == 1
        assert "error[PFO104]" in refused.stderr
    spending = planned()["forcedSyncs"]
    assert (spending["asked"], spending["most"], spending["budget"]) == (16, 16, 4)
    assert pfo(str(specs / FILE)).exit_code == 0, "no schedule is seen with a file alone"


def test_all_workflows_in_json(specs: Path) -> None:
    answer = planned()
    assert answer["ok"]
    assert {one["key"] for one in answer["workflows"]} == {
        spec.meta.key for spec in read_workflows(specs)
    }
    assert all(one["ok"] and one["fields"] for one in answer["workflows"])
    assert "changes" not in answer["workflows"][0]


def test_what_is_refused_is_marked_and_fails(specs: Path) -> None:
    edit(
        specs / FILE,
        "retry: { maxAttempts: 2",
        'guard: { type: policy, value: "p" }\n      retry: { maxAttempts: 2',
    )
    done = pfo(BALANCES)
    assert done.exit_code == 1
    assert any("refused" in line and "guard.type" in line for line in done.stdout.splitlines())
    assert pfo("pfo.workflow.sync-openbanking-accounts").exit_code == 0
    assert not planned()["ok"]


def test_strict_wants_what_a_plan_warns_of_or_cannot_run_mended_too(specs: Path) -> None:
    assert pfo(BALANCES, "--strict").exit_code == 0
    needy = "pfo.workflow.generate-financial-summary"
    assert pfo(needy).exit_code == 0
    assert pfo(needy, "--strict").exit_code == 1
    edit(specs / FILE, "stability: experimental", "stability: exprimental")
    assert pfo(BALANCES, "--strict").exit_code == 1


def test_a_file_that_cannot_be_read_does_not_hide_the_others(specs: Path) -> None:
    (specs / "broken.yaml").write_text("meta: [", encoding="utf-8")
    done = pfo()
    assert done.exit_code == 1
    assert BALANCES in done.stdout
    assert "broken.yaml:1" in done.stderr
    assert planned()["unread"][0]["file"].endswith("broken.yaml")


def test_a_spec_outside_of_the_project_is_planned_by_its_path(specs: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = shutil.move(specs / FILE, tmp_path / "other" / FILE)
    assert BALANCES in pfo(str(path)).stdout


def test_a_name_that_a_page_lacks_is_supplied_as_for_check(specs: Path) -> None:
    page = str(specs.parents[0] / "page.md")
    shutil.copy(Path(__file__).parents[1] / "spec" / "seeds" / "generated-page.md", page)
    assert "BALANCE_CAPABILITY" in pfo(page).stderr
    capability = '{"key": "openbanking.balances.read", "version": "1.0.0"}'
    done = pfo(page, "--define", f"BALANCE_CAPABILITY={capability}")
    assert done.exit_code == 0
    assert BALANCES in done.stdout


def test_an_unknown_key_names_the_known_ones(specs: Path) -> None:
    done = pfo("pfo.workflow.refresh-balances")
    assert done.exit_code == 2
    assert f"Did you mean {BALANCES}?" in done.stderr


def test_the_working_tree_against_a_revision(specs: Path) -> None:
    edit(specs / FILE, "maxAttempts: 3", "maxAttempts: 5")
    done = pfo(BALANCES, "--against", "HEAD")
    assert done.exit_code == 0, done.stderr
    assert "at most 4 → 6 calls, 7 s → 31 s of waiting" in done.stdout
    answer = planned("--against", "HEAD")
    changes = {one["key"]: one["changes"] for one in answer["workflows"]}
    assert [one["kind"] for one in changes.pop(BALANCES)] == ["retry", "worst case"]
    assert set(map(len, changes.values())) == {0}
    assert answer["removed"] == []


def test_a_workflow_that_moved_to_another_file_means_the_same(specs: Path) -> None:
    (specs / "banks").mkdir()
    (specs / FILE).rename(specs / "banks" / "balances.yaml")
    assert "it means the same" in pfo(BALANCES, "--against", "HEAD").stdout


def test_workflows_that_come_go_and_are_renamed(specs: Path) -> None:
    (specs / "sync-openbanking-accounts.yaml").unlink()
    edit(specs / FILE, BALANCES, "pfo.workflow.balances")
    text = (specs / "sync-openbanking-transactions.yaml").read_text(encoding="utf-8")
    new = text.replace("pfo.workflow.sync-openbanking-transactions", "pfo.workflow.new")
    (specs / "new.yaml").write_text(new, encoding="utf-8")
    answer = planned("--against", "HEAD")
    kinds = {
        one["key"]: [change["kind"] for change in one["changes"]] for one in answer["workflows"]
    }
    assert kinds["pfo.workflow.balances"] == ["job renamed"]
    assert kinds["pfo.workflow.new"] == ["workflow added"]
    assert answer["removed"] == ["pfo.workflow.sync-openbanking-accounts"]


def test_against_a_file(specs: Path, tmp_path: Path) -> None:
    older = shutil.copy(specs / FILE, tmp_path / "older.yaml")
    edit(specs / FILE, "delayMs: 750", "delayMs: 1500")
    edit(specs / FILE, BALANCES, "pfo.workflow.balances")
    done = pfo("pfo.workflow.balances", "--against", str(older))
    assert done.exit_code == 0, done.stderr
    assert "job renamed" in done.stdout
    assert "1.5 s → 3 s of waiting" in done.stdout


def test_an_earlier_version_that_cannot_be_read_is_shown_as_it_was(specs: Path) -> None:
    good = (specs / FILE).read_text(encoding="utf-8")
    (specs / FILE).write_text("meta: [", encoding="utf-8")
    commit(specs)
    (specs / FILE).write_text(good, encoding="utf-8")
    done = pfo(BALANCES, "--against", "HEAD")
    assert done.exit_code == 2
    assert f"HEAD:{FILE}:1" in done.stderr


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", ""])
def test_what_is_neither_file_nor_revision(specs: Path, revision: str) -> None:
    done = pfo(BALANCES, f"--against={revision}")
    assert done.exit_code == 2
    assert "neither a file nor a git revision" in done.stderr
    assert not (specs / "x").exists()
