"""Webhooks that a served sandbox sends by itself: of each sync, state and deletion that came to be.

Found by comparing what is with what was told, so it does not matter who caused it: a call, the
clock, a command, the page, or a run that reads the built-in sandbox of the same data folder.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.openbanking.sandbox.timeline import Timeline
from pfo_dagster.openbanking.sandbox.webhooks import (
    Answers,
    Webhook,
    connection_deleted,
    connection_synced,
    previous_sync,
    send,
    user_deleted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pydantic import SecretStr

    from pfo_dagster.openbanking.sandbox.controls import Notify
    from pfo_dagster.openbanking.sandbox.stage import Stage

LOOKS_EVERY: Final = 1.0
TRIES_AGAIN_AFTER: Final = 15.0
"""Seconds; what was not taken is sent again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is to tell of: who exists, and each connection's state and last update."""

    user_exists: bool
    connections: Mapping[int, tuple[str | None, datetime]]


class Announcer:
    """Tells the receiver that the controls name. What was before it was made is not told."""

    def __init__(self, stage: Stage, secret: SecretStr) -> None:
        self._stage = stage
        self._secret = secret
        self._told = self._look()

    async def tell(self) -> Answers | None:
        """Send what came to be since the last time; None where there is nothing, or no receiver.

        What is not taken is told again the next time. Raises `ConnectionError` where nobody
        answers.
        """
        seen = self._look()
        notify = self._stage.panel.read().notify
        news = self._news(seen, notify) if notify else []
        if notify is None or not news:
            self._told = seen
            return None
        at = self._stage.true_now()
        answers = await send(notify.to, news, secret=self._secret, at=at)
        if answers.are_good:
            self._told = seen
        return answers

    async def keep_telling(self) -> None:
        """Tell whatever comes to be, until cancelled."""
        while True:
            all_taken = await self._told_well()
            await asyncio.sleep(LOOKS_EVERY if all_taken else TRIES_AGAIN_AFTER)

    async def _told_well(self) -> bool:
        try:
            answers = await self.tell()
        except (ConnectionError, ProviderError, ValueError) as error:
            _log.warning("webhooks: %s", error)
            return False
        for status, count in answers.by_status.items() if answers else ():
            _log.info("webhooks: %s answered with %s", count, status)
        return answers is None or answers.are_good

    def _look(self) -> _Seen:
        world, now = self._stage.world, self._stage.clock()
        if not world.user_exists:
            return _Seen(user_exists=False, connections={})
        timelines = (
            Timeline(plan, self._stage.state.forced_syncs(plan.connection_id))
            for plan in world.connections
        )
        return _Seen(
            user_exists=True,
            connections={
                each.plan.connection_id: (each.plan.state_at(now), each.last_update(now))
                for each in timelines
            },
        )

    def _news(self, seen: _Seen, notify: Notify) -> list[Webhook]:
        before = self._told
        if before.user_exists and not seen.user_exists:
            return [user_deleted(self._stage.world.user_id)] * notify.copies
        gone = before.connections.keys() - seen.connections.keys()
        changed = [
            connection_id
            for connection_id, now in seen.connections.items()
            if before.connections.get(connection_id) != now
        ]
        news = [connection_deleted(connection_id) for connection_id in sorted(gone)]
        for connection_id in changed:
            news.append(connection_synced(self._stage, connection_id))
            if notify.late:
                news.append(previous_sync(self._stage, connection_id))
        return [webhook for webhook in news for _ in range(notify.copies)]
