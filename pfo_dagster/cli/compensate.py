"""`pfo compensate`, and what `pfo run` undoes by itself: there may be no daemon to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.utils import make_new_run_id

from pfo_dagster.cli.console import err, out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED
from pfo_dagster.cli.liveness import alive, bury_the_dead
from pfo_dagster.config import load_settings
from pfo_dagster.dagster_home import open_instance, use_dagster_home
from pfo_dagster.definitions import Project, build
from pfo_dagster.translate.compensation.job import COMPENSATES_TAG
from pfo_dagster.translate.compensation.starting import start_after_run
from pfo_dagster.translate.executions import root_of, runs_of
from pfo_dagster.translate.human.inbox import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import dagster as dg

    from pfo_dagster.translate import TranslatedWorkflow
    from pfo_dagster.translate.compensation.definition import Compensation

# What is printed of a run in a terminal, Dagster's console logger need not repeat.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

# The code location of `workspace.yaml`, by which the UI lists a run under its job and in timelines.
CODE_LOCATION = "__repository__@pfo_dagster"

_MOST_RUNS = 5000


def compensate_run(name: str, *, again: bool) -> bool:
    """Undo the execution that the run `name` belongs to; whether nothing is left to undo."""
    settings = load_settings()
    project = build(settings)
    home = use_dagster_home(settings)
    with open_instance(home) as instance:
        bury_the_dead(instance, home)
        run = _find(instance, name)
        compensation, root = _compensation_of(project, instance, run)
        _refuse(instance, compensation, root)
        left = compensation.compensating.left(instance, root)
        done = compensation.compensating.history(instance, root).completed
        if not left and not (again and done):
            steps = ", ".join(one.step_id for one in reversed(done))
            before = f"{steps} of run {root} was undone before" if done else "nothing completed"
            out.print(f"Nothing to undo: {before}.", soft_wrap=True, markup=False)
            return True
        return _undo(project, compensation, instance, home, root, again=again)


def compensate_failed(
    project: Project, instance: dg.DagsterInstance, home: Path, run_ids: Iterable[str]
) -> None:
    """Undo what each of the runs completed, where its spec says so and nobody else does it."""
    for run_id in run_ids:
        run = instance.get_run_by_id(run_id)
        if run is not None and COMPENSATES_TAG in run.tags:
            root = run.tags[COMPENSATES_TAG]
            err.print(f"Run {root} is not wholly undone: pfo compensate {root}", soft_wrap=True)
        for workflow in project.workflows.values():
            compensation = workflow.compensation
            start = compensation and run and start_after_run(
                compensation.compensating, instance, run
            )  # fmt: skip
            if compensation and start:
                out.print(f"Undoing what run {run_id} completed:", soft_wrap=True)
                _undo(project, compensation, instance, home, start.root, tags=start.tags)


def _undo(
    project: Project,
    compensation: Compensation,
    instance: dg.DagsterInstance,
    home: Path,
    root: str,
    *,
    again: bool = False,
    tags: Mapping[str, str] | None = None,
) -> bool:
    """Run the compensation job in this process, and print what came of each step."""
    compensating = compensation.compensating
    job = project.definitions.resolve_job_def(compensating.job_name)
    run_id = make_new_run_id()
    with alive(home, run_id):
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            run_config={**compensating.run_config(root, again=again), **QUIET},
            tags={
                COMPENSATES_TAG: root,
                "pfo/started_by": "pfo",
                REPOSITORY_LABEL_TAG: CODE_LOCATION,
                **(tags or {}),
            },
            raise_on_error=False,
        )
    for record in compensating.runs(instance, root, unfinished=True):
        err.print(f"Run {record.dagster_run.run_id} undoes it.", soft_wrap=True)
        return True
    left = {one.step_id for one in compensating.left(instance, root)}
    for undo in compensating.undos:
        key = undo.op_name
        if any(event.step_key == key and event.is_step_success for event in result.all_events):
            out.print(f"  undone  {undo.undoes.step_id} ({undo.operation_name})", markup=False)
    for event in result.all_events:
        if event.is_step_failure:
            told = event.step_failure_data.user_failure_data
            err.print(f"  failed  {told.description if told else event.message}", markup=False)
    if left:
        steps = ", ".join(sorted(left))
        err.print(f"Not undone: {steps}. Once mended: pfo compensate {root}", soft_wrap=True)
    return not left


def _find(instance: dg.DagsterInstance, name: str) -> dg.DagsterRun:
    found = instance.get_run_by_id(name)
    if found is not None:
        return found
    ids = [one for one in instance.get_run_ids(limit=_MOST_RUNS) if name and one.startswith(name)]
    if len(ids) == 1 and (run := instance.get_run_by_id(ids[0])):
        return run
    if ids:
        listed = "\n".join(f"  {one}" for one in ids)
        raise stop(f'"{name}" may mean any of these runs:\n{listed}', CALLED_WRONGLY)
    problem = f'There is no run "{name}". Dagster\'s UI lists the runs; `pfo run` prints the id.'
    raise stop(problem, CALLED_WRONGLY)


def _compensation_of(
    project: Project, instance: dg.DagsterInstance, run: dg.DagsterRun
) -> tuple[Compensation, str]:
    root = run.tags.get(COMPENSATES_TAG) or root_of(instance, run)
    began = instance.get_run_by_id(root) or run
    able = [one for one in project.workflows.values() if _of(one, began) and one.compensation]
    # From the asset page several workflows can be one run: the one that completed anything.
    for workflow in able:
        compensation = workflow.compensation
        if compensation and compensation.compensating.history(instance, root).completed:
            return compensation, root
    if able and able[0].compensation:
        return able[0].compensation, root
    known = [key for key, one in project.workflows.items() if one.compensation]
    has = f"These have: {', '.join(known)}." if known else "None in your specs has any."
    problem = (
        f"Run {run.run_id} (job {run.job_name}) is of no workflow whose spec says how to undo it "
        f"(definition.compensation). {has}"
    )
    raise stop(problem, FAILED)


def _of(workflow: TranslatedWorkflow, run: dg.DagsterRun) -> bool:
    compensation = workflow.compensation
    return compensation is not None and compensation.compensating.names.may_run_in(run)


def _refuse(instance: dg.DagsterInstance, compensation: Compensation, root: str) -> None:
    """Leave alone what is still going on."""
    for record in runs_of(instance, root):
        run = record.dagster_run
        if not run.is_finished:
            raise stop(f"Run {run.run_id} has not ended. Terminate it first.", FAILED)
    for entry in entries(instance, waiting_only=False, containing=root):
        if entry.decision is not None:
            continue
        problem = (
            f"It waits for a decision, and would go on from it: {entry.task.id}\n"
            "`pfo inbox cancel` closes the task."
        )
        raise stop(problem, FAILED)
    for record in compensation.compensating.runs(instance, root, unfinished=True):
        raise stop(f"Run {record.dagster_run.run_id} undoes it already.", FAILED)
