"""The commands. Each is thin: it reads its arguments and calls one function elsewhere."""

from __future__ import annotations

import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any, TypeAlias, cast

import typer

from pfo_dagster.cli.console import err, out, plain_errors, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, DONE, FAILED, INTERRUPTED
from pfo_dagster.cli.inbox import inbox_app
from pfo_dagster.cli.powens import powens_app
from pfo_dagster.cli.readers import readers_app
from pfo_dagster.cli.sandbox import sandbox_app
from pfo_dagster.cli.webhooks import webhooks_app
from pfo_dagster.config import DASHBOARD_PORT

app = typer.Typer(
    name="pfo",
    help="Run ContractSpec workflows on Dagster, and read the ledger that they fill.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(readers_app)
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(powens_app, name="powens")
app.add_typer(inbox_app, name="inbox")
app.add_typer(webhooks_app, name="webhooks")


Defines: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=JSON", help="The value of a name that specs do not define."),
]


class TextFormat(StrEnum):
    """How `pfo check` prints."""

    text = "text"
    json = "json"
    sarif = "sarif"


class PlanFormat(StrEnum):
    """How `pfo plan` prints."""

    text = "text"
    json = "json"


class TableFormat(StrEnum):
    """How `pfo query` prints."""

    table = "table"
    json = "json"
    csv = "csv"


@app.command()
def run(
    key: Annotated[str, typer.Argument(help="The workflow's key, e.g. pfo.workflow.…")],
    data: Annotated[str, typer.Option(help="The workflow's initial data, as JSON.")] = "{}",
) -> None:
    """Run a workflow here and now, and show what came of it."""
    from pfo_dagster.cli.run import run_workflow  # noqa: PLC0415 - Dagster takes a second to import

    with plain_errors():
        raise typer.Exit(DONE if run_workflow(key, _json_object(data)) else FAILED)


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Spec files or folders.")] = None,
    output: Annotated[TextFormat, typer.Option("--format")] = TextFormat.text,
    define: Defines = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings too.")] = False,
) -> None:
    """Check specs (YAML, JSON, TypeScript, generated pages) and say everything wrong with them."""
    from pfo_dagster.cli.check import check_specs  # noqa: PLC0415 - see `run`

    with plain_errors():
        defines = dict(_define(one) for one in define or [])
        raise typer.Exit(check_specs(paths or [], output.value, defines, strict=strict))


@app.command()
def plan(
    key: Annotated[
        str | None, typer.Argument(help="A workflow's key, or a spec file; all where left out.")
    ] = None,
    output: Annotated[PlanFormat, typer.Option("--format")] = PlanFormat.text,
    against: Annotated[
        str | None, typer.Option(metavar="FILE|REV", help="Another version to compare with.")
    ] = None,
    define: Defines = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail for warnings, and for what pre-flight refuses.")
    ] = False,
) -> None:
    """Show what each field of a spec becomes in Dagster, and what it changes of another version."""
    from pfo_dagster.cli.plan import plan_specs  # noqa: PLC0415 - see `run`

    with plain_errors():
        as_json = output is PlanFormat.json
        defines = dict(_define(one) for one in define or [])
        raise typer.Exit(plan_specs(key, against, defines, as_json=as_json, strict=strict))


@app.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail on drift.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the pages; docs/workflows beside the specs by default.",
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Write a page for each workflow: diagram, retries, requirements, assets, definition."""
    from pfo_dagster.cli.docs import write_docs  # noqa: PLC0415 - see `run`

    with plain_errors():
        raise typer.Exit(write_docs(output, check=check))


@app.command()
def compensate(
    run: Annotated[
        str, typer.Argument(help="A run's id, or its beginning: any run of the execution.")
    ],
    again: Annotated[
        bool, typer.Option("--again", help="Also what has been undone before.")
    ] = False,
) -> None:
    """Undo the completed steps of a run, the last first, as its spec says how."""
    from pfo_dagster.cli.compensate import compensate_run  # noqa: PLC0415 - see `run`

    with plain_errors():
        raise typer.Exit(DONE if compensate_run(run, again=again) else FAILED)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the published relations.")],
    output: Annotated[TableFormat, typer.Option("--format")] = TableFormat.table,
) -> None:
    """Ask the published ledger, read only. `pfo query 'FROM latest_balances'`."""
    from pfo_dagster.cli.query import print_query  # noqa: PLC0415 - see `run`

    with plain_errors():
        print_query(sql, output.value)


@app.command()
def dev(
    port: Annotated[
        int, typer.Option(help="Where the UI listens, on this machine only.", min=1, max=65535)
    ] = 3000,
) -> None:
    """Open Dagster's UI with these workflows, and run its daemon."""
    from pfo_dagster.cli.dev import serve_dagster  # noqa: PLC0415 - see `run`

    with plain_errors():
        serve_dagster(port)


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(help="Where it listens.", min=1, max=65535)] = DASHBOARD_PORT,
    host: Annotated[
        str, typer.Option(help="Whose requests it answers: another address asks for a token.")
    ] = "127.0.0.1",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open it in a browser.")
    ] = True,
) -> None:
    """Show what is held, how it moved, and how far to believe it."""
    from pfo_dagster.cli.dashboard import serve_dashboard  # noqa: PLC0415 - see `run`

    with plain_errors():
        serve_dashboard(host, port, browser=browser)


def main() -> None:
    """Entry point of the `pfo` command."""
    for stream in (sys.stdout, sys.stderr):
        # UTF-8 has all characters but halves of them, which JSON can escape and data can hold.
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() == "utf-8":
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except KeyboardInterrupt:
        err.print("Interrupted.")
        sys.exit(INTERRUPTED)


def _json_object(text: str) -> dict[str, Any]:
    from pfo_dagster.spec.plain_json import plain_json  # noqa: PLC0415 - see `run`

    try:
        value = plain_json(text)
    except ValueError as error:
        raise stop(f"--data is not JSON: {error}", CALLED_WRONGLY) from None
    if not isinstance(value, dict):
        raise stop(f"--data must be a JSON object, e.g. '{{\"a\": 1}}', not {text}", CALLED_WRONGLY)
    return cast("dict[str, Any]", value)


def _define(text: str) -> tuple[str, Any]:
    from pfo_dagster.spec.plain_json import plain_json  # noqa: PLC0415 - see `run`

    name, _, value = text.partition("=")
    try:
        if name.strip():
            return name.strip(), plain_json(value)
        reason = "the name is missing"
    except ValueError as error:
        reason = str(error)
    example = """--define 'CAPABILITY={"key": "a.b", "version": "1.0.0"}'"""
    message = f"--define {text} is not NAME=JSON ({reason}). For example: {example}"
    raise stop(message, CALLED_WRONGLY)


__all__ = ["app", "main", "out"]
