"""Every recipe of `docs/queries.md` works on what a refresh of the sandbox publishes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.processes import run_pfo

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
PYTHON = blocks("python")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder after `make run`, and after its transactions were synced."""
    folder = tmp_path_factory.mktemp("queries")
    (folder / "specs").symlink_to(ROOT / "specs")
    for workflow in ("refresh-openbanking-balances", "sync-openbanking-transactions"):
        done = run_pfo(
            "run", f"pfo.workflow.{workflow}", environment=environment(folder), cwd=folder
        )
        assert done.returncode == 0, done.stderr
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PFO_DATA_DIR": str(folder / "data"), "PYTHONWARNINGS": "ignore"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_run(folder: Path, command: str) -> None:
    done = run_pfo(*shlex.split(command)[1:], environment=environment(folder), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("number", range(len(blocks("sql"))))
def test_the_sql_finds_something(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    ledger = duckdb.connect()
    ledger.execute("ATTACH 'data/published/balances.duckdb' AS ledger (READ_ONLY); USE ledger")
    if "ATTACH" in blocks("sql")[number]:
        ledger = duckdb.connect()
    found = []
    for statement in ledger.extract_statements(blocks("sql")[number]):
        found = ledger.execute(statement).fetchall()
    about_the_past = "balances_as_known_at" in blocks("sql")[number]
    assert found or about_the_past


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_the_python_runs_and_prints_what_its_comments_say(folder: Path, number: int) -> None:
    code = PYTHON[number]
    if "defs = " in code:
        code += (
            "\nassert defs.resolve_implicit_global_asset_job_def().execute_in_process().success\n"
        )
    done = subprocess.run(  # noqa: S603 - the page's own code
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for promised in re.findall(r"#\s((?:decimal128|Decimal)\(.*)$", code, flags=re.MULTILINE):
        assert promised in done.stdout
