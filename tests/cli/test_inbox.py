"""`pfo inbox` as a person uses it: in processes of their own, on one storage."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pfo_dagster.ledger import Ledger
from tests.ledger.builders import balance, connection, record, refresh
from tests.processes import run_pfo

ROOT = Path(__file__).parents[2]
KEY = "test.approval"
SPEC = """
meta: {key: test.approval, version: 1.0.0, title: Approval, description: Asks somebody.,
  domain: testing, owners: [platform.core], tags: [test], stability: experimental}
definition:
  entryStepId: review
  steps:
    - {id: review, type: human, label: Review the payment, action: {form: {key: f, version: 1.0.0}},
       guard: {type: expression, value: input !== "never"}}
    - {id: archive, type: decision, label: Archive}
  transitions: [{from: review, to: archive}]
"""


@dataclass(frozen=True)
class Terminal:
    """A shell in a folder with one workflow that asks."""

    environment: dict[str, str]

    def pfo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_pfo(*arguments, environment=self.environment, cwd=ROOT)

    def tasks(self, *options: str) -> list[dict[str, object]]:
        return self.listed(*options)["tasks"]

    def listed(self, *options: str) -> dict[str, list[dict[str, object]]]:
        return json.loads(self.pfo("inbox", "list", "--json", *options).stdout)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    specs = tmp_path / "specs"
    specs.mkdir()
    specs.joinpath("approval.yaml").write_text(SPEC)
    shutil.copy(ROOT / "specs" / "app.yaml", specs)
    return Terminal({
        "PATH": os.environ["PATH"],
        "PFO_DATA_DIR": str(tmp_path / "data"),
        "PFO_SPECS_DIR": str(specs),
    })  # fmt: skip


def test_a_task_is_listed_shown_and_decided_once(terminal: Terminal) -> None:
    run = terminal.pfo("run", KEY, "--data", '{"amount": "12.50"}')
    assert run.returncode == 0
    (task,) = terminal.tasks()
    assert f"pfo inbox decide {task['id']}" in run.stdout
    assert (task["state"], task["label"]) == ("waiting", "Review the payment")
    assert task["data"] == {"amount": "12.50"}
    shown = terminal.pfo("inbox", "show", str(task["id"])[:24])
    assert "12.50" in shown.stdout

    rejected = terminal.pfo("inbox", "decide", "review", "--data", '"never"', "--by", "ann")
    assert rejected.returncode == 1
    assert "guard" in rejected.stderr
    decided = terminal.pfo("inbox", "decide", "review", "--data", "null", "--by", "ann")
    assert decided.returncode == 0, decided.stderr
    late = terminal.pfo("inbox", "decide", "review", "--data", "true", "--by", "bob")
    assert late.returncode == 1
    assert "by ann" in " ".join(late.stderr.split())
    assert "Traceback" not in rejected.stderr + late.stderr

    assert terminal.tasks() == []
    (task,) = terminal.tasks("--all")
    assert (task["state"], task["input"], task["decided_by"]) == ("decided", None, "ann")


def test_a_program_answers_by_the_token_of_the_spec(terminal: Terminal) -> None:
    hook = "hookWait: {resumeSource: hook, token: bank-answer}"
    wait = f"runtime: {{workflowDevkit: {{behavior: hookWait, {hook}}}}}, guard:"
    specs = Path(terminal.environment["PFO_SPECS_DIR"])
    specs.joinpath("approval.yaml").write_text(SPEC.replace("guard:", wait))
    assert terminal.pfo("run", KEY).returncode == 0

    unknown = terminal.pfo("inbox", "resume", "bank", "--data", "{}")
    assert unknown.returncode == 1
    assert 'Nothing waits for the token "bank"' in " ".join(unknown.stderr.split())
    resumed = terminal.pfo("inbox", "resume", "bank-answer", "--data", '{"paid": true}')
    assert resumed.returncode == 0, resumed.stderr
    (task,) = terminal.tasks("--all")
    assert (task["state"], task["input"], task["decided_by"]) == ("decided", {"paid": True}, "hook")


def test_programs_see_connections_that_wait_and_how_to_get_the_link(terminal: Terminal) -> None:
    with Ledger(Path(terminal.environment["PFO_DATA_DIR"])).writer() as writer:
        needy = connection(state="needs_user", state_detail="SCARequired", needs_attention=True)
        record(writer, refresh(), [balance()], connections=[needy])
    (waiting,) = terminal.listed()["connections"]
    assert waiting.pop("to_do")
    assert waiting == {
        "connection_id": needy.connection_id,
        "institution": needy.institution,
        "state": "SCARequired",
        "link_command": "pfo powens status --link",
    }
    people = terminal.pfo("inbox", "list").stdout
    assert "pfo powens status --link" in people
    assert "The account holder must" in people


def test_what_was_typed_wrongly_is_said_in_a_sentence(terminal: Terminal) -> None:
    wrong = terminal.pfo("inbox", "decide", "x", "--data", "yes", "--by", "ann")
    assert wrong.returncode == 2
    assert "quotes" in wrong.stderr
    unknown = terminal.pfo("inbox", "cancel", "x", "--by", "ann")
    assert unknown.returncode == 1
    assert 'no task "x"' in unknown.stderr
    assert "Traceback" not in wrong.stderr + unknown.stderr


def test_a_port_that_is_taken_is_said_before_any_request_is_named(terminal: Terminal) -> None:
    specs = Path(terminal.environment["PFO_SPECS_DIR"])
    wait = (
        "runtime: {workflowDevkit: {behavior: webhookWait, webhookWait: {resumeSource: webhook}}}"
    )
    (specs / "approval.yaml").write_text(SPEC.replace("id: review,", f"id: review, {wait},"))
    serving = Terminal({**terminal.environment, "PFO_INBOX_SECRET": "made-up"})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = serving.pfo("inbox", "serve", "--port", str(taken.getsockname()[1]))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Address already in use" in refused.stderr
    assert "--port" in refused.stderr
