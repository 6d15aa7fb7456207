"""Which events of Powens are news: not repeated, and not overtaken by a later one. Pure.

The sensor of `webhooks` asks it about each event, oldest first; the progress is its cursor.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.automation.deletions import Ending
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind

if TYPE_CHECKING:
    from datetime import datetime

_CLOCKS_DIFFER: Final = timedelta(days=1)


@dataclass
class Progress:
    """What the sensor has acted on: the last entry, and what was last said of each connection."""

    after: int = 0
    synced: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By connection id: `last_update` (ISO, UTC; empty if unknown) and state, or `deleted`."""
    ending: Ending | None = None
    """The run that is to end what was deleted, until it has."""

    @classmethod
    def read(cls, cursor: str | None) -> Progress:
        """The progress that `text` wrote."""
        content = json.loads(cursor) if cursor else {"after": 0, "synced": {}}
        ending = content.get("ending")
        return cls(
            content["after"],
            {key: (at, of) for key, (at, of) in content["synced"].items()},
            Ending.from_json(ending) if ending else None,
        )

    @property
    def text(self) -> str:
        """The progress as a sensor's cursor."""
        ending = {"ending": self.ending.as_json()} if self.ending else {}
        return json.dumps({"after": self.after, "synced": self.synced, **ending}, sort_keys=True)

    @property
    def deleted_connections(self) -> list[str]:
        """The ids of the connections that were last said to be deleted."""
        said = ((subject, state) for subject, (_, state) in self.synced.items())
        return sorted(
            subject for subject, state in said if state == "deleted" and subject.isdecimal()
        )

    def take(self, event: BankEvent, now: datetime) -> bool:
        """Whether the event is news: of a later sync than those seen, or of another state.

        One without `last_update` is of a connection that was never synced, or counts as of now. One
        that is of the future by `now` makes none after it late: it may be wrong, and for years.
        """
        # A user may have the number of a connection.
        is_user = event.kind is EventKind.USER_DELETED
        subject = f"user {event.subject}" if is_user else event.subject
        known = self.synced.get(subject, ("", ""))
        at = event.last_update.isoformat() if event.last_update else known[0]
        most = event.last_update_at_most
        is_sync = event.kind is EventKind.CONNECTION_SYNCED
        said = (at, (event.state or "ok") if is_sync else "deleted")
        believed = known[0] <= (now + _CLOCKS_DIFFER).isoformat()
        is_late = believed and most is not None and most.isoformat() < known[0]
        if is_late or said == known:
            return False
        self.synced[subject] = said
        return True
