"""The partitioned asset of computed balances: real backfill runs over the sandbox."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from pfo_dagster.automation.backfill import computed_balances_asset
from pfo_dagster.operations.banking.access import BankAccess
from pfo_dagster.resources import resources
from tests.workflows.household import BALANCES, Household

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = "2026-11-01", "2026-11-25"
TODAY = "2026-11-20"
NOT_COMPUTED_FOR = "('market', 'pea', 'lifeinsurance', 'loan', 'mortgage')"


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path / "data")


def backfill(home: Household, first: str = FIRST, last: str = LAST) -> dg.ExecuteInProcessResult:
    """One run over a range of days, as Dagster launches it for a single-run backfill."""
    asset = computed_balances_asset()
    project = home.project()
    handed = resources(project.settings, project.app)
    access = handed["open_banking"]
    assert isinstance(access, BankAccess)
    handed["open_banking"] = dataclasses.replace(
        access, open_provider=home.open_provider, clock=home.clock
    )
    handed["ledger"] = home.ledger
    job = dg.Definitions(
        assets=[asset], jobs=[dg.define_asset_job("backfill", [asset])], resources=handed
    ).resolve_job_def("backfill")
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags={
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last,
            },
        )


def test_a_range_of_days_is_filled_in_one_run_up_to_the_day_before_the_first_observation(
    home: Household,
) -> None:
    home.run(BALANCES)
    observed = home.published("FROM balances ORDER BY ALL")
    result = backfill(home)

    assert result.success
    (span,) = home.published(
        "SELECT min(day)::VARCHAR AS first, max(day) AS last FROM computed_balances"
    )
    assert span["first"] == FIRST
    late = """
        SELECT * FROM computed_balances
        JOIN (SELECT account_id, min(day) AS seen FROM balances GROUP BY ALL) USING (account_id)
        WHERE computed_balances.day >= seen
    """
    assert home.published(late) == []
    assert home.published("FROM balances ORDER BY ALL") == observed


def test_a_second_run_adds_nothing(home: Household) -> None:
    home.run(BALANCES)
    backfill(home)
    before = home.published("FROM computed_balances ORDER BY ALL")
    backfill(home)

    assert home.published("FROM computed_balances ORDER BY ALL") == before
    syncs = home.published("FROM syncs WHERE kind = 'computed balances' ORDER BY commit_number")
    assert [bool(sync["changed_records"]) for sync in syncs] == [True, False]


def test_computed_days_are_seen_only_by_those_who_ask(home: Household) -> None:
    home.run(BALANCES)
    plain = home.published("FROM daily_balances ORDER BY ALL")
    position = home.published("FROM daily_cash_position ORDER BY ALL")
    backfill(home)

    assert home.published("FROM daily_balances ORDER BY ALL") == plain
    assert home.published("FROM daily_cash_position ORDER BY ALL") == position
    both = home.published(
        "SELECT basis, count(*) AS n FROM daily_balances_with_computed GROUP BY ALL ORDER BY ALL"
    )
    assert [row["basis"] for row in both] == ["computed", "observed"]
    assert both[1]["n"] == len(plain)
    twice = (
        "SELECT account_id, day FROM daily_balances_with_computed GROUP BY ALL HAVING count(*) > 1"
    )
    assert home.published(twice) == []


def test_investments_and_debts_are_not_computed(home: Household) -> None:
    home.run(BALANCES)
    backfill(home)
    joined = "computed_balances JOIN accounts USING (account_id)"

    assert home.published(f"FROM {joined} WHERE account_type IN {NOT_COMPUTED_FOR}") == []
    assert home.published(f"FROM {joined} WHERE account_type = 'checking'")


def test_before_any_refresh_there_is_nothing_to_go_back_from(home: Household) -> None:
    result = backfill(home)

    assert result.success
    assert home.published("FROM computed_balances") == []
