"""Which exceptions are answers to a person, in what words and with what exit status."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED
from pfo_dagster.config import SettingsError
from pfo_dagster.dagster_home import DagsterHomeError
from pfo_dagster.ledger import LedgerError
from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.rates import RatesError
from pfo_dagster.spec import SpecError
from pfo_dagster.translate import TranslationError

_SHUT: Final = (
    "Give this user the right to it, or choose other folders with PFO_DATA_DIR and DAGSTER_HOME."
)
_FULL: Final = "The disk is full: make room, then try again."
_REMEDIES: Final = {
    errno.EACCES: _SHUT,
    errno.EPERM: _SHUT,
    errno.EROFS: _SHUT,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}


def explain(error: Exception) -> tuple[str, int] | None:
    """The message and the exit status; None for what is a fault of ours."""
    if isinstance(error, (SettingsError, SpecError, TranslationError)):
        return str(error), CALLED_WRONGLY
    if isinstance(error, (LedgerError, ProviderError, DagsterHomeError, RatesError)):
        return str(error), FAILED
    if isinstance(error, DBAPIError):
        # Dagster alone uses this library, wherever it reads or writes its storage.
        return str(DagsterHomeError.of(Path(os.environ["DAGSTER_HOME"]), error)), FAILED
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        remedy = f". {_REMEDIES[error.errno]}" if error.errno in _REMEDIES else ""
        return f"{place}{error.strerror or error}{remedy}", FAILED
    return None
