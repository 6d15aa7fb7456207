"""The main workflow on the whole project: what a household sees after each refresh."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import dagster as dg
import pytest

from pfo_dagster.ledger import TRUST_CHECKS
from pfo_dagster.openbanking.sandbox import (
    AccountPlan,
    ConnectionPlan,
    Fault,
    Faults,
    World,
    household,
)
from tests.conftest import VirtualClock, events
from tests.workflows.household import BALANCES, Household

VIEWS = ("balances", "latest_balances", "daily_cash_position", "accounts", "connections")


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path / "data")


def views(home: Household) -> dict[str, list[dict[str, Any]]]:
    return {name: home.published(f"FROM {name} ORDER BY ALL") for name in VIEWS}


def output_of(result: dg.ExecuteInProcessResult, step: str, output: str) -> dict[str, Any]:
    node = "refresh_openbanking_balances"
    return result.output_for_node(f"{node}.{step}", output)["data"]


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    failure = events(result, dg.DagsterEventType.STEP_FAILURE)[-1]
    user_failure = failure.step_failure_data.user_failure_data
    assert user_failure is not None
    return user_failure.description or ""


def test_a_refresh_is_seen_by_analysts(home: Household) -> None:
    result = home.run(BALANCES)

    assert result.success
    assert {event.asset_key.to_user_string() for event in
            events(result, dg.DagsterEventType.ASSET_MATERIALIZATION) if event.asset_key} == {
        "ledger/balances", "published/latest_balances", "published/daily_cash_position",
    }  # fmt: skip
    rows = home.published("FROM latest_balances WHERE balance_type = 'current'")
    assert {row["currency"] for row in rows} >= {"EUR", "USD", "CHF", "JPY", "BTC"}
    assert {row["provider"] for row in rows} == {"sandbox"}
    assert all(row["as_of"] <= row["fetched_at"] for row in rows)


def test_every_figure_has_the_whole_of_its_evidence(home: Household) -> None:
    home.run(BALANCES)
    (found,) = home.published(
        """
        SELECT count(*) AS figures,
            count(run_id) AS runs, count(step_id) AS steps, count(request_id) AS requests,
            count(payload_hash) AS payloads, count(workflow_key) AS keys,
            count(workflow_version) AS versions, count(workflow_digest) AS digests,
            count(schema_version) AS schemas
        FROM accounts, explain(accounts.account_id)
        """
    )
    assert found["figures"] > 0
    assert set(found.values()) == {found["figures"]}


def test_a_second_refresh_with_the_same_answer_changes_no_view(home: Household) -> None:
    home.run(BALANCES)
    before = views(home)
    home.clock.move(seconds=40)
    second = home.run(BALANCES)

    assert second.success
    assert views(home) == before
    (refreshes,) = home.published("SELECT count(*) AS n, sum(new_balances) AS new FROM refreshes")
    assert refreshes["n"] == 2
    assert output_of(second, "refresh_balances", "to_fetch_balances")["new_balances"] == 0


def test_the_next_day_brings_new_observations_and_keeps_the_old(home: Household) -> None:
    home.run(BALANCES)
    before = home.published("FROM balances ORDER BY ALL")
    home.clock.move(days=1)
    home.run(BALANCES)
    after = home.published("FROM balances ORDER BY ALL")
    assert len(after) > len(before)
    assert all(row in after for row in before)


def test_every_check_passes_but_the_one_about_age(home: Household) -> None:
    result = home.run(BALANCES)
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert {name for name, check in checks.items() if not check.passed} == {"figures_are_fresh"}
    assert checks["figures_are_fresh"].severity is dg.AssetCheckSeverity.WARN
    named = {check.name for check in TRUST_CHECKS}
    assert set(checks) == named | {"workflow_completed", "figures_are_fresh"}
    assert {"observations_are_unique", "totals_are_the_providers"} <= named


def test_only_what_is_stale_is_forced_and_the_reasons_are_on_record(home: Household) -> None:
    home.run(BALANCES)
    decisions = home.published("FROM refresh_connections ORDER BY connection_id")
    assert {row["decision"] for row in decisions} == {"read", "forced"}
    (forced,) = [row for row in decisions if row["decision"] == "forced"]
    assert "stale" in forced["reason"]
    needs_user = [row for row in decisions if row["failed"]]
    assert all("must act" in row["reason"] for row in needs_user)
    assert len(home.published("FROM sync_attempts")) == 1


def test_a_run_that_is_to_force_nothing_reads_what_is_there(home: Household) -> None:
    result = home.run(BALANCES, {"force": "never"})
    assert result.success
    decisions = home.published("SELECT decision FROM refresh_connections")
    assert {row["decision"] for row in decisions} == {"read"}


def test_a_word_that_is_no_policy_fails_the_step_with_its_name(home: Household) -> None:
    assert "force: Input should be 'auto'" in failure_of(home.run(BALANCES, {"force": "perhaps"}))


def test_forced_syncs_stay_within_their_budget_over_all_runs(tmp_path: Path) -> None:
    made_up = household(2026)
    stuck = [
        dataclasses.replace(plan, sync_takes=timedelta(days=365)) for plan in made_up.connections
    ]
    world = dataclasses.replace(made_up, connections=tuple(stuck))
    home = Household(tmp_path / "data", world=world)
    for _ in range(7):
        home.clock.move(minutes=61)
        home.run(BALANCES)
    attempts = home.published("SELECT connection_id, count(*) AS n FROM sync_attempts GROUP BY ALL")
    assert attempts
    assert all(row["n"] <= 4 for row in attempts)


@pytest.mark.parametrize("failures", range(6))
def test_a_provider_that_fails_is_asked_again_as_the_spec_says(
    tmp_path: Path, failures: int, virtual_clock: VirtualClock
) -> None:
    faults = Faults(Fault(path="/users/me/connections", times=failures, status=503))
    home = Household(tmp_path / "data", faults=faults)

    result = home.run(BALANCES)

    retries = events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    assert [event.step_retry_data.seconds_to_wait for event in retries] == [1, 2, 4][:failures]
    assert result.success is (failures <= 3)
    assert all(event.step_key and "refresh_balances" in event.step_key for event in retries)
    assert len(virtual_clock.waited) >= min(failures, 3)


def test_a_provider_that_asks_for_patience_gets_it(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    fault = Fault(path="/users/me/accounts", status=429, headers={"Retry-After": "7"})
    result = Household(tmp_path / "data", faults=Faults(fault)).run(BALANCES)
    (retry,) = events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    assert result.success
    assert retry.step_retry_data.seconds_to_wait == 7
    assert sum(virtual_clock.waited) >= 7


def test_a_refused_token_fails_once_and_writes_nothing(tmp_path: Path) -> None:
    faults = Faults(Fault(status=401, code="unauthorized", times=None))
    home = Household(tmp_path / "data", faults=faults)
    result = home.run(BALANCES)
    assert not result.success
    assert "POWENS_USER_TOKEN" in failure_of(result)
    assert events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == []
    assert not home.ledger.published_path.exists()


def test_one_bank_that_fails_does_not_lose_the_others(tmp_path: Path) -> None:
    faults = Faults(Fault(method="PUT", status=502, times=None))
    home = Household(tmp_path / "data", faults=faults)
    result = home.run(BALANCES)
    assert result.success
    report = output_of(result, "refresh_balances", "to_fetch_balances")["connections"]
    outcomes = {one["connection_id"]: one["outcome"] for one in report}
    assert sorted(outcomes.values()) == ["failed", "failed", "ok"]
    assert home.published("SELECT count(*) AS n FROM latest_balances")[0]["n"] > 0


def test_when_no_bank_could_be_refreshed_the_step_fails_and_keeps_what_it_read(
    tmp_path: Path,
) -> None:
    plans = [dataclasses.replace(plan, state="SCARequired") for plan in household(1).connections]
    home = Household(
        tmp_path / "data", world=dataclasses.replace(household(1), connections=tuple(plans))
    )
    result = home.run(BALANCES)
    assert not result.success
    assert "No connection could be refreshed" in failure_of(result)
    assert events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == []
    assert {row["state"] for row in home.published("FROM latest_balances")} == {"needs_user"}


AWKWARD = {
    "EUR": "12345678901234.56",
    "CHF": "0.30",
    "BTC": "-0.00000001",
    "JPY": "1880252",
    "USD": "0.10",
}


def test_amounts_come_out_exactly_as_the_provider_sent_them(tmp_path: Path) -> None:
    bank = ConnectionPlan(
        connection_id=1, connector_id=1, connector_uuid="0", institution="Exact Bank"
    )
    accounts = tuple(
        AccountPlan(
            account_id=number, connection_id=1, name=currency, kind="checking",
            currency=currency, opening=Decimal(amount),
        )
        for number, (currency, amount) in enumerate(AWKWARD.items(), start=1)
    )  # fmt: skip
    world = World(seed=1, connections=(bank,), accounts=accounts)
    home = Household(tmp_path / "data", world=world)
    assert home.run(BALANCES).success
    rows = home.published("FROM latest_balances WHERE balance_type = 'current'")
    assert {row["currency"]: row["amount"] for row in rows} == {
        currency: Decimal(amount) for currency, amount in AWKWARD.items()
    }


def test_made_up_data_and_a_banks_never_share_a_ledger(tmp_path: Path) -> None:
    home = Household(tmp_path / "data")
    home.run(BALANCES)
    real = dataclasses.replace(home)
    sandbox = home.open_provider()
    object.__setattr__(real, "open_provider", lambda: _Renamed(sandbox))
    result = real.run(BALANCES)
    assert not result.success
    assert "must not be mixed" in failure_of(result)


class _Renamed:
    """The sandbox as if it were a real bank."""

    name = "powens:acme"

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    async def __aenter__(self) -> Self:
        await self._provider.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._provider.__aexit__(*error)
