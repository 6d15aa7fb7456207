"""A calendar of days on which refreshes are killed, drawn from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.crashes.invariants import Watch, observations
from tests.crashes.refreshing import Ended, refresh_run, run_for
from tests.crashes.tracing import AVAILABLE

FIRST_DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
CALLS_AT_FIRST = 100
BY_TIME = 0.2
"""Share of the kills at a moment, untraced; the others are before a system call."""

DAY_ENDS = 0.3
"""How likely a killed refresh is followed by a whole one, and not by another that is killed."""


@dataclass
class Tally:
    """What was done and seen."""

    kills: int = 0
    days: int = 0
    too_late: int = 0
    """Runs that ended before they could be killed."""
    behind: int = 0
    """Kills after which readers saw less than was committed, until the next run."""
    where: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        where = "\n".join(f"  {count:4} before {call}" for call, count in self.where.most_common())
        return (
            f"{self.kills} kills on {self.days} days, nothing lost, doubled or shown by half.\n"
            f"After {self.behind} of them readers were behind until the next run; {self.too_late}"
            f" runs ended before they could be killed.\nKilled\n{where}"
        )


def kill_many(folder: Path, *, kills: int, seed: int, tell: Callable[[str], None]) -> Tally:
    """Kill refreshes in `folder` and look; raises `AssertionError` that says how to replay it."""
    killed, undisturbed = folder / "killed" / "data", folder / "undisturbed" / "data"
    watch = Watch(killed)
    tally = Tally()
    whole = Ended(0, 2.0, CALLS_AT_FIRST)
    for data_dir in (killed, undisturbed):
        data_dir.parent.mkdir(parents=True)
    number = 0
    while tally.kills < kills:
        now = FIRST_DAY + timedelta(days=tally.days)
        for _ in range(kills - tally.kills):
            number = tally.kills + tally.too_late + 1
            draw = random.Random(f"{seed}/{number}")  # noqa: S311 - spreads, protects nothing
            ended = _kill_one(killed, now, whole, draw)
            call = ended.last.replace(f"{killed}/", "")
            replay = f"try {number} of seed {seed}, day {tally.days}, before {call or 'a moment'}"
            try:
                before = len(watch.committed)
                watch.after_kill()
            except AssertionError as error:
                raise AssertionError(f"{replay}: {error}") from error
            if ended.exit_code is not None:
                tally.too_late += 1
                break
            tally.kills += 1
            tally.behind += watch.is_behind()
            tally.where[_kind(call)] += 1
            tell(f"{replay}: {len(watch.committed) - before} commits more, whole")
            if draw.random() < DAY_ENDS:
                break
        whole = _end_the_day(killed, now, watch, f"after try {number} of seed {seed}")
        assert run_for(undisturbed, now, None).exit_code == 0
        tally.days += 1
    assert observations(killed) == observations(undisturbed), (
        f"seed {seed}: the ledger is not what it is without kills"
    )
    return tally


def _kill_one(data_dir: Path, now: datetime, whole: Ended, draw: random.Random) -> Ended:
    """Start a refresh and kill it somewhere on the way that a whole one took."""
    if draw.random() < BY_TIME or not AVAILABLE:
        return run_for(data_dir, now, draw.random() * whole.seconds)
    return refresh_run(data_dir, now, deadly_call=draw.randint(1, max(whole.calls, 1)))


def _end_the_day(data_dir: Path, now: datetime, watch: Watch, replay: str) -> Ended:
    """Run the refresh to its end, which repairs whatever the killed ones left."""
    ended = refresh_run(data_dir, now) if AVAILABLE else run_for(data_dir, now, None)
    try:
        assert ended.exit_code == 0, f"the next run failed; see {data_dir.parent}/output.txt"
        watch.after_repair()
    except AssertionError as error:
        raise AssertionError(f"{replay}: {error}") from error
    return ended


def _kind(call: str) -> str:
    """The call without what differs each time: process ids, commit numbers and months."""
    name, _, path = call.partition(" ")
    file = Path(path).name
    if not name:
        return "a random moment"
    if ".parquet" in path and "duckdb" not in path:
        return f"{name} published/parquet"
    return f"{name} {'.'.join(part for part in file.split('.') if not part.isdecimal())}"
