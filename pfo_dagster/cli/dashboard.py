"""`pfo dashboard`: the dashboard, served to this computer's browser."""

from __future__ import annotations

import importlib.util
import os
import secrets
import threading
import webbrowser
from contextlib import suppress
from datetime import timedelta

import uvicorn

from pfo_dagster.cli.console import out
from pfo_dagster.cli.listening import listen
from pfo_dagster.config import SettingsError, load_settings
from pfo_dagster.installed_ledger import open_ledger

_ENDING_SECONDS = 1
"""Windows that are open do not keep the server from ending."""


def serve_dashboard(host: str, port: int, *, browser: bool) -> None:
    """Serve until interrupted, and end the process then.

    Whoever reaches another address than this computer's own must know a token, which is printed
    with the address. Raises `SettingsError` where the dashboard's packages are not installed.
    """
    settings = load_settings()
    if importlib.util.find_spec("marimo") is None or importlib.util.find_spec("altair") is None:
        raise SettingsError(
            "The dashboard needs packages that are not installed. `make dashboard` installs them;"
            " elsewhere, install pfo_dagster[dashboard]."
        )
    listening = listen("The dashboard", host, port)
    from pfo_dagster.dashboard import serving  # noqa: PLC0415 - needs what was just looked for

    token = None if host in serving.HERE else secrets.token_urlsafe(16)
    ledger, stale_after = open_ledger(settings), timedelta(hours=settings.stale_after_hours)
    threading.Thread(target=serving.prepare, args=(ledger, stale_after), daemon=True).start()
    app = serving.dashboard_app(ledger, stale_after=stale_after, token=token)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{port}" + (f"?access_token={token}" if token else "")
    out.print(f"The dashboard is at {address} (end it with Ctrl-C).", soft_wrap=True)
    if browser:
        webbrowser.open(address)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_ENDING_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    # Each window has a thread of marimo's that waits for ever, and Python would wait for it.
    os._exit(0)
