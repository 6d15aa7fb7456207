"""A forced sync from the call to its end: ask once, then look until the data moved, with patience.

Called by `provider`. A 200 proves nothing, a 409 and a timeout refute nothing: only `last_update`,
compared with what it was before, says whether data is new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.connections import read_connection
from pfo_dagster.openbanking.powens.states import user_action
from pfo_dagster.openbanking.records import Connection, ConnectionState, SyncOutcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from pfo_dagster.openbanking.powens.client import PowensClient
    from pfo_dagster.openbanking.powens.exchange import Timeouts

CLOCK_CHANGE: Final = timedelta(hours=1)
"""How far `last_update` may seem to go back on the night when an hour occurs twice."""
JUST_NOW: Final = timedelta(minutes=30)
"""Data of this age explains a refused sync: the connection was synced moments ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedSync:
    """Forces syncs through `client`; `clock` gives the time in UTC, `sleep` waits (seconds)."""

    client: PowensClient
    provider: str
    timeouts: Timeouts
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]

    async def run(self, before: Connection, about_to_ask: Callable[[], None]) -> SyncOutcome:
        """Sync the connection that was last seen as `before`.

        One that waits for its user is left alone: asking its bank could send that user a
        confirmation request. Raises `ProviderError` where Powens refused the call.
        """
        if before.state is ConnectionState.NEEDS_USER:
            return SyncOutcome(connection=before, moved=False, note=f"not asked: {_plight(before)}")
        answer = await self.client.sync(before.connection_id, about_to_ask)
        wait = self.timeouts.poll_every
        if answer is None:
            now, wait = await self._look(before, before)
        else:
            now = self._read(before, answer.content)
        waited = 0.0
        while True:
            outcome = self._settled(before, now, in_doubt=answer is None)
            if outcome is not None:
                return outcome
            if waited + wait > self.timeouts.poll_for:
                return _given_up(now, waited)
            await self.sleep(wait)
            waited += wait
            now, wait = await self._look(before, now)

    def _settled(
        self, before: Connection, now: Connection, *, in_doubt: bool
    ) -> SyncOutcome | None:
        """The outcome, once there is one; `in_doubt` says that the sync may never have started."""
        if has_moved(before.last_update, now.last_update):
            note = f"the bank was asked; its data is now of {_when(now.last_update)}"
            return SyncOutcome(connection=now, moved=True, note=note)
        if now.state not in {ConnectionState.OK, ConnectionState.SYNCING}:
            return SyncOutcome(connection=now, moved=False, note=_plight(now))
        if in_doubt and self._is_of_just_now(now):
            note = f"not asked again: it was synced at {_when(now.last_update)} already"
            return SyncOutcome(connection=now, moved=False, note=note)
        return None

    def _is_of_just_now(self, connection: Connection) -> bool:
        updated = connection.last_update
        return (
            connection.state is ConnectionState.OK
            and updated is not None
            and self.clock() - updated < JUST_NOW
        )

    async def _look(self, before: Connection, latest: Connection) -> tuple[Connection, float]:
        """The connection as it is now, and the seconds to wait before the next look.

        A look that fails for the moment is no news: `latest` stands.
        """
        every = self.timeouts.poll_every
        try:
            answer = await self.client.connection(before.connection_id)
        except ProviderError as error:
            if error.kind is ErrorKind.RATE_LIMITED:
                return latest, max(every, _seconds(error.retry_after))
            if error.kind is ErrorKind.RETRYABLE:
                return latest, every
            raise
        return self._read(before, answer.content), every

    def _read(self, before: Connection, content: object) -> Connection:
        now = read_connection(content, provider=self.provider, now=self.clock())
        return replace(now, institution=now.institution or before.institution)


def has_moved(before: datetime | None, after: datetime | None) -> bool:
    """Whether `last_update` advanced.

    In the hour that occurs twice, a later local time reads as an earlier instant; so a step back
    of up to an hour counts as one forward.
    """
    if after is None:
        return False
    return before is None or (after != before and after > before - CLOCK_CHANGE)


def _given_up(now: Connection, waited: float) -> SyncOutcome:
    note = (
        f"the bank was asked, but nothing moved within {waited:.0f} seconds; its data is of "
        f"{_when(now.last_update)}"
    )
    return SyncOutcome(connection=now, moved=False, note=note)


def _plight(connection: Connection) -> str:
    """Why a connection's data does not move, and what to do."""
    action = user_action(connection.state_detail)
    if action:
        return f"the account holder must {action} ({connection.state_detail})"
    if connection.state is ConnectionState.UNAVAILABLE:
        later = f"; the next try is at {_when(connection.next_try)}" if connection.next_try else ""
        return f"the bank is not available ({connection.state_detail}){later}"
    return f"the provider cannot serve the connection ({connection.state_detail}); ask its support"


def _seconds(wait: timedelta | None) -> float:
    return wait.total_seconds() if wait else 0.0


def _when(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "no known date"
