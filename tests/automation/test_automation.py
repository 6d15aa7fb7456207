"""What runs by itself, and what is watched: as Dagster would evaluate it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pfo_dagster.config import SettingsError
from pfo_dagster.definitions import build
from tests.workflows.household import ACCOUNTS, BALANCES, TRANSACTIONS, Household

JOB = "pfo_workflow_refresh_openbanking_balances"


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path / "data")


def schedule_of(home: Household, key: str) -> dg.ScheduleDefinition:
    project = home.project()
    definition = project.definitions.resolve_schedule_def(f"{project.workflows[key].name}_schedule")
    assert isinstance(definition, dg.ScheduleDefinition)
    return definition


def test_the_code_location_loads(home: Household) -> None:
    definitions = home.project().definitions
    dg.Definitions.validate_loadable(definitions)
    assert definitions.resolve_job_def(JOB).name == JOB


def test_balances_are_scheduled_three_times_a_day_in_paris_and_off_by_default(
    home: Household,
) -> None:
    schedule = schedule_of(home, BALANCES)
    assert schedule.cron_schedule == "0 7,13,19 * * *"
    assert schedule.execution_timezone == "Europe/Paris"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule_of(home, TRANSACTIONS).cron_schedule == "30 6 * * *"
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 21, 6, tzinfo=UTC),
        repository_def=home.project().definitions.get_repository_def(),
    )
    [request] = list(schedule.evaluate_tick(context).run_requests or ())
    assert request.tags["pfo/started_by"] == "schedule"


def test_one_setting_switches_schedules_and_sensors_on(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PFO_SCHEDULES_ON", "true")
    definitions = home.project().definitions
    assert schedule_of(home, BALANCES).default_status is dg.DefaultScheduleStatus.RUNNING
    sensor = definitions.resolve_sensor_def("balances_after_accounts")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_a_sync_of_accounts_starts_one_refresh_of_balances(home: Household) -> None:
    definitions = home.project().definitions
    sensor = definitions.resolve_sensor_def("balances_after_accounts")
    assert sensor.job_name == JOB
    with dg.DagsterInstance.ephemeral() as instance:
        synced = home.run(ACCOUNTS, instance=instance)
        with dg.build_sensor_context(
            instance=instance, repository_def=definitions.get_repository_def()
        ) as context:
            first = sensor.evaluate_tick(context)
            [request] = list(first.run_requests or ())
            assert request.run_key == synced.run_id
        with dg.build_sensor_context(
            instance=instance,
            cursor=first.cursor,
            repository_def=definitions.get_repository_def(),
        ) as context:
            assert not sensor.evaluate_tick(context).run_requests


def test_assets_that_a_schedule_refreshes_are_expected_daily(home: Household) -> None:
    graph = home.project().definitions.resolve_asset_graph()
    with_policy = {
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if graph.get(key).freshness_policy is not None
    }
    assert with_policy == {
        "ledger/balances", "published/latest_balances", "published/daily_cash_position",
        "ledger/transactions", "published/transactions",
    }  # fmt: skip


def test_a_figure_that_a_check_disproves_fails_the_check_and_names_it(home: Household) -> None:
    home.run(BALANCES)
    project = home.project()
    with duckdb.connect(str(home.ledger.published_path)) as tampering:
        tampering.execute("UPDATE balances SET amount = amount + 0.01 WHERE currency = 'CHF'")
    check = next(
        check
        for check in project.definitions.asset_checks or ()
        if isinstance(check, dg.AssetChecksDefinition) and len(list(check.check_keys)) > 1
    )
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg.Definitions(
            asset_checks=[check], resources={"ledger": home.ledger}
        ).resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    disproved_by = {check.check_name for check in failed}
    assert disproved_by == {"totals_are_the_providers", "projections_add_up"}
    assert {check.severity for check in failed} == {dg.AssetCheckSeverity.ERROR}
    assert all(check.blocking for check in failed)
    assert not result.success


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PFO_FORCED_SYNCS_PER_DAY": "6"}, "more than the 4 accesses"),
        # Three a day are four within 24 hours on the day that has only 23.
        ({"PFO_FORCE_SYNC": "always"}, "4 runs x 4 executions .* = 16"),
    ],
)
def test_a_timetable_that_may_exceed_the_budget_loads_nothing(
    home: Household, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        build(home.settings)


@pytest.mark.parametrize(
    "environment",
    [
        {"PFO_FORCED_SYNCS_PER_DAY": "6", "PFO_FORCED_SYNCS_AGREED": "6"},
        {"PFO_FORCE_SYNC": "never"},
    ],
)
def test_what_was_agreed_upon_and_what_asks_nobody_loads(
    home: Household, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert BALANCES in build(home.settings).workflows


def test_half_of_a_configuration_loads_nothing(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWENS_DOMAIN", "acme")
    with pytest.raises(SettingsError, match="POWENS_USER_TOKEN"):
        build(home.settings)
