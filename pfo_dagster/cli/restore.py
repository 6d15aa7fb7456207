"""`pfo restore`: the ledger made anew from a published file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.cli.console import out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.config import load_settings
from pfo_dagster.installed_ledger import SANDBOX_STATE, bank_clock, open_ledger
from pfo_dagster.openbanking.connect import SANDBOX
from pfo_dagster.openbanking.sandbox import SandboxState

if TYPE_CHECKING:
    from pathlib import Path

    from pfo_dagster.config import Settings
    from pfo_dagster.ledger import Ledger


def restore_ledger(file: Path) -> None:
    """Restore the ledger of the data folder from `file`. Raises `LedgerError`, `ProviderError`."""
    if not file.exists():
        raise stop(f"{file} does not exist.", CALLED_WRONGLY)
    settings = load_settings()
    ledger = open_ledger(settings)
    commits = ledger.restore(file)
    out.print(f"Restored {ledger.warehouse_path} up to commit {commits}.", soft_wrap=True)
    _set_sandbox_after(settings, ledger)


def _set_sandbox_after(settings: Settings, ledger: Ledger) -> None:
    """Have the sandbox know until when its figures were read: this folder's may be a new one."""
    with ledger.reader() as reader:
        [row] = reader.rows(
            """
            SELECT max(finished_at) AS latest FROM (
                SELECT finished_at FROM refreshes WHERE provider = $sandbox
                UNION ALL SELECT finished_at FROM syncs WHERE provider = $sandbox
            )
            """,
            {"sandbox": SANDBOX},
        )
    latest = row["latest"]
    if latest is None:
        return
    state = SandboxState(settings.data_dir / SANDBOX_STATE)
    known = state.read_until()
    if known is None or known < latest:
        state.read_at(latest)
    if bank_clock(settings)() < latest:
        out.print(
            "Its sandbox's clock was ahead; runs go on when it is there again:"
            f" pfo sandbox clock {latest:%Y-%m-%dT%H:%M:%S}+00:00",
            soft_wrap=True,
        )
