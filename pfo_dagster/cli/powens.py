"""The commands of `pfo powens`: for the operator who connects banks. Each calls one function."""

from __future__ import annotations

from typing import Annotated

import typer

from pfo_dagster.cli.console import plain_errors

CALLBACK = "http://127.0.0.1:8912/callback"
"""Where the webview sends the browser back to; to be whitelisted in the Powens console."""

powens_app = typer.Typer(
    help="Connect banks through Powens, and see how the connections stand.", no_args_is_help=True
)


@powens_app.command()
def status(
    link: Annotated[
        bool, typer.Option("--link", help="Show where the account holder acts; good for 30 min.")
    ] = False,
    redirect_uri: Annotated[
        str, typer.Option(help="Where the webview ends; whitelisted in the console.")
    ] = CALLBACK,
) -> None:
    """Show the user, the connections, what is left of the budget, and what is to be done."""
    from pfo_dagster.cli.status import print_status  # noqa: PLC0415 - slow to import

    with plain_errors():
        print_status(links=link, redirect_uri=redirect_uri)


@powens_app.command()
def connect(
    redirect_uri: Annotated[
        str, typer.Option(help="Where this listens; whitelisted in the console, letter by letter.")
    ] = CALLBACK,
    user_id: Annotated[
        str | None, typer.Option(help="A user that exists already, who gets another token.")
    ] = None,
    none_was_created: Annotated[
        bool, typer.Option("--none-was-created", help="The console shows no user of a lost call.")
    ] = False,
    wait: Annotated[int, typer.Option(help="Minutes to wait for the browser.", min=1)] = 30,
    browser: Annotated[bool, typer.Option(help="Open the link in a browser.")] = True,
) -> None:
    """Connect a bank: create the user (once), store its token, and open the webview.

    Asks for what it needs. Secrets are typed in, unseen; none is ever an argument.
    """
    from pfo_dagster.cli import connect as walk  # noqa: PLC0415 - see `status`

    options = walk.ConnectOptions(
        redirect_uri=redirect_uri,
        user_id=user_id,
        none_was_created=none_was_created,
        wait_minutes=wait,
        browser=browser,
    )
    with plain_errors():
        walk.connect(options)
