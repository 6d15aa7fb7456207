"""`pfo docs`: pages that say what a spec says, the same every time, and are known to drift."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from pfo_dagster.cli import app
from pfo_dagster.operations import OperationRegistry
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import WorkflowSpec, read_workflows
from pfo_dagster.translate.errors import TranslationError
from pfo_dagster.translate.planning.mermaid import escaped, flowchart
from pfo_dagster.translate.planning.page import GENERATED, workflow_page, workflow_pages
from tests.translate.support import step, workflow

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "specs"
BALANCES = "pfo.workflow.refresh-openbanking-balances"
NASTY = 'a "quoted" | `tick` ```fence``` <b>%%{init: {}}%%</b> #35; [x](y) -->|z| ; end\n# title'


def pfo(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["docs", *arguments])


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's specs."""
    folder = tmp_path / "specs"
    shutil.copytree(SPECS, folder)
    monkeypatch.setenv("PFO_SPECS_DIR", str(folder))
    return folder


def test_the_projects_own_pages_are_up_to_date() -> None:
    done = pfo("--check")
    assert done.exit_code == 0, done.stderr


def test_other_specs_have_their_pages_beside_them(specs: Path) -> None:
    assert pfo().exit_code == 0
    assert (specs.parent / "docs" / "workflows" / f"{BALANCES}.md").exists()


def test_pages_are_written_once_and_then_stay(specs: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    assert pfo("--output", str(pages)).exit_code == 0
    keys = {spec.meta.key for spec in read_workflows(specs)}
    assert {path.name for path in pages.iterdir()} == {"index.md", *(f"{key}.md" for key in keys)}
    before = {path: path.stat().st_mtime_ns for path in pages.iterdir()}
    assert "0 changed" in pfo("--output", str(pages)).stdout
    assert {path: path.stat().st_mtime_ns for path in pages.iterdir()} == before
    text = (pages / f"{BALANCES}.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"\]\(<(.*?)>\)", text)
    assert (pages / link).resolve() == specs / "refresh-openbanking-balances.yaml"


def test_drift_is_named_and_nothing_is_written(specs: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    missing = pfo("--check", "--output", str(pages))
    assert (missing.exit_code, missing.stderr.count("is missing")) == (
        1,
        len(list(read_workflows(specs))) + 1,
    )
    assert not pages.exists()

    pfo("--output", str(pages))
    path = specs / "refresh-openbanking-balances.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("750", "500"), encoding="utf-8")
    drifted = pfo("--check", "--output", str(pages))
    assert drifted.exit_code == 1
    assert f"{BALANCES}.md: is not what the specs say" in drifted.stderr
    assert drifted.stderr.count(".md:") == 1
    assert "0.5 s" not in (pages / f"{BALANCES}.md").read_text(encoding="utf-8")


def test_a_workflow_that_is_gone_takes_its_page_with_it(specs: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pfo("--output", str(pages))
    (pages / "mine.md").write_text("written by hand", encoding="utf-8")
    (specs / "refresh-openbanking-balances.yaml").unlink()
    assert "is of a workflow that is gone" in pfo("--check", "--output", str(pages)).stderr
    pfo("--output", str(pages))
    assert not (pages / f"{BALANCES}.md").exists()
    assert (pages / "mine.md").exists()


def test_a_spec_that_cannot_be_read_leaves_the_pages_alone(specs: Path, tmp_path: Path) -> None:
    (specs / "broken.yaml").write_text("meta: [", encoding="utf-8")
    done = pfo("--output", str(tmp_path / "pages"))
    assert done.exit_code == 2
    assert "broken.yaml:1" in done.stderr
    assert not (tmp_path / "pages").exists()


def test_retries_are_spelled_out_attempt_by_attempt() -> None:
    (spec,) = read_workflows(SPECS / "refresh-openbanking-balances.yaml")
    page = workflow_page(spec, open_banking_operations())
    assert "1: at once<br>2: after 1 s<br>3: after 2 s<br>4: after 4 s<br>waits 7 s in all" in page
    assert "1: at once<br>2: after 0.75 s<br>3: after 0.75 s<br>waits 1.5 s in all" in page
    assert GENERATED in page


def test_many_retries_are_not_listed_forever() -> None:
    retry = {"maxAttempts": 5000, "backoff": "linear", "delayMs": 1}
    page = workflow_page(workflow([step("a", retry=retry)]), OperationRegistry())
    assert "10: after 0.001 s<br>… 5001 in all" in page
    assert len(page) < 5000


def test_the_diagram_shows_conditions_people_and_both_ends() -> None:
    human = {"id": "ask", "type": "human", "label": "Ask", "action": {"form": {"key": "f"}}}
    choose = {"id": "choose", "type": "decision", "label": "Choose"}
    guarded = step("c", guard={"type": "expression", "value": "data.go"})
    spec = workflow(
        [step("a"), human, choose, guarded],
        [("a", "ask", "output.n > 1"), ("a", "choose"), ("choose", "c"), ("c", "nowhere")],
    )
    assert flowchart(spec).splitlines() == [
        "flowchart TD",
        '    start(["start"])',
        '    finish(["end"])',
        '    step0["a"]',
        '    step1[/"Ask<br/>a person decides"/]',
        '    step2{"Choose"}',
        '    step3["c<br/>only if data.go"]',
        '    step4["nowhere: no such step"]',
        "    start --> step0",
        '    step0 -->|"(1) output.n #62; 1"| step1',
        '    step0 -->|"(2) otherwise"| step2',
        "    step1 --> finish",
        "    step2 --> step3",
        "    step3 --> step4",
    ]


@given(st.text() | st.just(NASTY))
def test_no_label_can_be_read_as_mermaid(text: str) -> None:
    shown = escaped(text)
    assert re.fullmatch(r"(#\d+;|[\w .,()?!=+*/-])*", shown)
    drawn = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), shown)
    assert drawn.replace("\N{NO-BREAK SPACE}", " ").split() == text.split()


@given(st.text() | st.just(NASTY))
def test_no_text_breaks_a_page(text: str) -> None:
    spec = workflow(
        [step("a", label=text, description=text, requiredIntegrations=[text]), step("b")],
        [("a", "b", text)],
        title=text,
        tags=[text],
    )
    page = workflow_page(spec, OperationRegistry())
    tables = [line for line in page.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths == {3, 4, 7}
    blocks = re.findall(r"^(`{3,})(mermaid|yaml)\n.*?^\1$", page, flags=re.MULTILINE | re.DOTALL)
    assert [language for _, language in blocks] == ["mermaid", "yaml"]


@pytest.mark.parametrize("spec", read_workflows(SPECS), ids=lambda spec: spec.meta.key)
def test_the_definition_of_a_page_is_the_spec(spec: WorkflowSpec, tmp_path: Path) -> None:
    page = workflow_page(spec, OperationRegistry())
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    path = tmp_path / "copy.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_workflows(path) == [spec]


def test_a_page_says_what_is_not_known_of_an_operation() -> None:
    page = workflow_page(workflow([step("a")]), OperationRegistry())
    assert "What these operations produce is not known here: `op.a@1.0.0`." in page


def test_two_workflows_cannot_share_a_page() -> None:
    def keyed(key: str, **fields: Any) -> WorkflowSpec:
        return workflow([step("a")], key=key, **fields)

    with pytest.raises(TranslationError, match=r"a/b 1\.0\.0 and a-b 1\.0\.0|a-b 1\.0\.0 and a/b"):
        workflow_pages([keyed("a-b"), keyed("a/b")], OperationRegistry())
