"""The ledger of this installation, opened by the clock of the banks whose figures it holds.

Whoever asks how old a figure is, or whether the clocks agree, opens the ledger here: by this
computer's clock, the figures of a sandbox whose clock was moved would be of the future.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking.sandbox import ControlPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfo_dagster.config import Settings

SANDBOX_CONTROLS = "sandbox-controls.json"
"""The file in the data folder that says how the sandbox is set."""
SANDBOX_STATE = "sandbox.json"
"""The file in the data folder in which the sandbox remembers what was asked of it."""


def open_ledger(settings: Settings) -> Ledger:
    """The ledger, which records by the clock by which its banks are read, so that both agree."""
    return Ledger(settings.data_dir, clock=bank_clock(settings))


def bank_clock(settings: Settings) -> Callable[[], datetime]:
    """The time in UTC; that of the sandbox, which can be moved, where its data is read."""
    return utc_now if settings.has_powens else panel_of(settings).clock(utc_now)


def panel_of(settings: Settings) -> ControlPanel:
    """How the sandbox of this data folder is set, by `pfo sandbox` and by its page."""
    return ControlPanel(settings.data_dir / SANDBOX_CONTROLS)


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)
