"""`pfo sandbox serve`: the made-up household on a socket of this computer."""

from __future__ import annotations

from pfo_dagster.cli.console import out
from pfo_dagster.config import load_settings
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_TOKEN,
    SandboxState,
    household,
    sandbox_app,
)
from pfo_dagster.openbanking.sandbox.server import serve
from pfo_dagster.resources import SANDBOX_STATE, utc_now


def serve_sandbox(port: int) -> None:
    """Serve until interrupted, with the household and the memory that `pfo run` uses."""
    settings = load_settings()
    app = sandbox_app(
        world=household(settings.sandbox_seed),
        clock=utc_now,
        state=SandboxState(settings.data_dir / SANDBOX_STATE),
        faults=None,
    )
    out.print("[bold]Made-up data.[/] A client reaches it with:")
    out.print(f"  POWENS_BASE_URL=http://127.0.0.1:{port}/2.0 POWENS_USER_TOKEN={SANDBOX_TOKEN}")
    out.print("To try `pfo powens connect` on it, set POWENS_BASE_URL alone and enter:")
    out.print(f"  client id {SANDBOX_CLIENT_ID}, client secret {SANDBOX_CLIENT_SECRET}")
    serve(app, port=port)
