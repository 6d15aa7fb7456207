"""`pfo_dagster.WorkflowComponent` as `dg` meets it, in a project built from nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.components.project import GUIDE, guide_block, shop


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run something of this Python environment in the project."""
    return subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "PYTHONWARNINGS": "ignore",
            "DAGSTER_HOME": str(folder),
            "HOME": str(folder),
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def dg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, str(Path(sys.executable).with_name("dg")), *arguments)


@pytest.mark.slow
def test_dg_lists_the_component(tmp_path: Path) -> None:
    shop(tmp_path)
    done = dg(tmp_path, "list", "components", "--json")
    assert done.returncode == 0, done.stderr
    assert "pfo_dagster.WorkflowComponent" in {
        one["key"] for one in json.loads(done.stdout)["items"]
    }


@pytest.mark.slow
def test_dg_accepts_the_project_and_runs_its_workflow_on_its_resources(tmp_path: Path) -> None:
    shop(tmp_path)
    checked = dg(tmp_path, "check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All component YAML validated" in checked.stdout + checked.stderr
    launched = dg(tmp_path, "launch", "--assets", "orders")
    assert launched.returncode == 0, launched.stdout + launched.stderr
    assert "RUN_SUCCESS" in launched.stdout + launched.stderr


@pytest.mark.slow
def test_dg_points_at_a_wrong_attribute(tmp_path: Path) -> None:
    component = shop(tmp_path)
    text = component.read_text(encoding="utf-8")
    component.write_text(text.replace("specs:", "spec:"), encoding="utf-8")
    done = dg(tmp_path, "check", "yaml")
    assert done.returncode == 1
    assert "defs.yaml:3" in done.stdout + done.stderr
    assert "'spec' was unexpected" in done.stdout + done.stderr


@pytest.mark.slow
def test_dg_shows_what_is_wrong_with_a_spec_where_it_is(tmp_path: Path) -> None:
    spec = shop(tmp_path).parent / "specs" / "sync.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("automation", "automaton"), encoding="utf-8")
    done = dg(tmp_path, "check", "defs")
    assert done.returncode == 1
    assert "sync.yaml:14:13: error[PFO" in done.stdout + done.stderr
    assert "did you mean `automation`?" in done.stdout + done.stderr


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, pfo_dagster; print(sorted({'dagster', 'pydantic'} & sys.modules.keys()))"
    assert run(Path.cwd(), sys.executable, "-c", code).stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import pfo_dagster  # noqa: PLC0415 - looked at here only

    assert "WorkflowComponent" in dir(pfo_dagster)
    with pytest.raises(AttributeError, match="WorkflowComponents"):
        _ = getattr(pfo_dagster, "WorkflowComponents")  # noqa: B009 - the name is wrong on purpose


def test_the_guides_python_runs(tmp_path: Path) -> None:
    specs = shop(tmp_path).parent / "specs"
    specs.rename(tmp_path / "shop" / "specs")
    definitions = guide_block("python", "translate_all(")
    (tmp_path / "shop" / "definitions.py").write_text(definitions, encoding="utf-8")
    script = [
        "from shop.definitions import *",
        guide_block("python", "execute_in_process"),
        "assert result.success",
        guide_block("python", "plan_workflow"),
    ]
    (tmp_path / "guide.py").write_text("\n".join(script), encoding="utf-8")
    done = run(tmp_path, sys.executable, "guide.py")
    assert done.returncode == 0, done.stderr
    assert "at most 4 calls, 7 s of waiting between retries" in done.stdout


def test_the_guide_lists_every_attribute() -> None:
    from pfo_dagster import WorkflowComponent  # noqa: PLC0415 - looked at here only

    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in WorkflowComponent.model_fields)
