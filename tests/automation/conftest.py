"""Fixtures of what runs by itself."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import dagster as dg
import pytest

from tests.automation.hooks import Automation
from tests.ledger.builders import balance, connection, record, refresh
from tests.workflows.household import Household


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Household:
    """One with a single bank, whose connection is 101."""
    home = Household(tmp_path_factory.mktemp("home") / "data")
    with home.ledger.writer() as writer:
        record(writer, refresh(), [balance()], connections=[connection(connection_id="101")])
    return home


@pytest.fixture
def automation(home: Household, tmp_path: Path) -> Generator[Automation]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield Automation(home, instance)
