"""From events that were kept to the runs that they start: Dagster's real storage and the sensor."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pfo_dagster.automation.deletions import Ending, followed_up
from pfo_dagster.automation.webhooks import WEBHOOKS, kept_events
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from tests.automation.hooks import (
    ACCOUNTS_JOB,
    BALANCES_JOB,
    TRANSACTIONS_JOB,
    Automation,
    jobs,
    synced,
)
from tests.workflows.household import Household


def test_a_sync_is_read_without_forcing_another(automation: Automation) -> None:
    automation.keep(synced(101))
    requests = automation.look()
    assert jobs(requests) == [BALANCES_JOB, TRANSACTIONS_JOB]
    [balances] = [request for request in requests if request.job_name == BALANCES_JOB]
    assert '"force": "never"' in json.dumps(balances.run_config)
    assert balances.run_key
    assert "101 2026-11-20T12:00:00+00:00" in balances.run_key
    assert automation.look() == []


def test_the_run_that_is_started_forces_nothing(tmp_path: Path) -> None:
    home = Household(tmp_path / "data")
    definitions = home.project().definitions
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        automation = Automation(home, instance)
        automation.keep(synced(101))
        [request] = [one for one in automation.look() if one.job_name == BALANCES_JOB]
        result = definitions.resolve_job_def(BALANCES_JOB).execute_in_process(
            instance=instance, run_config=request.run_config, raise_on_error=False
        )
    assert result.success
    assert home.published("FROM sync_attempts") == []


def test_repetitions_and_latecomers_start_nothing(automation: Automation) -> None:
    automation.keep(synced(101, minutes=5))
    first = automation.look()
    automation.keep(synced(101, minutes=5), synced(101, minutes=3), synced(101))
    assert automation.look() == []
    automation.cursor = None  # A sensor that was reset looks at everything again.
    assert [one.run_key for one in automation.look()] == [one.run_key for one in first]


def test_a_time_of_the_future_makes_nothing_after_it_late(automation: Automation) -> None:
    automation.keep(dataclasses.replace(synced(101), last_update=datetime(2099, 1, 1, tzinfo=UTC)))
    assert automation.look()
    automation.keep(synced(101))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB]
    automation.keep(synced(101, minutes=-5))
    assert automation.look() == []


def test_it_looks_from_the_start_since_only_a_receiver_gives_it_anything(
    automation: Automation,
) -> None:
    sensor = automation.project.resolve_sensor_def("powens_webhooks")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_in_the_hour_that_occurs_twice_no_sync_is_late(automation: Automation) -> None:
    """02:50 in Paris, then 02:10 after the clocks went back: without an offset, an earlier time."""
    night = datetime(2026, 10, 25, tzinfo=UTC)

    def at(hour: int, minute: int) -> BankEvent:
        moment = night.replace(hour=hour, minute=minute)
        return dataclasses.replace(synced(101), last_update=moment)

    automation.keep(at(0, 50))
    automation.look()
    automation.keep(at(0, 10))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB]
    automation.keep(at(2, 10))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB]
    automation.keep(at(0, 20))
    assert automation.look() == [], "which is late by either reading"


def test_a_sync_that_needs_the_user_marks_the_connection_and_reads_no_transactions(
    automation: Automation,
) -> None:
    automation.keep(synced(101))
    automation.look()
    automation.keep(synced(101, state="SCARequired"))
    assert jobs(automation.look()) == [BALANCES_JOB]
    wrong = BankEvent(kind=EventKind.CONNECTION_SYNCED, subject="101", state="wrongpass")
    automation.keep(wrong, wrong)
    assert jobs(automation.look()) == [BALANCES_JOB], "also where it does not say as of when"
    automation.keep(wrong)
    assert automation.look() == []


def test_a_state_that_comes_back_starts_a_run_of_its_own(automation: Automation) -> None:
    keys: list[str | None] = []
    for state in ("SCARequired", "websiteUnavailable", "SCARequired"):
        automation.keep(synced(101, state=state))
        keys += [request.run_key for request in automation.look()]
    assert len(set(keys)) == 3, "Dagster starts a key once and for all"


def test_a_deletion_reads_the_accounts_once(automation: Automation) -> None:
    deletion = BankEvent(kind=EventKind.CONNECTION_DELETED, subject="101")
    automation.keep(deletion)
    assert jobs(automation.look()) == [ACCOUNTS_JOB]
    automation.keep(deletion)
    assert automation.look() == []
    automation.keep(synced(101))
    assert jobs(automation.look()) == [BALANCES_JOB, TRANSACTIONS_JOB], "it may be listed again"


def test_a_run_that_could_not_end_what_was_deleted_is_asked_for_again(
    automation: Automation,
) -> None:
    """Nobody tells of it twice, and without what was told a refused token is no deletion."""
    automation.keep(BankEvent(kind=EventKind.USER_DELETED, subject="1"))
    [asked] = automation.look()
    ended(automation, asked, dg.DagsterRunStatus.FAILURE)
    assert automation.look() == [], "not at once: the retries of its steps came to nothing"
    an_hour_passes(automation)
    [again] = automation.look()
    assert again.run_config == asked.run_config
    assert again.run_key not in {None, asked.run_key}
    assert automation.look() == []

    automation.keep(BankEvent(kind=EventKind.CONNECTION_DELETED, subject="101"))
    [both] = automation.look()
    assert '"deleted_user": "1"' in json.dumps(both.run_config)
    assert '"deleted_connections": ["101"]' in json.dumps(both.run_config)
    ended(automation, both, dg.DagsterRunStatus.SUCCESS)
    an_hour_passes(automation)
    assert automation.look() == []
    automation.keep(synced(101))
    automation.look()
    automation.keep(BankEvent(kind=EventKind.CONNECTION_DELETED, subject="101"))
    [later] = automation.look()
    assert "deleted_user" not in json.dumps(later.run_config), "which is over"


@pytest.mark.parametrize(
    ("status", "after", "runs", "left"),
    [
        (dg.DagsterRunStatus.FAILURE, 59, 1, "key"),
        (dg.DagsterRunStatus.FAILURE, 60, 1, "key, run 2"),
        (dg.DagsterRunStatus.CANCELED, 60, 2, "key, run 3"),
        (dg.DagsterRunStatus.STARTED, 600, 1, "key"),
        (dg.DagsterRunStatus.SUCCESS, 60, 1, None),
        (dg.DagsterRunStatus.FAILURE, 60, 24, None),
    ],
)
def test_a_deletion_is_followed_up_by_what_became_of_its_run(
    status: dg.DagsterRunStatus, after: int, runs: int, left: str | None
) -> None:
    asked = datetime(2026, 11, 20, 12, tzinfo=UTC)
    ending = Ending("key" if runs == 1 else f"key, run {runs}", asked, "1", runs)
    with dg.DagsterInstance.ephemeral() as instance:
        tags = {"dagster/run_key": ending.run_key}
        instance.create_run_for_job(nothing, status=status, tags=tags)
        followed = followed_up(ending, instance, asked + timedelta(minutes=after))
    assert (followed and followed.run_key) == left
    assert Ending.from_json(ending.as_json()) == ending


@dg.job
def nothing() -> None:
    pass


def ended(automation: Automation, asked: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    """What the daemon makes of a request, and how that ends."""
    tags = {"dagster/run_key": asked.run_key or ""}
    automation.instance.create_run_for_job(nothing, status=status, tags=tags)


def an_hour_passes(automation: Automation) -> None:
    cursor = json.loads(automation.cursor or "")
    asked_at = datetime.fromisoformat(cursor["ending"]["asked_at"])
    cursor["ending"]["asked_at"] = (asked_at - timedelta(hours=1)).isoformat()
    automation.cursor = json.dumps(cursor)


def test_a_deletion_elsewhere_in_the_domain_is_none_of_ours(automation: Automation) -> None:
    automation.keep(BankEvent(kind=EventKind.CONNECTION_DELETED, subject="102"))
    assert automation.look() == []
    assert "102" not in (automation.cursor or "")


def test_an_observation_by_hand_is_no_event(automation: Automation) -> None:
    automation.instance.report_runless_asset_event(dg.AssetObservation(WEBHOOKS))
    assert automation.look() == []
    assert kept_events(automation.instance) == []
