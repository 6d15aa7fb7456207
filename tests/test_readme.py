"""The README keeps its word: its commands run, its Python runs, its spec is a spec."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pfo_dagster.spec import check, read_workflows
from tests.processes import PFO, run_pfo

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [
    line.split("#")[0].strip()
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith(".venv/bin/pfo")
]
TARGETS = {
    line.split()[1] for block in blocks("sh") for line in block.splitlines() if "make " in line[:5]
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the balances were refreshed, as after `make run`."""
    folder = tmp_path_factory.mktemp("readme")
    done = run(folder, *PFO, "run", "pfo.workflow.refresh-openbanking-balances")
    assert done.returncode == 0, done.stderr
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PFO_DATA_DIR": str(folder / "data")}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the README's own commands
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_run(folder: Path, command: str) -> None:
    (folder / "specs").unlink(missing_ok=True)
    (folder / "specs").symlink_to(ROOT / "specs")
    done = run_pfo(*shlex.split(command)[1:], environment=environment(folder), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_the_python_runs(folder: Path, number: int) -> None:
    done = run(folder, sys.executable, "-W", "ignore", "-c", blocks("python")[number])
    assert done.returncode == 0, done.stderr


def test_amounts_stay_exact_in_the_pandas_example(folder: Path) -> None:
    (example,) = [block for block in blocks("python") if "ArrowDtype" in block]
    assert "decimal128(38, 12)[pyarrow]" in run(folder, sys.executable, "-c", example).stdout


def test_the_spec_runs_beside_those_that_ship(tmp_path: Path) -> None:
    example, app = blocks("yaml")
    specs = tmp_path / "specs"
    shutil.copytree(ROOT / "specs", specs)
    (specs / "morning.yaml").write_text(example, encoding="utf-8")
    with (specs / "app.yaml").open("a", encoding="utf-8") as file:
        file.write(app)
    (spec,) = read_workflows(specs / "morning.yaml")
    assert check(spec) == []
    done = run_pfo(
        "run",
        spec.meta.key,
        environment={**environment(tmp_path), "PFO_SPECS_DIR": str(specs)},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    ran = re.findall(r"^ *(\w+) +done", done.stdout, flags=re.MULTILINE)
    assert ran == ["pre_flight", "refresh", "list", "settle"]


def test_the_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"run", "dev"} <= TARGETS
    assert all(f"\n{target}:" in makefile for target in TARGETS | {"test", "check"})


def test_what_it_points_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    places = re.findall(r"^\| `([a-z_/.]+)` \|", README, flags=re.MULTILINE)
    assert len(places) > 8
    assert all((ROOT / place).exists() for place in [*links, *places])
