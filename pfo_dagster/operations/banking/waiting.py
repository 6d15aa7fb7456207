"""Connections that wait for somebody, as entries beside the inbox's tasks; shown by `pfo inbox`.

An entry is what the ledger says of a connection now, and no record of its own: it is there when a
refresh finds the state, and gone when one finds the connection healthy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger import NotPublishedError
from pfo_dagster.openbanking.powens.states import user_action

if TYPE_CHECKING:
    from pfo_dagster.ledger import Ledger

_LINK_COMMAND: Final = "pfo powens status --link"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingConnection:
    """A connection whose data does not move until a person acts."""

    connection_id: str
    institution: str
    state: str
    """The provider's own word, such as `SCARequired`, or ours where it has none."""
    to_do: str
    """What to do, as a sentence."""
    link_command: str | None
    """What prints the link to where it is done; None where the account holder can do nothing. The
    link itself opens the user's data, so it is made on demand."""


def waiting_connections(ledger: Ledger) -> list[WaitingConnection]:
    """Those that wait as of the last refresh; none where nothing is published yet."""
    try:
        with ledger.reader() as reader:
            rows = reader.rows(
                "SELECT connection_id, institution, state, state_detail FROM connections"
                " WHERE needs_attention ORDER BY connection_id"
            )
    except NotPublishedError:
        return []
    return [
        WaitingConnection(
            connection_id=row["connection_id"],
            institution=row["institution"] or "unknown bank",
            state=row["state_detail"] or row["state"],
            to_do=_to_do(row["state_detail"]),
            link_command=_LINK_COMMAND if user_action(row["state_detail"]) else None,
        )
        for row in rows
    ]


def _to_do(state_detail: str | None) -> str:
    action = user_action(state_detail)
    if action is None:
        return "Ask the provider's support, naming the connection."
    return f"The account holder must {action}; `{_LINK_COMMAND}` shows where."
