"""The `pfo` command as people meet it: a process of its own, its words and its exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pfo_dagster.cli import main
from pfo_dagster.openbanking.sandbox import SANDBOX_TOKEN, SandboxState, household, sandbox_app
from pfo_dagster.openbanking.sandbox.server import running
from pfo_dagster.resources import utc_now
from tests.processes import run_pfo

ROOT = Path(__file__).parents[2]
BALANCES = "pfo.workflow.refresh-openbanking-balances"


def pfo(*arguments: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing in its environment but what the test sets."""
    given = {"PATH": os.environ["PATH"], "PFO_DATA_DIR": str(data), "COLUMNS": "200"}
    return run_pfo(*arguments, environment=given | environment, cwd=ROOT)


def test_a_run_shows_the_source_the_steps_the_positions_and_the_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = pfo("run", BALANCES, data=data)
    assert done.returncode == 0, done.stderr
    assert "SANDBOX: all data is made up" in done.stdout
    assert "refresh_balances" in done.stdout
    assert "fetch_balances" in done.stdout
    assert "EUR" in done.stdout
    assert "Not of now" in done.stdout
    assert str(data / "published" / "balances.duckdb") in done.stdout
    assert done.stderr == ""

    with duckdb.connect(str(data / "published" / "balances.duckdb"), read_only=True) as published:
        first = published.execute("FROM balances ORDER BY ALL").fetchall()
    again = pfo("run", BALANCES, data=data)
    assert again.returncode == 0
    with duckdb.connect(str(data / "published" / "balances.duckdb"), read_only=True) as published:
        assert published.execute("FROM balances ORDER BY ALL").fetchall() == first

    asked = pfo("query", "--format", "json", "SELECT sum(amount) AS s FROM balances", data=data)
    (row,) = json.loads(asked.stdout)
    assert isinstance(row["s"], str)
    csv = pfo("query", "--format", "csv", "FROM connections", data=data)
    assert csv.stdout.startswith("tenant_id,provider,")
    refused = pfo("query", "DELETE FROM balances", data=data)
    assert refused.returncode == 1
    assert "Only queries" in refused.stderr
    assert (data.stat().st_mode & 0o077) == 0


def test_powens_at_an_address_is_asked_with_the_token(tmp_path: Path) -> None:
    app = sandbox_app(world=household(7), clock=utc_now, state=SandboxState(None), faults=None)
    with running(app) as address:
        environment = {"POWENS_BASE_URL": address, "POWENS_USER_TOKEN": SANDBOX_TOKEN}
        done = pfo("run", BALANCES, data=tmp_path / "good", **environment)
        assert done.returncode == 0, done.stderr
        assert "SANDBOX" not in done.stdout

        environment["POWENS_USER_TOKEN"] = "planted-wrong-token"
        refused = pfo("run", BALANCES, data=tmp_path / "bad", **environment)
    assert refused.returncode == 1
    assert "POWENS_USER_TOKEN" in refused.stderr
    assert not (tmp_path / "bad" / "published" / "balances.duckdb").exists()
    written = [path for path in (tmp_path / "bad").rglob("*") if path.is_file()]
    assert written
    assert not any(b"planted-wrong-token" in path.read_bytes() for path in written)
    assert_no_traceback(refused)


@pytest.mark.parametrize(
    ("environment", "status", "named"),
    [
        ({"POWENS_DOMAIN": "acme"}, 2, "POWENS_USER_TOKEN is not set"),
        ({"POWENS_USER_TOKEN": "t"}, 2, "neither POWENS_DOMAIN nor POWENS_BASE_URL"),
        (
            {"POWENS_DOMAIN": "a", "POWENS_BASE_URL": "https://b/2.0", "POWENS_USER_TOKEN": "t"},
            2,
            "both set",
        ),
        ({"PFO_SPECS_DIR": "no/such/folder"}, 2, "no/such/folder"),
        ({"PFO_STALE_AFTER_HOURS": "soon"}, 2, "PFO_STALE_AFTER_HOURS"),
        (
            {"POWENS_BASE_URL": "http://127.0.0.1:9/2.0", "POWENS_USER_TOKEN": "t"},
            1,
            "could not be reached",
        ),
    ],
)
def test_a_wrong_setup_is_one_clear_message(
    tmp_path: Path, environment: dict[str, str], status: int, named: str
) -> None:
    specs = {"PFO_SPECS_DIR": str(specs_that_retry_at_once(tmp_path / "specs"))}
    done = pfo("run", BALANCES, data=tmp_path / "data", **(specs | environment))
    assert done.returncode == status, done.stderr
    assert named in done.stderr
    assert not (tmp_path / "data" / "published" / "balances.duckdb").exists()
    assert_no_traceback(done)


def specs_that_retry_at_once(folder: Path) -> Path:
    folder.mkdir()
    for name in ("app.yaml", "refresh-openbanking-balances.yaml"):
        patient = (ROOT / "specs" / name).read_text()
        (folder / name).write_text(patient.replace("delayMs: 1000", "delayMs: 1"))
    return folder


def test_a_broken_spec_is_shown_where_it_is_broken(tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    for name in ("app.yaml", "refresh-openbanking-balances.yaml"):
        (specs / name).write_text((ROOT / "specs" / name).read_text())
    broken = (specs / "refresh-openbanking-balances.yaml").read_text()
    (specs / "broken.yaml").write_text("meta: [1, 2\n")
    (specs / "wrong.yaml").write_text(broken.replace("maxAttempts: 3", "maxAttemps: 3"))
    done = pfo("run", BALANCES, data=tmp_path / "data", PFO_SPECS_DIR=str(specs))
    assert done.returncode == 2
    assert "broken.yaml:" in done.stderr
    assert "maxAttempts" in done.stderr
    assert_no_traceback(done)

    checked = pfo("check", "--format", "json", str(specs), data=tmp_path / "data")
    assert checked.returncode == 1
    assert {Path(one["file"]).name for one in json.loads(checked.stdout)} == {
        "broken.yaml",
        "wrong.yaml",
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "pfo.workflow.refresh-openbanking-balance"], f"Did you mean {BALANCES}?"),
        (["run", BALANCES, "--data", "{"], "--data is not JSON"),
        (["run", BALANCES, "--data", "[1]"], "must be a JSON object"),
        (["check", "no/such/spec.yaml"], "no/such/spec.yaml"),
        (["dance"], "No such command"),
    ],
)
def test_a_wrong_call_exits_with_2(tmp_path: Path, arguments: list[str], named: str) -> None:
    done = pfo(*arguments, data=tmp_path / "data")
    assert done.returncode == 2
    assert named in done.stderr
    assert_no_traceback(done)


def test_the_projects_own_specs_have_nothing_wrong(tmp_path: Path) -> None:
    done = pfo("check", data=tmp_path / "data")
    assert done.returncode == 0
    assert "8 workflows checked: 0 errors" in done.stdout


def assert_no_traceback(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stderr + done.stdout


def test_half_of_a_character_is_printed_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.BytesIO()
    stream = io.TextIOWrapper(printed, encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "argv", ["pfo", "--help"])
    with pytest.raises(SystemExit):
        main()
    stream.write("\ud800")
    stream.flush()
    assert printed.getvalue().endswith(b"\\ud800")
