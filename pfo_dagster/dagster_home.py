"""Dagster's own storage: one place for every command, so that the UI shows what a terminal ran."""

from __future__ import annotations

import os
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pfo_dagster.config import Settings


def use_dagster_home(settings: Settings) -> Path:
    """Create Dagster's storage folder, and point this process and those it starts to it.

    Raises `OSError` where the folder cannot be made.
    """
    home = settings.dagster_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    instance_file = home / "dagster.yaml"
    if not instance_file.exists():
        template = resources.files("pfo_dagster").joinpath("dagster.yaml")
        instance_file.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home
