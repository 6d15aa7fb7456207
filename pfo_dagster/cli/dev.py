"""`pfo dev`: Dagster's own development server, on this project's workspace and storage."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from pfo_dagster.cli.listening import listen
from pfo_dagster.cli.liveness import bury_the_dead
from pfo_dagster.config import PROJECT_ROOT, load_settings
from pfo_dagster.dagster_home import open_instance, use_dagster_home


def serve_dagster(port: int) -> NoReturn:
    """Become Dagster's server, so that whoever ends this process ends that one, and its children.

    Raises `typer.Exit` where the port is taken.
    """
    settings = load_settings()
    # Dagster would go on without its UI, and start a second daemon on the same storage.
    listen("Dagster's UI", "127.0.0.1", port).close()
    home = use_dagster_home(settings)
    with open_instance(home) as instance:
        bury_the_dead(instance, home)
    workspace = PROJECT_ROOT / "workspace.yaml"
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(workspace), "-p", str(port)]
    # Dagster takes SIGTERM as it takes SIGINT, which a script's background jobs begin by ignoring.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(PROJECT_ROOT)
    os.execve(command[0], command, {**os.environ, **settings.folders})  # noqa: S606 - our own
