"""What the schedules may cost in forced syncs, and whether that is allowed. Pure arithmetic.

The budget itself is kept when a refresh runs (`decisions`), whatever started it. This is the check
before: a configuration that may ask for more than is allowed is refused when it is loaded, so that
it does not turn out on the afternoon when the bank shuts us out. All figures are per connection,
since the budget is: how many connections there are changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.operations.banking.decisions import BUDGET_WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pfo_dagster.operations.banking.decisions import RefreshPolicy

FORCING_OPERATION: Final = "openbanking.balances.refresh"
"""The one operation that forces syncs: at most one per connection each time it is executed."""
MANY: Final = 100
"""Counting stops here: no budget is that large, and a schedule may tick every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one scheduled workflow may ask of a connection."""

    workflow: str
    runs: int
    """Most scheduled runs within any 24 hours."""
    executions: int
    """Most executions per run of the steps that force syncs, retries included."""

    @property
    def syncs(self) -> int:
        """Most forced syncs of a connection within any 24 hours."""
        return self.runs * self.executions

    @property
    def text(self) -> str:
        """The product, written out."""
        return (
            f"{self.workflow}: {self.runs} runs x {self.executions} executions (retries included)"
            f" = {self.syncs}"
        )


def most_within_a_day(instants: Iterable[datetime]) -> int:
    """The most of the instants (aware, in order) that any 24 hours hold; at most `MANY`.

    Hours that pass, not hours on the clock: on the day that has 23 of them, three runs a day are
    four within 24 hours.
    """
    recent: deque[datetime] = deque()
    most = 0
    for instant in instants:
        recent.append(instant)
        while instant - recent[0] >= BUDGET_WINDOW:
            recent.popleft()
        most = max(most, len(recent))
        if most >= MANY:
            break
    return most


def objection(demands: Sequence[Demand], policy: RefreshPolicy, *, agreed: int) -> str | None:
    """Why this configuration is refused, with its arithmetic; None where it is within budget.

    `agreed` is what bank and provider allow. Two things are refused: a limit above that; and
    `always` on a schedule that may use up the limit, where later runs could not do as they are
    told. With `auto` the limit itself is the worst case: a run that is over it reads.
    """
    limit = policy.forced_syncs_per_day
    if policy.force_sync == "never":
        return None
    if limit > agreed:
        return (
            f"PFO_FORCED_SYNCS_PER_DAY={limit} is more than the {agreed} accesses a day and "
            "account that are allowed without the account holder. Lower it, or say with "
            f"PFO_FORCED_SYNCS_AGREED={limit} that your contract with Powens allows as many."
        )
    asked = sum(demand.syncs for demand in demands)
    if policy.force_sync == "always" and asked > limit:
        sums = "\n".join(f"  {demand.text}" for demand in demands)
        return (
            "PFO_FORCE_SYNC=always asks the banks more often than PFO_FORCED_SYNCS_PER_DAY="
            f"{limit} allows. Most forced syncs of each connection in any 24 hours:\n{sums}\n"
            f"  together {asked}, allowed {limit}\n"
            "Use PFO_FORCE_SYNC=auto, which asks only for stale data, or fewer runs or retries."
        )
    return None
