"""Time at the built-in sandbox does not go back behind what a run of its data folder has read."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from pfo_dagster.openbanking import ErrorKind, ProviderError, open_sandbox
from pfo_dagster.openbanking.sandbox import ControlPanel, Controls, SandboxState
from tests.openbanking.support import NOON


@pytest.fixture
def panel() -> ControlPanel:
    return ControlPanel()


def read(folder: Path, panel: ControlPanel, *, ahead: timedelta) -> int:
    """How many connections a run sees with the sandbox's clock so far ahead."""
    panel.change(lambda _: Controls(clock_ahead=ahead))

    async def connections() -> int:
        path = folder / "sandbox.json"
        async with open_sandbox(
            seed=7, clock=lambda: NOON, state_path=path, panel=panel
        ) as provider:
            return len((await provider.connections()).connections)

    return asyncio.run(connections())


def test_a_run_refuses_a_clock_that_was_put_back_and_says_what_to_do(
    tmp_path: Path, panel: ControlPanel
) -> None:
    assert read(tmp_path, panel, ahead=timedelta(0)) == 3
    assert read(tmp_path, panel, ahead=timedelta(days=3)) == 3
    for ahead in (timedelta(0), timedelta(days=2, hours=23, minutes=58)):
        with pytest.raises(
            ProviderError, match=r"pfo sandbox clock 2026-03-21T12:00:00\+00:00"
        ) as e:
            read(tmp_path, panel, ahead=ahead)
        assert e.value.kind is ErrorKind.FATAL
    assert read(tmp_path, panel, ahead=timedelta(days=3)) == 3


def test_a_computers_clock_may_be_put_right(tmp_path: Path, panel: ControlPanel) -> None:
    assert read(tmp_path, panel, ahead=timedelta(seconds=50)) == 3
    assert read(tmp_path, panel, ahead=timedelta(0)) == 3
    assert SandboxState(tmp_path / "sandbox.json").read_until() == NOON + timedelta(seconds=50)


def test_forced_syncs_and_what_was_read_are_remembered_together(
    tmp_path: Path, panel: ControlPanel
) -> None:
    state = SandboxState(tmp_path / "sandbox.json")
    state.record(101, NOON)
    read(tmp_path, panel, ahead=timedelta(hours=1))
    state.record(102, NOON)
    assert (state.forced_syncs(101), state.forced_syncs(102)) == ([NOON], [NOON])
    assert state.read_until() == NOON + timedelta(hours=1)
