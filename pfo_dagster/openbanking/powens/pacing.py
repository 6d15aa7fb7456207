"""Keeping to a number of calls a minute: who comes too early waits. Called by `client`."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

WINDOW: Final = timedelta(seconds=61)
"""A minute, and a second more: calls that leave here evenly may arrive there in a bunch."""


class Pace:
    """At most `per_minute` calls begin within any minute; None for no limit.

    Counted are the calls of this object alone: another process knows nothing of them, and gets a
    429 where both together are too many. `clock` gives the time in UTC, `sleep` waits (seconds).
    """

    def __init__(
        self,
        per_minute: int | None,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._begun: deque[datetime] = deque()
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Return when the next call may begin; who asks first is served first."""
        if self._per_minute is None:
            return
        async with self._queue:
            while (wait := self._to_wait(self._per_minute)) > timedelta(0):
                await self._sleep(wait.total_seconds())
            self._begun.append(self._clock())

    def _to_wait(self, per_minute: int) -> timedelta:
        now = self._clock()
        # One that begins later than now was made before the clock was put back.
        while self._begun and not now - WINDOW < self._begun[0] <= now:
            self._begun.popleft()
        if len(self._begun) < per_minute:
            return timedelta(0)
        return self._begun[0] + WINDOW - now
