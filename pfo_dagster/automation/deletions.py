"""What Powens said was deleted, until a run has ended it: a run that fails is asked for again.

A sync that was missed is made good by the next one. But nobody tells of a deletion twice, and
without what the webhook said, a refused token or an empty listing is taken for none. Called by the
sensor of `webhooks`, whose cursor holds the `Ending`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK_AGAIN_AFTER: Final = timedelta(hours=1)
"""By when the retries of a step are over, and a provider's bad hour may be."""
MOST_RUNS: Final = 24
"""After a day of alerts, somebody has to look."""

_RUN_KEY: Final = "dagster/run_key"
_FAILED: Final = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


@dataclass(frozen=True, slots=True)
class Ending:
    """The run that is to end what was deleted."""

    run_key: str
    asked_at: datetime
    deleted_user: str | None = None
    runs: int = 1

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The ending that `as_json` wrote."""
        return cls(**{**content, "asked_at": datetime.fromisoformat(content["asked_at"])})

    def as_json(self) -> dict[str, Any]:
        """The ending as plain JSON."""
        return {**asdict(self), "asked_at": self.asked_at.isoformat()}

    def once_more(self, now: datetime) -> Ending:
        """The next run, under a key of its own: Dagster starts one key once and for all."""
        key = f"{self.run_key.partition(', run ')[0]}, run {self.runs + 1}"
        return replace(self, run_key=key, asked_at=now, runs=self.runs + 1)


def followed_up(ending: Ending, instance: dg.DagsterInstance, now: datetime) -> Ending | None:
    """What is left to do: the same while its run may succeed, another run if not, None if it did.

    None as well after `MOST_RUNS`, each of which was told of as an alert.
    """
    if now < ending.asked_at + ASK_AGAIN_AFTER:
        return ending
    runs = instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: ending.run_key}), limit=1)
    if runs and not runs[0].is_finished:
        return ending
    failed = bool(runs) and runs[0].status in _FAILED
    return ending.once_more(now) if failed and ending.runs < MOST_RUNS else None
