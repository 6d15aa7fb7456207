"""The commands of `pfo inbox`: what workflows ask people, and deciding it from a terminal."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pfo_dagster.cli.console import out, plain_errors, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster import DagsterInstance

    from pfo_dagster.config import Settings
    from pfo_dagster.translate.human.inbox import Entry
    from pfo_dagster.translate.human.records import Task
    from pfo_dagster.translate.human.step import HumanStep

inbox_app = typer.Typer(help="What workflows ask people, and deciding it.", no_args_is_help=True)

TaskName = Annotated[str, typer.Argument(help="A task's id, or enough of it to mean no other.")]
By = Annotated[str, typer.Option(help="Your name, for the history of the task.")]
Comment = Annotated[str, typer.Option(help="Why.")]
AsJson = Annotated[bool, typer.Option("--json", help="For other programs.")]


@inbox_app.command("list")
def list_tasks(
    everything: Annotated[bool, typer.Option("--all", help="Decided tasks too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the tasks that wait for a decision, and the connections that wait for their user."""
    from pfo_dagster.ledger import Ledger  # noqa: PLC0415 - see below
    from pfo_dagster.operations.banking.waiting import waiting_connections  # noqa: PLC0415
    from pfo_dagster.translate.human.inbox import entries  # noqa: PLC0415 - Dagster takes a second

    with _inbox() as (settings, instance):
        found = entries(instance, waiting_only=not everything)
        waiting = waiting_connections(Ledger(settings.data_dir))
        if as_json:
            content = {
                "tasks": [_as_json(entry) for entry in found],
                "connections": [asdict(one) for one in waiting],
            }
            out.print_json(json.dumps(content))
            return
        for entry in found:
            sleeps = (
                f"sleeps until {entry.task.due_at:%Y-%m-%d %H:%M} UTC" if entry.task.due_at else ""
            )
            state = entry.decision.summary if entry.decision else sleeps or "waits"
            asked = f"{entry.task.asked_at:%Y-%m-%d %H:%M} UTC"
            out.print(f"{entry.task.id}\n  {entry.task.label} (asked {asked}): {state}",
                      markup=False, soft_wrap=True)  # fmt: skip
        for one in waiting:
            out.print(f"connection {one.connection_id} ({one.institution})\n  {one.to_do}",
                      markup=False, soft_wrap=True)  # fmt: skip
        if not found and not waiting:
            out.print("Nothing waits for a decision.")


@inbox_app.command()
def show(task: TaskName, as_json: AsJson = False) -> None:
    """Show what is asked, with the workflow's data, and how it was decided."""
    from pfo_dagster.translate.human.inbox import find  # noqa: PLC0415 - see `list_tasks`

    with _inbox() as (_, instance):
        entry = find(instance, task)
        content = _as_json(entry)
        if as_json:
            out.print_json(json.dumps(content))
            return
        for name, value in content.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            out.print(f"{name + ':':<12} {text}", markup=False, soft_wrap=True)


@inbox_app.command()
def decide(
    task: TaskName,
    data: Annotated[str, typer.Option(help="The answer, as JSON; null and false are answers.")],
    by: By,
    comment: Comment = "",
) -> None:
    """Answer a task. The first answer counts, and the workflow goes on from it."""
    from pfo_dagster.translate.human.inbox import find  # noqa: PLC0415 - see `list_tasks`

    given = _given(data)
    with _inbox() as (settings, instance):
        _decide(settings, instance, find(instance, task).task, given, by, comment)


@inbox_app.command()
def resume(
    token: Annotated[str, typer.Argument(help="The token in the spec, or the task's id.")],
    data: Annotated[str, typer.Option(help="The payload, as JSON.")],
    by: By = "hook",
    comment: Comment = "",
) -> None:
    """Answer the task that waits for a hook or an approval by its token, as programs do."""
    from pfo_dagster.translate.human.inbox import find_by_token  # noqa: PLC0415 - see above

    given = _given(data)
    with _inbox() as (settings, instance):
        _decide(settings, instance, find_by_token(instance, token).task, given, by, comment)


@inbox_app.command()
def cancel(task: TaskName, by: By, comment: Comment = "") -> None:
    """Close a task without an answer: its workflow does not go on."""
    from pfo_dagster.translate.human import inbox  # noqa: PLC0415 - see `list_tasks`

    with _inbox() as (_, instance):
        inbox.cancel(instance, inbox.find(instance, task).task, by=by, comment=comment)
        out.print("Cancelled. Nothing goes on from it.")


@inbox_app.command()
def expire(
    older_than: Annotated[float, typer.Option(metavar="DAYS", help="In days.", min=0)], by: By
) -> None:
    """Close every task that has waited for longer than so many days."""
    from pfo_dagster.translate.human import inbox  # noqa: PLC0415 - see `list_tasks`

    with _inbox() as (_, instance):
        for task in inbox.expire(instance, timedelta(days=older_than), by=by):
            out.print(f"{task.id} expired", markup=False, soft_wrap=True)


