"""The commands of `pfo sandbox`: serve the made-up banks, move their clock, break them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pfo_dagster.cli.console import CALLED_WRONGLY, FAILED, out, plain_errors, stop
from pfo_dagster.config import Settings, load_settings

if TYPE_CHECKING:
    from pfo_dagster.openbanking.sandbox import Stage

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
    )

    with plain_errors():
        settings = load_settings()
        stage = _stage(settings)
        out.print("[bold]Made-up data.[/] A client reaches it with:")
        base = f"http://127.0.0.1:{port}/2.0"
        out.print(f"  POWENS_BASE_URL={base} POWENS_USER_TOKEN={SANDBOX_TOKEN}")
        out.print("To try `pfo powens connect` on it, set POWENS_BASE_URL alone and enter:")
        out.print(f"  client id {SANDBOX_CLIENT_ID}, client secret {SANDBOX_CLIENT_SECRET}")
        server.serve(stage, port=port)


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
        _show(settings)


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
        _show(settings)


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
    from pfo_dagster.openbanking.sandbox import Rule, faults  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        if breakage is None:
            table = Table("name", "what the client sees", box=None)
            for name, (summary, _) in faults.BREAKAGES.items():
                table.add_row(name, summary)
            table.add_row("status:<400-599>", "an error of that status")
            table.add_row("code:<word>", f"an error of that code: {', '.join(faults.CODES)}")
            out.print(table)
            return
        try:
            faults.breakage(breakage)
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        rule = Rule(breakage=breakage, method=method.upper(), path=path, times=times or None)
        panel_of(settings).change(lambda now: now.model_copy(update={"rules": (*now.rules, rule)}))
        _show(settings)


@sandbox_app.command()
def limit(
    calls: Annotated[str, typer.Argument(help="Calls a minute, such as 30, or off.")],
) -> None:
    """Answer so many calls a minute and refuse the rest with 429, as Powens' sandboxes do at 30."""
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - see `serve`

    if calls != "off" and not (calls.isascii() and calls.isdigit() and 0 < int(calls) < 10**6):
        raise stop(f"{calls!r} is no limit. Expected a number such as 30, or off.", CALLED_WRONGLY)
    most = None if calls == "off" else int(calls)
    with plain_errors():
        settings = load_settings()
        panel_of(settings).change(lambda now: now.model_copy(update={"calls_per_minute": most}))
        _show(settings)


@sandbox_app.command()
def webhook(
    connection: Annotated[int, typer.Argument(help="The connection's id, e.g. 101.")],
    deleted: Annotated[bool, typer.Option("--deleted", help="Tell that it was deleted.")] = False,
    to: Annotated[str, typer.Option(help="The receiver.")] = "http://127.0.0.1:8913/webhooks",
    times: Annotated[int, typer.Option(help="How often.", min=1, max=10_000)] = 1,
    days_ago: Annotated[int, typer.Option(help="As it was so many days ago.", min=0)] = 0,
) -> None:
    """Send a signed webhook about a connection to a receiver on this computer.

    Signed with POWENS_WEBHOOK_SECRET.
    """
    from pfo_dagster.openbanking.sandbox import webhooks  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import utc_now  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        if settings.powens_webhook_secret is None:
            problem = "POWENS_WEBHOOK_SECRET is not set. Set what `pfo webhooks serve` has."
            raise stop(problem, CALLED_WRONGLY)
        kind = "connection-deleted" if deleted else "connection-synced"
        try:
            body = (
                webhooks.deleted(connection)
                if deleted
                else webhooks.connection_synced(_stage(settings), connection, days_ago=days_ago)
            )
            counted = webhooks.send(
                f"{to.rstrip('/')}/{kind}",
                [body] * times,
                secret=settings.powens_webhook_secret,
                at=utc_now(),
            )
        except ValueError as error:
            raise stop(str(error), CALLED_WRONGLY) from None
        except ConnectionError as error:
            raise stop(str(error), FAILED) from None
        for status, count in counted.items():
            out.print(f"answered with {status}: {count}")
        if set(counted) != {200}:
            raise typer.Exit(FAILED)


@sandbox_app.command()
def reset() -> None:
    """Put the sandbox back to how it was in the beginning; syncs that were forced stay."""
    from pfo_dagster.openbanking.sandbox import Controls  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of  # noqa: PLC0415 - see `serve`

    with plain_errors():
        settings = load_settings()
        panel_of(settings).change(lambda _: Controls())
        _show(settings)


@sandbox_app.command()
def show() -> None:
    """Show how the sandbox is set."""
    with plain_errors():
        _show(load_settings())


def _show(settings: Settings) -> None:
    from pfo_dagster.openbanking.powens.fields import PARIS  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import panel_of, utc_now  # noqa: PLC0415 - see `serve`

    controls = panel_of(settings).read()
    now = utc_now() + controls.clock_ahead
    moved = f" (moved by {controls.clock_ahead})" if controls.clock_ahead else ""
    out.print(f"clock     {now:%Y-%m-%d %H:%M} UTC, {now.astimezone(PARIS):%H:%M} in Paris{moved}")
    out.print(f"scenario  {controls.scenario}, since {controls.turn:%Y-%m-%d %H:%M} UTC")
    out.print(f"calls     {controls.calls_per_minute or 'any number'} a minute")
    for rule in controls.rules:
        times = "always" if rule.times is None else f"{rule.times} times"
        out.print(f"rule      {rule.breakage} for {rule.method} {rule.path}, {times}", markup=False)
    if settings.has_powens and not settings.is_on_this_computer:
        out.print("Powens is set up, so runs do not read the sandbox.")


def _stage(settings: Settings) -> Stage:
    """The sandbox of this data folder, which `pfo run` reads too."""
    from pfo_dagster.openbanking.sandbox import SandboxState, Stage  # noqa: PLC0415 - see `serve`
    from pfo_dagster.resources import (  # noqa: PLC0415 - see `serve`
        SANDBOX_STATE,
        panel_of,
        utc_now,
    )

    return Stage(
        seed=settings.sandbox_seed,
        panel=panel_of(settings),
        state=SandboxState(settings.data_dir / SANDBOX_STATE),
        true_clock=utc_now,
    )
