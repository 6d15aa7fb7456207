"""Reading of runs what a sensor has not yet seen."""

from __future__ import annotations

import dagster as dg

from pfo_dagster.translate.executions import Seen, ended_runs
from tests.translate.support import Script, fatal
from tests.translate.undoing import Deployment, chain


def test_a_backlog_of_runs_is_read_page_by_page_and_wholly(instance: dg.DagsterInstance) -> None:
    job = Deployment.of(chain("a"), instance).translated.job
    failed = dg.DagsterRunStatus.FAILURE
    made = {instance.create_run_for_job(job, status=failed).run_id for _ in range(230)}
    seen: Seen = {}
    pages = [ended_runs(instance, seen, [failed]) for _ in range(4)]
    assert {record.dagster_run.run_id for page in pages for record in page} == made


def test_what_ended_just_before_the_last_look_is_read_again(instance: dg.DagsterInstance) -> None:
    deployment = Deployment.of(chain("a"), instance, Script(a=[fatal()]))
    deployment.start()
    seen: Seen = {}
    looks = [ended_runs(instance, seen, [dg.DagsterRunStatus.FAILURE]) for _ in range(2)]
    assert [len(records) for records in looks] == [1, 1]
