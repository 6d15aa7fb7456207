"""The commands of `pfo webhooks`."""

from __future__ import annotations

from typing import Annotated

import typer

from pfo_dagster.cli.console import plain_errors

webhooks_app = typer.Typer(help="Receive what Powens tells by webhook.", no_args_is_help=True)


@webhooks_app.callback()
def webhooks() -> None:
    """Receive what Powens tells by webhook."""


@webhooks_app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at.")] = 8913,
    max_age: Annotated[
        int, typer.Option(help="Oldest signature, in seconds; 0 takes any age.", min=0)
    ] = 0,
    signed_prefix: Annotated[
        str, typer.Option(help="What a proxy in front takes off the path that Powens signed.")
    ] = "",
) -> None:
    """Serve /webhooks/connection-synced, /connection-deleted and /user-deleted until interrupted.

    Needs POWENS_WEBHOOK_SECRET. The sensor `powens_webhooks` acts on what is received.
    """
    from pfo_dagster.cli.receive import serve_webhooks  # noqa: PLC0415 - slow to import

    with plain_errors():
        serve_webhooks(host=host, port=port, max_age_seconds=max_age, signed_prefix=signed_prefix)
