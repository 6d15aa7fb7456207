"""How each connection stands, and what somebody has to do about it. Pure; shown by `pfo powens`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.states import user_action
from pfo_dagster.openbanking.records import ConnectionState
from pfo_dagster.operations.banking.decisions import BUDGET_WINDOW, decide, is_fresh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pfo_dagster.openbanking.records import Connection
    from pfo_dagster.operations.banking.decisions import RefreshPolicy

CONSENT_WARNING_DAYS = 14
"""A consent that ends within so many days is worth renewing now (it lasts at most 180)."""
_ACTIONS: Final = {"read": "reads what is there", "force": "asks the bank"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """One connection as of now. What is not known is None."""

    connection: Connection
    is_fresh: bool
    consent_days_left: int | None
    """Whole days; negative once it has expired."""
    budget_left: int
    """Forced syncs that are left in the 24 hours up to now."""
    next_refresh: str
    """What the next refresh would do, and why."""
    to_do: str | None
    """What a person must do, as a sentence; None where nobody must do anything."""
    needs_account_holder: bool
    """Whether `to_do` is done in the webview, by the account holder."""


def connection_status(
    connection: Connection,
    *,
    attempts: Mapping[str, Sequence[datetime]],
    policy: RefreshPolicy,
    now: datetime,
) -> ConnectionStatus:
    """The status of a connection; `attempts` are all known forced syncs by connection."""
    made = [
        at for at in attempts.get(connection.connection_id, ()) if now - BUDGET_WINDOW <= at <= now
    ]
    decision = decide(connection, attempts=made, policy=policy, now=now)
    ends = connection.consent_expires
    days_left = None if ends is None else (ends - now).days
    to_do = _to_do(connection, days_left)
    return ConnectionStatus(
        connection=connection,
        is_fresh=is_fresh(connection, policy=policy, now=now),
        consent_days_left=days_left,
        budget_left=max(policy.forced_syncs_per_day - len(made), 0),
        next_refresh=f"{_ACTIONS[decision.action]}; {decision.reason}",
        to_do=to_do,
        needs_account_holder=to_do is not None and connection.state is not ConnectionState.FAILED,
    )


def _to_do(connection: Connection, consent_days_left: int | None) -> str | None:
    if connection.state is ConnectionState.NEEDS_USER:
        action = user_action(connection.state_detail) or "look at the connection in the webview"
        return f"The account holder must {action}."
    if connection.state is ConnectionState.FAILED:
        return "Ask the provider's support, naming the connection: nothing here can mend it."
    if consent_days_left is not None and consent_days_left < CONSENT_WARNING_DAYS:
        return "The account holder should renew the consent in the webview."
    return None
