"""The commands of `pfo sandbox`: serve the made-up banks, move their clock, break them."""

from __future__ import annotations

import logging
from typing import Annotated

import typer
from rich.table import Table

from pfo_dagster.cli import sandbox_events
from pfo_dagster.cli.console import out, plain_errors, reason, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED
from pfo_dagster.cli.sandbox_setting import show_setting, stage_of
from pfo_dagster.config import load_settings

sandbox_app = typer.Typer(help="The built-in made-up banks.", no_args_is_help=True)


@sandbox_app.callback()
def sandbox() -> None:
    """The built-in made-up banks.

    What is set here is kept in the data folder: the next run sees it, and so does a sandbox that is
    being served.
    """


@sandbox_app.command()
def serve(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.", min=1, max=65535)] = 8910,
) -> None:
    """Serve the sandbox over HTTP, for other programs that speak to Powens."""
    from pfo_dagster.openbanking.sandbox import (  # noqa: PLC0415 - slow to import
        SANDBOX_CLIENT_ID,
        SANDBOX_CLIENT_SECRET,
        SANDBOX_TOKEN,
        server,
        unreachable,
    )
    from pfo_dagster.openbanking.sandbox.announcements import Announcer  # noqa: PLC0415 - see above
    from pfo_dagster.openbanking.sandbox.page import with_page  # noqa: PLC0415 - see above

    with plain_errors():
        settings = load_settings()
        stage = stage_of(settings)
        out.print("[bold]Made-up data.[/] A client reaches it with:")
        base = f"http://127.0.0.1:{port}/2.0"
        out.print(f"  POWENS_BASE_URL={base} POWENS_USER_TOKEN={SANDBOX_TOKEN}", soft_wrap=True)
        out.print("To try `pfo powens connect` on it, set POWENS_BASE_URL alone and enter:")
        out.print(f"  client id {SANDBOX_CLIENT_ID}, client secret {SANDBOX_CLIENT_SECRET}")
        secret = settings.powens_webhook_secret
        if secret is None:
            out.print("It sends no webhooks: POWENS_WEBHOOK_SECRET is not set.")
        logging.basicConfig(format="%(message)s")
        logging.getLogger("pfo_dagster").setLevel(logging.INFO)
        announcer = Announcer(stage, secret) if secret else None
        page = with_page(stage, secret=secret)
        try:
            with unreachable.distrusted(stage) as distrusted:
                out.print("No answer comes to a client at these addresses:")
                for how, address in (
                    ("dns", unreachable.UNRESOLVED),
                    ("tls", unreachable.without_tls(base)),
                    ("certificate", distrusted),
                ):
                    what = unreachable.BEFORE_ANY_ANSWER[how]
                    out.print(f"  {address:<30} {how}: {what}", soft_wrap=True)
                out.print(f"Look at it, and break it: http://127.0.0.1:{port}/")
                server.serve(page, port=port, beside=announcer.keep_telling if announcer else None)
        except OSError as error:
            problem = f"Port {port} cannot be listened at ({reason(error)}). Choose another: --port"
            raise stop(problem, FAILED) from None


@sandbox_app.command(context_settings={"ignore_unknown_options": True})
def clock(
    to: Annotated[
        str | None,
        typer.Argument(help="+3d, -2h, 2026-10-25T02:30 (in Paris), or reset; none to see it."),
    ] = None,
) -> None:
    """Move the sandbox's clock, which goes on from there."""
    from pfo_dagster.openbanking.sandbox.controls import clock_moved  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of, utc_now  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        if to is not None:
            try:
                panel_of(settings).change(lambda now: clock_moved(now, to, utc_now()))
            except ValueError as error:
                raise stop(str(error), CALLED_WRONGLY) from None
        show_setting(settings)


@sandbox_app.command()
def scenario(
    name: Annotated[str | None, typer.Argument(help="Its name; none for a list.")] = None,
) -> None:
    """Choose what happens at the banks, from now on; list what there is to choose from."""
    from pfo_dagster.openbanking.sandbox import SCENARIOS, scenario_set  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of, utc_now  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        panel = panel_of(settings)
        if name is None:
            chosen = panel.read().scenario
            table = Table("", "scenario", "what happens", box=None)
            for each, scenario in SCENARIOS.items():
                table.add_row("*" if each == chosen else "", each, scenario.summary)
            out.print(table)
            return
        try:
            panel.change(lambda now: scenario_set(now, name, utc_now()))
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        show_setting(settings)


@sandbox_app.command("break")
def break_calls(
    breakage: Annotated[
        str | None, typer.Argument(help="What goes wrong; none for a list.")
    ] = None,
    path: Annotated[str, typer.Option(help="Calls to paths like this, after /2.0.")] = "*",
    method: Annotated[str, typer.Option(help="Calls of this method.")] = "*",
    times: Annotated[int, typer.Option(help="How many calls; 0 for all.", min=0)] = 1,
) -> None:
    """Let calls go wrong: add a rule. `pfo sandbox reset` takes all of them away."""
    from pfo_dagster.openbanking.sandbox import (  # noqa: PLC0415 - see `serve`
        Rule,
        faults,
        unreachable,
    )
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        if breakage is None:
            table = Table("name", "what the client sees", box=None)
            for name, (summary, _) in faults.BREAKAGES.items():
                table.add_row(name, summary)
            for name, what in unreachable.BEFORE_ANY_ANSWER.items():
                table.add_row(name, f"no answer: {what} (*)")
            table.add_row("status:<400-599>", "an error of that status")
            table.add_row("code:<word>", f"an error of that code: {', '.join(faults.CODES)}")
            out.print(table)
            out.print("(*) A rule for `pfo run`; `pfo sandbox serve` prints addresses for others.")
            return
        rule = Rule(breakage=breakage, method=method.upper(), path=path, times=times or None)
        try:
            panel_of(settings).change(lambda now: faults.rule_added(now, rule))
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        show_setting(settings)


@sandbox_app.command()
def limit(
    calls: Annotated[str, typer.Argument(help="Calls a minute, such as 30, or off.")],
) -> None:
    """Answer so many calls a minute and refuse the rest with 429, as Powens' sandboxes do at 30."""
    from pfo_dagster.openbanking.sandbox.controls import limit_set  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        try:
            panel_of(settings).change(lambda now: limit_set(now, calls))
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        show_setting(settings)


@sandbox_app.command()
def reset() -> None:
    """Put the sandbox back to how it was in the beginning; syncs that were forced stay."""
    from pfo_dagster.openbanking.sandbox import Controls  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        panel_of(settings).change(lambda _: Controls())
        show_setting(settings)


@sandbox_app.command()
def show() -> None:
    """Show how the sandbox is set."""
    with plain_errors():
        show_setting(load_settings())


for about_connections in (
    sandbox_events.state,
    sandbox_events.webhook,
    sandbox_events.burst,
    sandbox_events.notify,
):
    sandbox_app.command()(about_connections)
