"""`pfo run`: one workflow, in this process, on the same storage as Dagster's UI."""

from __future__ import annotations

import difflib
import time
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.utils import make_new_run_id

from pfo_dagster.cli.compensate import CODE_LOCATION, QUIET, compensate_failed
from pfo_dagster.cli.console import err, out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, INTERRUPTED
from pfo_dagster.cli.liveness import alive, bury_the_dead
from pfo_dagster.cli.progress import RunProgress
from pfo_dagster.cli.summary import print_positions, print_source, print_steps
from pfo_dagster.config import load_settings
from pfo_dagster.dagster_home import open_instance, use_dagster_home
from pfo_dagster.definitions import Project, build
from pfo_dagster.ledger import Ledger
from pfo_dagster.operations.banking.catalog import PUBLISHED_LATEST_BALANCES
from pfo_dagster.translate.human.inbox import entries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import typer
    from dagster._core.execution.execute_in_process_result import ExecuteInProcessResult

    from pfo_dagster.translate import TranslatedWorkflow


def run_workflow(key: str, data: Mapping[str, Any]) -> bool:
    """Run the workflow `key` to its end and print what came of it; whether it succeeded."""
    settings = load_settings()
    project = build(settings)
    workflow = _find(project, key)
    home = use_dagster_home(settings)

    print_source(settings, workflow)
    with open_instance(home) as instance:
        killed = bury_the_dead(instance, home)
        for run_id in killed:
            err.print(f"Run {run_id} was killed; it is marked as failed now.", style="dim")
        compensate_failed(project, instance, home, killed)
        progress = RunProgress(workflow)
        try:
            result = _execute(project, workflow, data, instance, home, progress)
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            raise _interrupted() from None
        asked = [entry.task for entry in entries(instance, containing=result.run_id)]
        print_steps(progress)
        _print_breaches(workflow, instance, result.run_id)
        if not result.success:
            _print_failures(progress, result.run_id)
            compensate_failed(project, instance, home, [result.run_id])
    for task in asked:
        what = (
            f"sleeps until {task.due_at:%Y-%m-%d %H:%M:%S} UTC and goes on as soon as Dagster's "
            "daemon runs then (`make dev`)."
            if task.due_at
            else f"waits for a decision: pfo inbox decide {task.id} --data JSON --by NAME"
        )
        out.print(f"{task.label} {what}", markup=False, soft_wrap=True)
    if progress.interrupted:
        raise _interrupted()
    if not result.success:
        return False
    if dg.AssetKey(PUBLISHED_LATEST_BALANCES) in progress.made:
        print_positions(Ledger(settings.data_dir))
    return True


def _find(project: Project, key: str) -> TranslatedWorkflow:
    if key in project.workflows:
        return project.workflows[key]
    near = difflib.get_close_matches(key, project.workflows, n=1, cutoff=0.4)
    known = "\n".join(f"  {known}" for known in sorted(project.workflows))
    hint = f" Did you mean {near[0]}?" if near else ""
    folder = project.settings.specs_dir
    raise stop(f'{folder} has no workflow "{key}".{hint}\nIt has:\n{known}', CALLED_WRONGLY)


def _execute(
    project: Project,
    workflow: TranslatedWorkflow,
    data: Mapping[str, Any],
    instance: dg.DagsterInstance,
    home: Path,
    progress: RunProgress,
) -> ExecuteInProcessResult:
    job = project.definitions.resolve_job_def(workflow.name)
    config = workflow.shown_run_config(data)
    run_id = make_new_run_id()
    instance.add_event_listener(run_id, progress.on_event)
    with progress.shown(out), alive(home, run_id):
        return job.execute_in_process(
            instance=instance,
            run_id=run_id,
            run_config={**config, **QUIET},
            tags={"pfo/started_by": "pfo run", REPOSITORY_LABEL_TAG: CODE_LOCATION},
            raise_on_error=False,
        )


def _print_failures(progress: RunProgress, run_id: str) -> None:
    if progress.interrupted:
        return
    for message in progress.failures:
        err.print(f"[bold red]failed:[/] {message}", soft_wrap=True)
    err.print(f"The whole log: [bold]make dev[/], then run {run_id}.", soft_wrap=True)


def _print_breaches(
    workflow: TranslatedWorkflow, instance: dg.DagsterInstance, run_id: str
) -> None:
    """What took longer than its service level; on record once Dagster's daemon has looked."""
    levels = workflow.service_levels
    for reading in levels.readings(instance, run_id, time.time()) if levels else ():
        if reading.breached:
            err.print(f"[bold yellow]late:[/] {reading.text}", soft_wrap=True)


def _interrupted() -> typer.Exit:
    message = "Interrupted. What was recorded before is whole; nothing is half-written."
    return stop(message, INTERRUPTED)
