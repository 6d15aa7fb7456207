from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pfo_dagster.ledger import Ledger
from tests.ledger.builders import NOON

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger whose clock stands at noon."""
    return Ledger(tmp_path / "data", clock=lambda: NOON)