@inbox_app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8088,
) -> None:
    """Answer the steps that wait for a webhook by HTTP. Needs PFO_INBOX_SECRET."""
    import uvicorn  # noqa: PLC0415 - see `list_tasks`

    from pfo_dagster.cli.listening import listen  # noqa: PLC0415
    from pfo_dagster.definitions import build  # noqa: PLC0415
    from pfo_dagster.translate.human.door import inbox_door  # noqa: PLC0415

    with _inbox() as (settings, instance):
        if settings.inbox_secret is None:
            problem = (
                "PFO_INBOX_SECRET is not set, without which anybody could answer. Choose one, such "
                "as `openssl rand -hex 32` gives, and send it as `Authorization: Bearer …`."
            )
            raise stop(problem, CALLED_WRONGLY)
        steps = [step for one in build(settings).workflows.values() for step in one.humans.values()]
        doors = [(step, step.door.webhook) for step in steps if step.door.webhook]
        if not doors:
            raise stop(f"No step in {settings.specs_dir} waits for a webhook.", FAILED)
        # Ctrl-C is how a server is ended: uvicorn ends in order, and raises it again.
        with listen("The inbox", host, port) as listener, suppress(KeyboardInterrupt):
            address = f"http://{host}:{listener.getsockname()[1]}"
            for step, webhook in doors:
                out.print(
                    f"{webhook.method} {address}{webhook.path}  {step.plan.spec.meta.key}, "
                    f"step {step.plan.step.id}",
                    markup=False,
                    soft_wrap=True,
                )
            app = inbox_door(steps, instance, settings.inbox_secret)
            config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
            uvicorn.Server(config).run(sockets=[listener])


def _given(data: str) -> object:
    from pfo_dagster.spec.plain_json import plain_json  # noqa: PLC0415 - see `list_tasks`

    try:
        return plain_json(data)
    except ValueError as error:
        example = """a text needs its quotes: --data '"yes"'"""
        raise stop(f"--data is not JSON: {error} ({example})", CALLED_WRONGLY) from None


def _decide(
    settings: Settings, instance: DagsterInstance, task: Task, given: object, by: str, comment: str
) -> None:
    from pfo_dagster.translate.human import inbox  # noqa: PLC0415 - see `list_tasks`

    inbox.decide(instance, task, _step_of(settings, task), given, by=by, comment=comment)
    out.print(f"Decided. {task.workflow_key} goes on from {task.step_id} within seconds, "
              "as soon as Dagster's daemon runs.", soft_wrap=True)  # fmt: skip


@contextmanager
def _inbox() -> Iterator[tuple[Settings, DagsterInstance]]:
    """Dagster's storage, and one message for whatever a person can mend."""
    import dagster as dg  # noqa: PLC0415 - see `list_tasks`

    from pfo_dagster.config import load_settings  # noqa: PLC0415
    from pfo_dagster.dagster_home import open_instance, use_dagster_home  # noqa: PLC0415
    from pfo_dagster.translate.human.inbox import InboxError  # noqa: PLC0415
    from pfo_dagster.translate.human.step import InputError  # noqa: PLC0415

    with plain_errors():
        settings = load_settings()
        home = use_dagster_home(settings)
        try:
            with open_instance(home) as instance:
                yield settings, instance
        except (InboxError, InputError) as error:
            raise stop(str(error), FAILED) from None
        except dg.Failure as failure:
            raise stop(failure.description or "The guard rejected it.", FAILED) from None


def _step_of(settings: Settings, task: Task) -> HumanStep:
    """The step that asked, as the specs have it now."""
    from pfo_dagster.definitions import build  # noqa: PLC0415 - see `list_tasks`

    workflow = build(settings).workflows.get(task.workflow_key)
    human = workflow.humans.get(task.step_id) if workflow else None
    if human is None:
        problem = (
            f'{settings.specs_dir} has no human step "{task.step_id}" in {task.workflow_key} any '
            f"more, so nothing could go on. `pfo inbox cancel {task.id}` closes the task."
        )
        raise stop(problem, FAILED)
    return human


def _as_json(entry: Entry) -> dict[str, Any]:
    task, decision = entry.task, entry.decision
    content: dict[str, Any] = {
        "id": task.id,
        "state": decision.verdict if decision else "waiting",
        "workflow": task.workflow_key,
        "step": task.step_id,
        "label": task.label,
        "description": task.description,
        "form": task.form,
        "token": task.token,
        "asked_at": task.asked_at.isoformat(),
        "due_at": task.due_at.isoformat() if task.due_at else None,
        "data": task.state.data,
    }
    if decision:
        content |= {
            "input": decision.input,
            "decided_by": decision.decided_by,
            "decided_at": decision.decided_at.isoformat(),
            "comment": decision.comment,
        }
    return content
