"""What a timetable may cost, and which configurations are refused for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.operations.banking.budget import MANY, Demand, WorstCase, most_within_a_day
from pfo_dagster.operations.banking.decisions import ForceSync, RefreshPolicy

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
THRICE = Demand(workflow="refresh", runs=3, executions=4)
ONCE = Demand(workflow="sync", runs=1, executions=1)


@given(st.lists(st.integers(0, 100), max_size=40).map(sorted))
def test_the_fullest_day_is_that_of_a_plain_count(hours: list[int]) -> None:
    instants = [NOON + timedelta(hours=hour) for hour in hours]
    counts = [sum(0 <= hour - first < 24 for hour in hours) for first in hours]
    assert most_within_a_day(instants) == max(counts, default=0)


def test_counting_ends() -> None:
    assert most_within_a_day(NOON + timedelta(seconds=n) for n in range(10**9)) == MANY


@pytest.mark.parametrize(
    ("force_sync", "limit", "agreed", "demands", "refused"),
    [
        ("auto", 4, 4, [THRICE], False),
        ("auto", 5, 4, [], True),
        ("auto", 5, 5, [THRICE], False),
        ("always", 4, 4, [THRICE], True),
        ("always", 12, 12, [THRICE], False),
        ("always", 12, 12, [THRICE, ONCE], True),
        ("always", 1, 4, [ONCE], False),
        ("always", 5, 4, [ONCE], True),
        ("never", 99, 4, [THRICE], False),
    ],
)
def test_what_may_exceed_the_budget_is_refused(
    force_sync: ForceSync, limit: int, agreed: int, demands: list[Demand], refused: bool
) -> None:
    policy = RefreshPolicy(forced_syncs_per_day=limit, force_sync=force_sync)
    worst = WorstCase(demands=demands, policy=policy, agreed=agreed)
    assert (worst.objection is not None) is refused


@given(st.integers(0, 9), st.sampled_from(["auto", "never", "always"]), st.integers(0, 9))
def test_what_loads_asks_for_no_more_than_the_budget(
    limit: int, force_sync: ForceSync, runs: int
) -> None:
    policy = RefreshPolicy(forced_syncs_per_day=limit, force_sync=force_sync)
    demand = Demand(workflow="refresh", runs=runs, executions=2)
    worst = WorstCase(demands=[demand], policy=policy, agreed=9)
    assert worst.objection or worst.most <= limit


def test_the_refusal_shows_its_arithmetic() -> None:
    policy = RefreshPolicy(forced_syncs_per_day=4, force_sync="always")
    objection = WorstCase(demands=[THRICE, ONCE], policy=policy, agreed=4).objection
    assert objection
    first, *lines, last = objection.text.splitlines()
    assert first.startswith("PFO_FORCE_SYNC=always may ask the banks more often than is allowed.")
    assert first.endswith("For each connection, in any 24 hours:")
    assert lines == [
        "  refresh: 3 runs x 4 executions (retries included) = 12",
        "  sync: 1 runs x 1 executions (retries included) = 1",
        "  together 13 forced syncs at most, against a budget of 4 (PFO_FORCED_SYNCS_PER_DAY)",
        "For K connections: K x 13 against K x 4, so that their number changes nothing.",
    ]
    assert last.startswith("Use PFO_FORCE_SYNC=auto")
