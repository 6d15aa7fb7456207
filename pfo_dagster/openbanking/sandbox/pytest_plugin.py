"""The pytest fixture `powens_sandbox`: made-up banks on a socket, for tests of any project.

Take it with `pytest_plugins = ["pfo_dagster.openbanking.sandbox.pytest_plugin"]` in a conftest.
Nothing heavy is imported before a test asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from pfo_dagster.openbanking.sandbox import Stage

START = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
"""The time at which each test begins, unless it moves the clock."""


@dataclass(frozen=True, slots=True)
class PowensSandbox:
    """A sandbox that is being served. Its clock stands still unless it is moved."""

    base_url: str
    """What a client takes for Powens' address; ends in `/2.0`."""
    token: str
    stage: Stage

    def scenario(self, name: str) -> None:
        """Choose a scenario; it begins now. Raises `ValueError` for a name there is not."""
        from pfo_dagster.openbanking.sandbox import scenario_set  # noqa: PLC0415 - see the module

        self.stage.panel.change(lambda controls: scenario_set(controls, name, START))

    def clock(self, to: str) -> None:
        """Move the clock: `+3d`, `2026-10-25T02:30` (in Paris), `reset`. Raises `ValueError`."""
        from pfo_dagster.openbanking.sandbox.controls import (  # noqa: PLC0415 - see the module
            clock_moved,
        )

        self.stage.panel.change(lambda controls: clock_moved(controls, to, START))

    def break_calls(
        self, breakage: str, *, path: str = "*", method: str = "*", times: int | None = 1
    ) -> None:
        """Let calls go wrong, `times` times (None: always). Raises `ValueError` for no breakage."""
        from pfo_dagster.openbanking.sandbox import Rule, faults  # noqa: PLC0415 - see the module

        faults.breakage(breakage)
        rule = Rule(breakage=breakage, path=path, method=method, times=times)
        self.stage.panel.change(
            lambda controls: controls.model_copy(update={"rules": (*controls.rules, rule)})
        )

    def limit(self, calls_per_minute: int | None) -> None:
        """Refuse what is beyond so many calls in all: the clock of the quota stands still."""
        self.stage.panel.change(
            lambda controls: controls.model_copy(update={"calls_per_minute": calls_per_minute})
        )

    @property
    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return self.stage.clock()

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.stage.panel.change(
            lambda controls: controls.model_copy(update={"clock_ahead": controls.clock_ahead + by})
        )


@pytest.fixture
def powens_sandbox() -> Generator[PowensSandbox]:
    """A fresh sandbox on a free port of this computer, at `START`, with its household of banks."""
    from pfo_dagster.openbanking.sandbox import (  # noqa: PLC0415 - see the module
        SANDBOX_TOKEN,
        ControlPanel,
        SandboxState,
        Stage,
    )
    from pfo_dagster.openbanking.sandbox.server import running  # noqa: PLC0415 - see the module

    stage = Stage(seed=2026, panel=ControlPanel(), state=SandboxState(), true_clock=lambda: START)
    with running(stage) as base_url:
        yield PowensSandbox(base_url, SANDBOX_TOKEN, stage)
