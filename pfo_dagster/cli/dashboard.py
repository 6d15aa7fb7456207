"""`pfo dashboard`: the dashboard, served to this computer's browser."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from pfo_dagster.config import SettingsError, load_settings

_APP = Path(__file__).parents[1] / "dashboard" / "app.py"
_HERE = {"127.0.0.1", "localhost", "::1"}


def serve_dashboard(host: str, port: int, *, browser: bool) -> int:
    """Serve until interrupted; returns the server's exit status.

    Whoever reaches another address than this computer's own must know a token, which is printed
    with the address. Raises `SettingsError` where the dashboard's packages are not installed.
    """
    settings = load_settings()
    if importlib.util.find_spec("marimo") is None or importlib.util.find_spec("altair") is None:
        raise SettingsError(
            "The dashboard needs packages that are not installed. `make dashboard` installs them;"
            " elsewhere, install pfo_dagster[dashboard]."
        )
    command = [sys.executable, "-m", "marimo", "run", str(_APP), "--host", host, "-p", str(port)]
    command += ["--no-token"] if host in _HERE else ["--token"]
    command += [] if browser else ["--headless"]
    # Nothing is to leave this computer, not even the question whether there is a newer marimo.
    environment = {**os.environ, **settings.folders, "MARIMO_SKIP_UPDATE_CHECK": "1"}
    try:
        return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603 - our own command
    except KeyboardInterrupt:
        return 0
