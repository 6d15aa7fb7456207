"""What the schedules may cost in forced syncs, and whether that is allowed. Pure arithmetic.

The budget itself is kept when a refresh runs (`decisions`), whatever started it. This is the check
before: a configuration that may ask for more than is allowed is refused when it is loaded, so that
it does not turn out on the afternoon when the bank shuts us out. The worst case is schedule x
retries x connections, and the budget is each connection's own: their number is on both sides.
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
    def product(self) -> str:
        """The arithmetic, written out."""
        return f"{self.runs} runs x {self.executions} executions (retries included) = {self.syncs}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why a configuration is refused, and what to do about it."""

    problem: str
    remedy: str
    of_schedules: bool
    """Whether the schedules ask too much; else the limit itself is too high, whatever they do."""

    @property
    def text(self) -> str:
        """Both."""
        return f"{self.problem}\n{self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCase:
    """What the schedules may ask of each connection in any 24 hours, against what is allowed."""

    demands: Sequence[Demand]
    policy: RefreshPolicy
    agreed: int
    """What bank and provider allow."""

    @property
    def asked(self) -> int:
        """Forced syncs of a connection if each execution forced one, which `always` does."""
        return sum(demand.syncs for demand in self.demands)

    @property
    def most(self) -> int:
        """Forced syncs of a connection under the policy: an `auto` run over budget only reads."""
        if self.policy.force_sync == "never":
            return 0
        limit = self.policy.forced_syncs_per_day
        return self.asked if self.policy.force_sync == "always" else min(self.asked, limit)

    @property
    def text(self) -> str:
        """The whole sum, schedule x retries x connections, in lines."""
        limit = self.policy.forced_syncs_per_day
        sums = "\n".join(f"  {demand.workflow}: {demand.product}" for demand in self.demands)
        return (
            f"For each connection, in any 24 hours:\n{sums}\n"
            f"  together {self.asked} forced syncs at most, against a budget of {limit} "
            "(PFO_FORCED_SYNCS_PER_DAY)\n"
            f"For K connections: K x {self.asked} against K x {limit}, so that their number "
            "changes nothing."
        )

    @property
    def outcome(self) -> str:
        """What becomes of the sum under the policy."""
        mode = f"PFO_FORCE_SYNC={self.policy.force_sync}"
        if self.policy.force_sync == "never":
            return f"{mode}: no bank is asked."
        if self.policy.force_sync == "always":
            return f"{mode}: each execution asks, {self.most} times at most."
        return f"{mode}: asked for stale data alone, and {self.most} times at most."

    @property
    def objection(self) -> Objection | None:
        """Why this configuration is refused; None where it is within budget.

        Two things are refused: a limit above what was agreed; and `always` on a schedule that may
        use up the limit, where later runs could not do as they are told. With `auto` the limit
        itself is the worst case.
        """
        limit = self.policy.forced_syncs_per_day
        if self.policy.force_sync == "never":
            return None
        if limit > self.agreed:
            return Objection(
                problem=(
                    f"PFO_FORCED_SYNCS_PER_DAY={limit} is more than the {self.agreed} accesses a "
                    "day and account that are allowed without the account holder."
                ),
                remedy=(
                    f"Lower it, or say with PFO_FORCED_SYNCS_AGREED={limit} that your contract "
                    "with Powens allows as many."
                ),
                of_schedules=False,
            )
        if self.policy.force_sync == "always" and self.asked > limit:
            return Objection(
                problem=(
                    "PFO_FORCE_SYNC=always may ask the banks more often than is allowed. "
                    f"{self.text}"
                ),
                remedy=(
                    "Use PFO_FORCE_SYNC=auto, which asks only for stale data and within the "
                    "budget, or fewer runs or retries."
                ),
                of_schedules=True,
            )
        return None
