"""What a webhook tells, reduced to a signal: which connection, in which state, as of when. Pure.

The body repeats accounts and transactions; none of that is taken. What is true is read by REST
afterwards, so a webhook that lies, is late or comes twice can do no more than cause a reading.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pfo_dagster.openbanking.errors import ProviderError
from pfo_dagster.openbanking.powens.connections import read_connection
from pfo_dagster.openbanking.powens.fields import PARIS, read_id
from pfo_dagster.openbanking.powens.json_text import as_object, decode

if TYPE_CHECKING:
    from collections.abc import Mapping


class EventKind(StrEnum):
    """The events that matter here. The path that one is sent to names it; its body does not."""

    CONNECTION_SYNCED = "connection-synced"
    """A sync ended, well or badly."""
    CONNECTION_DELETED = "connection-deleted"
    USER_DELETED = "user-deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEvent:
    """One signal. `subject` is the id of the connection, or of the deleted user."""

    kind: EventKind
    subject: str
    state: str | None = None
    """Powens' word; None after a sync that went well."""
    last_update: datetime | None = None
    """UTC; of the connection."""
    user_id: str | None = None
    """Whose it is, until that was compared with who we are: webhooks cover the whole domain. None
    where it was, and where the event does not say: nothing of a deleted connection does."""

    def may_be_of(self, user_id: str) -> bool:
        """Whether nothing says that it is another user's."""
        return self.user_id in {None, user_id}

    def compared(self) -> BankEvent:
        """The event once it is known to be ours."""
        return replace(self, user_id=None)

    @property
    def key(self) -> str:
        """The same for the same event, however often it is sent."""
        when = self.last_update.isoformat() if self.last_update else "-"
        return f"{self.kind} {self.subject} {when} {self.state or 'ok'}"

    @property
    def last_update_at_most(self) -> datetime | None:
        """The latest instant that `last_update` may mean.

        Powens gives Paris time without offset, so that of the hour which occurs twice when clocks
        go back, nobody can say which one it is; `last_update` is the first.
        """
        at = self.last_update
        if at is None:
            return None
        local = at.astimezone(PARIS)
        again = local.replace(fold=1)
        return again.astimezone(UTC) if again.utcoffset() != local.utcoffset() else at

    def as_json(self) -> dict[str, str | None]:
        """The event as plain JSON."""
        at = self.last_update
        return {**asdict(self), "kind": self.kind.value, "last_update": at and at.isoformat()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> BankEvent:
        """The event that `as_json` wrote."""
        at = content["last_update"]
        return cls(
            kind=EventKind(content["kind"]),
            subject=content["subject"],
            state=content["state"],
            last_update=datetime.fromisoformat(at) if at else None,
            user_id=content.get("user_id"),
        )


def read_event(kind: EventKind, body: bytes) -> BankEvent:
    """The event in a body, whoever's it is.

    Raises `ValueError`, which quotes nothing of the body, where that is not what Powens sends.
    """
    content = as_object(decode(body))
    if content is None:
        raise ValueError("expected a JSON object")
    if kind is EventKind.CONNECTION_DELETED:
        return BankEvent(kind=kind, subject=read_id(content.get("id")))
    if kind is EventKind.USER_DELETED:
        deleted = read_id(content.get("id"))
        return BankEvent(kind=kind, subject=deleted, user_id=deleted)
    try:
        connection = read_connection(content.get("connection"), provider="webhook")
    except ProviderError:
        raise ValueError("expected a connection with an id") from None
    user = as_object(content.get("user")) or {}
    return BankEvent(
        kind=kind,
        subject=connection.connection_id,
        state=connection.state_detail,
        last_update=connection.last_update,
        user_id=read_id(user.get("id", connection.user_id)),
    )
