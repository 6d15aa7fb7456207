"""`pfo compensate`, and what `pfo run` undoes by itself, as in a terminal without a daemon."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

from tests.cli.test_interruptions import SlowBank, slow_bank
from tests.cli.test_pfo import ROOT, assert_no_traceback, pfo

FLOW = """
meta:
  {key: t.flow, version: "1.0.0", title: T, description: A flow., owners: [a], tags: [t],
   stability: experimental}
definition:
  entryStepId: sync
  sla: {stepDurationMs: {sync: 0.01}}
  steps:
    - {id: sync, type: automation, label: Sync,
       action: {operation: {key: openbanking.accounts.sync, version: "1.0.0"}}}
    - {id: check, type: decision, label: Check}
    - {id: never, type: decision, label: Never}
  transitions:
    - {from: sync, to: check}
    - {from: check, to: never, condition: "data.there === true"}
  compensation:
    trigger: on_failure
    steps:
      - {stepId: sync, operation: {key: openbanking.accounts.sync, version: "1.0.0"}}
"""


HANGS = """
meta:
  {key: t.flow, version: "1.0.0", title: T, description: A flow., owners: [a], tags: [t],
   stability: experimental}
definition:
  entryStepId: note
  steps:
    - {id: note, type: decision, label: Note}
    - {id: sync, type: automation, label: Sync,
       action: {operation: {key: openbanking.accounts.sync, version: "1.0.0"}}}
  transitions: [{from: note, to: sync}]
  compensation:
    trigger: on_failure
    steps:
      - {stepId: note, operation: {key: openbanking.accounts.sync, version: "1.0.0"}}
"""

__all__ = ["slow_bank"]


def specs(folder: Path, flow: str) -> dict[str, str]:
    folder.mkdir()
    shutil.copy(ROOT / "specs" / "app.yaml", folder)
    (folder / "flow.yaml").write_text(flow)
    return {"PFO_SPECS_DIR": str(folder)}


def test_a_failed_run_is_undone_at_once_and_never_twice_unasked(tmp_path: Path) -> None:
    data, environment = tmp_path / "data", specs(tmp_path / "specs", FLOW)
    failed = pfo("run", "t.flow", data=data, **environment)
    assert failed.returncode == 1
    assert "undone  sync (openbanking.accounts.sync@1.0.0)" in failed.stdout
    assert "late:" in failed.stderr
    assert "No transition matched" in failed.stderr
    (run_id,) = re.findall(r"then run ([0-9a-f-]{36})", failed.stderr)

    again = pfo("compensate", run_id[:8], data=data, **environment)
    assert again.returncode == 0
    assert f"Nothing to undo: sync of run {run_id} was undone before." in again.stdout

    asked = pfo("compensate", run_id, "--again", data=data, **environment)
    assert asked.returncode == 0
    assert "undone  sync" in asked.stdout

    unknown = pfo("compensate", "nonsense", data=data, **environment)
    assert unknown.returncode == 2
    assert 'no run "nonsense"' in unknown.stderr

    (tmp_path / "specs" / "flow.yaml").write_text(FLOW.partition("  compensation:")[0])
    refused = pfo("compensate", run_id, data=data, **environment)
    assert refused.returncode == 1
    assert "definition.compensation" in refused.stderr
    for done in (failed, again, asked, unknown, refused):
        assert_no_traceback(done)


def test_what_a_killed_terminal_left_the_next_run_undoes(
    tmp_path: Path, slow_bank: SlowBank
) -> None:
    data, environment = tmp_path / "data", specs(tmp_path / "specs", HANGS)
    killed = slow_bank.start(data, "t.flow", **environment)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()

    again = pfo("run", "t.flow", data=data, **environment)

    assert again.returncode == 0, again.stderr
    assert "was killed" in again.stderr
    assert again.stdout.count("undone  note") == 1
