"""Connections that wait for somebody, as entries beside the inbox's tasks; shown by `pfo inbox`.

An entry is what the ledger says of a connection now, and no record of its own: it is there when a
refresh finds the state, and gone when one finds the connection healthy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.ledger import NotPublishedError
from pfo_dagster.openbanking.powens.states import user_action

if TYPE_CHECKING:
    from pfo_dagster.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingConnection:
    """A connection whose data does not move until a person acts."""

    connection_id: str
    institution: str
    to_do: str
    """What to do, as a sentence. It holds no link: that opens the user's data, so it is made on
    demand."""


def waiting_connections(ledger: Ledger) -> list[WaitingConnection]:
    """Those that wait as of the last refresh; none where nothing is published yet."""
    try:
        with ledger.reader() as reader:
            rows = reader.rows(
                "SELECT connection_id, institution, state_detail FROM connections"
                " WHERE needs_attention ORDER BY connection_id"
            )
    except NotPublishedError:
        return []
    return [
        WaitingConnection(
            connection_id=row["connection_id"],
            institution=row["institution"] or "unknown bank",
            to_do=_to_do(row["state_detail"]),
        )
        for row in rows
    ]


def _to_do(state_detail: str | None) -> str:
    action = user_action(state_detail)
    if action is None:
        return "Ask the provider's support, naming the connection."
    return f"The account holder must {action}; `pfo powens status --link` shows where."
