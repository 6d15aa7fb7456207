"""`pfo dev`: Dagster's own development server, on this project's workspace and storage."""

from __future__ import annotations

import subprocess
import sys

from pfo_dagster.config import PROJECT_ROOT, load_settings
from pfo_dagster.dagster_home import use_dagster_home


def serve_dagster(port: int) -> int:
    """Serve until interrupted; returns the server's exit status."""
    settings = load_settings()
    use_dagster_home(settings)
    workspace = PROJECT_ROOT / "workspace.yaml"
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(workspace), "-p", str(port)]
    try:
        return subprocess.run(command, check=False, cwd=PROJECT_ROOT).returncode  # noqa: S603 - our own command
    except KeyboardInterrupt:
        return 0
