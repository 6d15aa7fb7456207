"""Dagster's own storage: one place for every command, so that the UI shows what a terminal ran."""

from __future__ import annotations

import os
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    import dagster as dg

    from pfo_dagster.config import Settings


_FULL: Final = "Its disk is full, or failing: make room, then run again."
_SHUT: Final = "Give this user the right to write there, or set another folder with DAGSTER_HOME."
_REMEDIES: Final = (
    ("disk is full", _FULL),
    ("disk i/o error", _FULL),
    ("unable to open", _SHUT),
    ("readonly", _SHUT),
    ("is locked", "Another process has kept it to itself for long: run again."),
)
_REMEDY: Final = (
    "Mend its dagster.yaml, or move the folder away: a new one is made, without the history of"
    " runs."
)


class DagsterHomeError(Exception):
    """Dagster's storage cannot be used; the text says where it is and what to do."""

    @classmethod
    def of(cls, home: Path, error: Exception) -> DagsterHomeError:
        """What Dagster or its database says of the storage in `home`, in words for people."""
        # Databases say more than once what they were asked, and Dagster's storage asks for much.
        detail = str(getattr(error, "orig", None) or error)
        lowered = detail.lower()
        remedy = next((advice for mark, advice in _REMEDIES if mark in lowered), _REMEDY)
        return cls(f"Dagster's storage in {home} cannot be used: {detail}. {remedy}")


def use_dagster_home(settings: Settings) -> Path:
    """Create Dagster's storage folder, and point this process and those it starts to it.

    What they write from here on is for their owner's eyes alone. Raises `OSError` where the folder
    cannot be made.
    """
    os.umask(0o077)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = settings.dagster_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    instance_file = home / "dagster.yaml"
    if not instance_file.exists():
        template = resources.files("pfo_dagster").joinpath("dagster.yaml")
        instance_file.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(home: Path) -> dg.DagsterInstance:
    """Dagster's storage in `home`, for a run in a terminal.

    What a step prints goes to the terminal, so nothing captures it: the processes that do would
    die with a traceback each when a person interrupts the run. Raises `DagsterHomeError`.
    """
    # Imported here, because Dagster takes a second and not every command needs it.
    import dagster as dg  # noqa: PLC0415
    from dagster._core.instance.ref import InstanceRef  # noqa: PLC0415

    uncaptured = {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
    try:
        reference = InstanceRef.from_dir(str(home), overrides={"compute_logs": uncaptured})
        return dg.DagsterInstance.from_ref(reference)
    except Exception as error:
        raise DagsterHomeError.of(home, error) from error
