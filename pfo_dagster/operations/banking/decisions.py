"""When to ask the bank itself, and what a refresh of several connections amounts to.

Forced syncs are scarce: European law allows about four unattended accesses a day and account, and
Powens' fair-use policy forbids loops. So a sync is forced only for data that is stale, never while
the account holder is needed, and within a budget counted over all runs. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pfo_dagster.openbanking.errors import ErrorKind
from pfo_dagster.openbanking.records import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pfo_dagster.openbanking.records import Connection

BUDGET_WINDOW = timedelta(hours=24)

_PAUSE_OF_A_BANK = timedelta(hours=1)
"""How long an unavailable bank is left alone after it was asked: retries make it worse."""

ForceSync = Literal["auto", "never", "always"]
"""Whether banks are asked themselves: when their data is stale, not at all, or each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPolicy:
    """How fresh is fresh, and when and how often a sync of a connection may be forced.

    `always` leaves out only the question whether data is stale: a person's part, the state of the
    bank and the budget are respected all the same.
    """

    stale_after: timedelta = timedelta(hours=24)
    forced_syncs_per_day: int = 4
    """Most forced syncs of a connection within `BUDGET_WINDOW`."""
    force_sync: ForceSync = "auto"

    def asked_for(self, force: ForceSync | None) -> RefreshPolicy:
        """The policy of a run that asks for another `force_sync`; `never` cannot be overruled."""
        if force is None or self.force_sync == "never":
            return self
        return replace(self, force_sync=force)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do about one connection, and the sentence that explains it to a person."""

    connection_id: str
    action: Literal["read", "force"]
    reason: str


def decide(
    connection: Connection, *, attempts: Sequence[datetime], policy: RefreshPolicy, now: datetime
) -> Decision:
    """Whether to force a sync of `connection`.

    `attempts` are the forced syncs of this connection within `BUDGET_WINDOW` before `now`, those
    included whose outcome was never learnt.
    """
    reason = _reason_to_leave_alone(connection, attempts, policy, now)
    if reason is not None:
        return _read(connection, reason)
    why = "stale" if policy.force_sync == "auto" else "to be asked each time"
    if spent := spent_budget(attempts, policy):
        return _read(connection, f"{why}, but {spent}")
    seen = connection.last_update
    age = f"last updated {seen:%Y-%m-%d %H:%M} UTC" if seen else "never updated"
    return Decision(connection_id=connection.connection_id, action="force", reason=f"{why}: {age}")


def spent_budget(attempts: Sequence[datetime], policy: RefreshPolicy) -> str | None:
    """That the attempts within `BUDGET_WINDOW` are all that the budget has, in words; or None."""
    made, most = len(attempts), policy.forced_syncs_per_day
    if made < most:
        return None
    return f"{made} of {most} forced syncs of the last 24 hours are used up"


def _reason_to_leave_alone(
    connection: Connection, attempts: Sequence[datetime], policy: RefreshPolicy, now: datetime
) -> str | None:
    """Why the bank is not asked, whatever is left of the budget."""
    state = connection.state
    if state is ConnectionState.NEEDS_USER:
        return f"the account holder must act first ({connection.state_detail})"
    if state is ConnectionState.FAILED:
        return f"the provider cannot serve it ({connection.state_detail})"
    if not connection.active:
        return "the connection is switched off at the provider"
    if policy.force_sync != "always" and is_fresh(connection, policy=policy, now=now):
        return "fresh enough"
    if policy.force_sync == "never":
        return "stale, but forced syncs are switched off (force: never)"
    if state is ConnectionState.UNAVAILABLE:
        until = _when_an_unavailable_bank_may_be_asked(connection, attempts)
        if until and now < until:
            detail = connection.state_detail
            return f"the bank is unavailable ({detail}): not asked before {until:%F %H:%M} UTC"
    if state is ConnectionState.SYNCING:
        return "a sync is already under way"
    return None


def _when_an_unavailable_bank_may_be_asked(
    connection: Connection, attempts: Sequence[datetime]
) -> datetime | None:
    """Not before the provider's own next try, and not soon after our last; None: at any time.

    Once the provider's `next_try` has passed without a success, it helps nobody to go on waiting.
    """
    asked = [attempt + _PAUSE_OF_A_BANK for attempt in attempts]
    return max([*asked, *([connection.next_try] if connection.next_try else [])], default=None)


def is_fresh(connection: Connection, *, policy: RefreshPolicy, now: datetime) -> bool:
    """Whether the connection's data is young enough to be shown as today's."""
    return connection.last_update is not None and now - connection.last_update < policy.stale_after


def worst(kinds: Iterable[ErrorKind]) -> ErrorKind | None:
    """The kind that leaves the least hope, by which a refresh that got nowhere fails."""
    return max(kinds, key=_DESPAIR.index, default=None)


_DESPAIR = (
    ErrorKind.RETRYABLE,
    ErrorKind.RATE_LIMITED,
    ErrorKind.NEEDS_USER,
    ErrorKind.FATAL,
)


def _read(connection: Connection, reason: str) -> Decision:
    return Decision(connection_id=connection.connection_id, action="read", reason=reason)
