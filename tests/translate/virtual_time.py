"""Time that passes at once: for the waits between attempts, and inside operations."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from tests.conftest import VirtualClock


class _Selector(selectors.DefaultSelector):
    """Where a loop waits: until the next timer it does not, but moves the time there."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.elapsed = 0.0
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.elapsed += timeout
            self._clock.now += timeout
        return ready


class _EventLoop(asyncio.SelectorEventLoop):
    """Counts from zero, so that the milliseconds of a test are not lost in rounding."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = _Selector(clock)
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.elapsed


class _Policy(asyncio.DefaultEventLoopPolicy):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return _EventLoop(self._clock)


@contextmanager
def virtual_event_loops(clock: VirtualClock) -> Iterator[None]:
    """Whatever calls `asyncio.run` inside runs on virtual time, which `clock` shows."""
    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(_Policy(clock))
    try:
        yield
    finally:
        asyncio.set_event_loop_policy(before)


@contextmanager
def virtual_time() -> Iterator[VirtualClock]:
    """The fixture `virtual_clock` and virtual event loops, for use outside pytest."""
    clock = VirtualClock()
    with patch("dagster._core.execution.plan.active.time", clock), virtual_event_loops(clock):
        yield clock
