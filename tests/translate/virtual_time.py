"""Event loops whose time passes at once, so that timeouts and slow operations take none of ours."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager


class VirtualTime:
    """Seconds since the loop began; waiting for a timer moves it there."""

    def __init__(self) -> None:
        self.now = 0.0


class _Selector(selectors.DefaultSelector):
    """Where a loop waits: until the next timer it does not, but moves the time there."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:  # type: ignore[override]
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self._time.now += timeout
        return ready


class VirtualEventLoop(asyncio.SelectorEventLoop):
    """An event loop on `VirtualTime`."""

    def __init__(self) -> None:
        self.virtual = VirtualTime()
        super().__init__(_Selector(self.virtual))

    def time(self) -> float:
        return self.virtual.now


class _Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return VirtualEventLoop()


@contextmanager
def virtual_event_loops() -> Iterator[None]:
    """Whatever calls `asyncio.run` inside runs on virtual time."""
    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(_Policy())
    try:
        yield
    finally:
        asyncio.set_event_loop_policy(before)
