"""When the open-banking workflows run by themselves."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Mapping

import dagster as dg

from pfo_dagster.automation.keys import BALANCES_WORKFLOW, TRANSACTIONS_WORKFLOW
from pfo_dagster.translate import TranslatedWorkflow

HOUSEHOLD_TIME_ZONE = "Europe/Paris"

# After the banks' night runs, after lunch, and after the day's payments: within the four accesses a
# day that the law grants to whoever is not the account holder.
TIMETABLE = {
    BALANCES_WORKFLOW: "0 7,13,19 * * *",
    TRANSACTIONS_WORKFLOW: "30 6 * * *",
}


def schedules(
    workflows: Mapping[str, TranslatedWorkflow], *, running: bool
) -> list[dg.ScheduleDefinition]:
    """A schedule for each workflow of `TIMETABLE` that is there, switched on if `running`."""
    status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    return [
        dg.ScheduleDefinition(
            name=f"{workflows[key].name}_schedule",
            job_name=workflows[key].name,
            cron_schedule=cron,
            execution_timezone=HOUSEHOLD_TIME_ZONE,
            default_status=status,
            description=f"Runs the workflow {key}.",
            tags={"pfo/started_by": "schedule"},
        )
        for key, cron in TIMETABLE.items()
        if key in workflows
    ]
