"""Keeping to a number of calls a minute: who comes too early waits. Called by `client`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.addresses import is_sandbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from datetime import datetime
    from pathlib import Path

WINDOW: Final = 61.0
"""Seconds: a minute and one more, since calls that leave evenly may arrive in a bunch."""
CALLS_PER_MINUTE_IN_SANDBOXES: Final = 30
"""What Powens says its sandboxes take; what production takes is not published."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How often to call. `calls_file` is where processes that share the quota count together."""

    per_minute: int | None = None
    """None: no limit."""
    calls_file: Path | None = None

    def at(self, base_url: str) -> Quota:
        """The same, with the limit that an address is known to have, where none is set."""
        if self.per_minute is None and is_sandbox(base_url):
            return replace(self, per_minute=CALLS_PER_MINUTE_IN_SANDBOXES)
        return self


class Pace:
    """Lets at most `quota.per_minute` calls begin within any minute (None: no limit).

    `clock` gives the time in UTC, `sleep` waits (seconds).
    """

    def __init__(
        self,
        quota: Quota,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._quota = quota
        self._clock = clock
        self._sleep = sleep
        self._begun: list[float] = []
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Return when the next call may begin; who asks first is served first.

        Raises `ProviderError` where the calls cannot be counted.
        """
        if self._quota.per_minute is None:
            return
        async with self._queue:
            while (wait := self._begin_or_wait(self._quota.per_minute)) > 0:
                await self._sleep(wait)

    def _begin_or_wait(self, per_minute: int) -> float:
        """Count a call as begun; or the seconds to wait before it may."""
        with self._calls() as begun:
            now = self._clock().timestamp()
            # One that begins later than now was made before the clock was put back.
            begun[:] = [at for at in begun if now - WINDOW < at <= now]
            if len(begun) >= per_minute:
                return begun[-per_minute] + WINDOW - now
            begun.append(now)
            return 0.0

    @contextlib.contextmanager
    def _calls(self) -> Generator[list[float]]:
        """The beginnings of the last calls (Unix time, oldest first), to be changed in place."""
        path = self._quota.calls_file
        if path is None:
            yield self._begun
            return
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            with path.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                begun = _instants(file.read())
                yield begun
                file.seek(0)
                file.truncate()
                json.dump(begun, file)
        except OSError as error:
            raise ProviderError(
                f"The calls to Powens cannot be counted in {path} ({error.strerror}). Make its "
                "folder writable, or choose another one with PFO_DATA_DIR.",
                kind=ErrorKind.FATAL,
            ) from error


def _instants(text: str) -> list[float]:
    """The instants in a file; none where a process was killed while it wrote them."""
    try:
        found = json.loads(text)
        return [float(at) for at in found]
    except (ValueError, TypeError):
        return []
