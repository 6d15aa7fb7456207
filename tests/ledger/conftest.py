from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.builders import empty_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from pfo_dagster.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger whose clock stands at noon."""
    return empty_ledger(tmp_path / "data")
