"""Fixtures that several test folders share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

LONG = ("crashes", "concurrency", "privacy", "cli")
"""Folders whose files take longest: begun late, one of them would keep a single core busy alone."""
IN_A_BROWSER = ("ui", "dashboard")
"""Folders whose tests leave an event loop running in their process, where others need their own."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, and end with the browser."""
    items.sort(key=lambda item: _turn(item.path.parent.name))


def _turn(folder: str) -> int:
    return 0 if folder in LONG else 2 if folder in IN_A_BROWSER else 1


class VirtualClock:
    """Stands in for the `time` module where Dagster waits between retries: time passes at once."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.waited: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """Let retries wait without anybody waiting."""
    clock = VirtualClock()
    # The one private place in Dagster that tests reach into: it offers no clock of its own.
    monkeypatch.setattr("dagster._core.execution.plan.active.time", clock)
    return clock


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own environment must not decide what the tests see."""
    for name in (
        "PFO_DATA_DIR", "PFO_SPECS_DIR", "DAGSTER_HOME", "POWENS_DOMAIN", "POWENS_BASE_URL",
        "POWENS_USER_TOKEN", "POWENS_WEBHOOK_SECRET", "PFO_ALERT_WEBHOOK_URL", "PFO_SCHEDULES_ON",
        "PFO_FORCE_SYNC", "PFO_HOME_CURRENCY", "PFO_RATES_URL", "PFO_FORCED_SYNCS_PER_DAY",
        "PFO_FORCED_SYNCS_AGREED", "PFO_POWENS_CONNECT_SECONDS", "PFO_POWENS_READ_SECONDS",
        "PFO_POWENS_ANSWER_SECONDS", "PFO_POWENS_SYNC_SECONDS", "PFO_POWENS_CALLS_PER_MINUTE",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def events(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
    """The run's events of one kind, in order."""
    return [event for event in result.all_events if event.event_type is kind]


def metadata_of(event: Any) -> dict[str, Any]:
    """The metadata of an event as plain values."""
    return {name: value.value for name, value in event.metadata.items()}
