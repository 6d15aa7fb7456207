"""`pfo restore`: the ledger made anew from a published file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.cli.console import out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.config import load_settings
from pfo_dagster.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path


def restore_ledger(file: Path) -> None:
    """Restore the ledger of the data directory from `file`. Raises `LedgerError`."""
    if not file.exists():
        raise stop(f"{file} does not exist.", CALLED_WRONGLY)
    ledger = Ledger(load_settings().data_dir)
    commits = ledger.restore(file)
    out.print(f"Restored {ledger.warehouse_path} up to commit {commits}.", soft_wrap=True)
