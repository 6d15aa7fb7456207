"""Bad days and good ones by name: what `pfo sandbox scenario` sets, and tests take a world from.

A scenario begins at an instant, the *turn*: before it all is as in `household`, and what it is
about happens then. So one refreshes, sets a scenario, refreshes again, and sees the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox.controls import Controls, Rule
from pfo_dagster.openbanking.sandbox.made_worlds import (
    every_state,
    late,
    many_banks,
    pending,
    quiet_day,
    renumbered,
    stops_with,
    synced_at_night,
    usual,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pfo_dagster.openbanking.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A world made from a seed and the turn. `starts` is where the clock is moved to, if it is."""

    summary: str
    world: Callable[[int, datetime], World]
    starts: Callable[[datetime], datetime] | None = None
    rules: tuple[Rule, ...] = ()
    calls_per_minute: int | None = None


def _next_payday(turn: datetime) -> datetime:
    """The morning after the next 28th, when the banks were synced."""
    here = turn.astimezone(PARIS)
    this_month = datetime(here.year, here.month, 28, tzinfo=PARIS) + timedelta(days=1, hours=9)
    if here < this_month:
        return this_month.astimezone(UTC)
    return _next_payday((here.replace(day=1) + timedelta(days=32)).replace(day=1))


def _doubled_hour(turn: datetime) -> datetime:
    """The next time at which clocks in Paris are put back: a minute before the first 02:30."""
    here = turn.astimezone(PARIS)
    for year in (here.year, here.year + 1):
        last_day = datetime(year, 10, 31, 2, 29, tzinfo=PARIS)
        night = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
        if night > here:
            return night.astimezone(UTC)
    raise AssertionError("next year's is always later")


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "household": Scenario(
        summary="Three banks: one works, one is late, one waits for its user.", world=usual
    ),
    "quiet-day": Scenario(summary="All banks work, and nothing happens.", world=quiet_day),
    "payday": Scenario(
        summary="The morning after the next 28th: wages have come in.",
        world=usual,
        starts=_next_payday,
    ),
    "sca-expiry": Scenario(
        summary="The consent of the bank that worked has run out (SCARequired).",
        world=stops_with("SCARequired"),
    ),
    "wrong-password": Scenario(
        summary="The bank that worked refuses the password (wrongpass).",
        world=stops_with("wrongpass"),
    ),
    "rate-limits": Scenario(
        summary="A bank says rateLimiting, and the API 429: twice, and beyond 30 calls a minute.",
        world=stops_with("rateLimiting"),
        rules=(Rule(breakage="rate-limit", times=2),),
        calls_per_minute=30,
    ),
    "bank-down": Scenario(
        summary="The bank that worked is not available (websiteUnavailable).",
        world=stops_with("websiteUnavailable"),
    ),
    "paris-dst-night": Scenario(
        summary="The night in which 02:30 comes twice in Paris, and a bank is synced at 02:30.",
        world=synced_at_night,
        starts=_doubled_hour,
    ),
    "renumbered-accounts": Scenario(
        summary="One bank's accounts were deleted and are back under new ids.", world=renumbered
    ),
    "late-last-update": Scenario(
        summary="A forced sync is answered at once; last_update moves three minutes later.",
        world=late,
    ),
    "stuck-but-healthy": Scenario(
        summary="A bank shows no trouble and no next try, and its data moves no more.",
        world=stops_with(None),
    ),
    "pending-to-booked": Scenario(
        summary="There are always card payments that are coming, and booked three days later.",
        world=pending,
    ),
    "every-state": Scenario(
        summary="A connection in each state that Powens names, and one in a state it does not.",
        world=every_state,
    ),
    "fifty-banks": Scenario(
        summary="50 connections with 4 accounts each.", world=many_banks(50, 200)
    ),
    "ten-thousand-accounts": Scenario(
        summary="50 connections with 200 accounts each.", world=many_banks(50, 10_000)
    ),
}
"""By name, in the order in which they are listed."""


def scenario_set(controls: Controls, name: str, true_now: datetime) -> Controls:
    """The controls with a scenario that begins now. Raises `ValueError` for a name there is not."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"There is no scenario {name!r}. Choose one of: {', '.join(SCENARIOS)}.")
    turn = (true_now + controls.clock_ahead).replace(microsecond=0)
    starts = scenario.starts(turn) if scenario.starts else None
    return controls.model_copy(
        update={
            "scenario": name,
            "turn": turn,
            "rules": scenario.rules,
            "calls_per_minute": scenario.calls_per_minute,
            "clock_ahead": starts - true_now if starts else controls.clock_ahead,
            "states": (),
            "deleted_connections": (),
            "user_deleted": False,
        }
    )
