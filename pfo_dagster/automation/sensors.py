"""What starts a workflow when something else has happened."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Mapping

import dagster as dg

from pfo_dagster.automation.keys import BALANCES_WORKFLOW
from pfo_dagster.operations.banking.catalog import LEDGER_ACCOUNTS
from pfo_dagster.translate import TranslatedWorkflow


def sensors(
    workflows: Mapping[str, TranslatedWorkflow], *, running: bool
) -> list[dg.SensorDefinition]:
    """The sensors whose workflow is there, switched on if `running`."""
    balances = workflows.get(BALANCES_WORKFLOW)
    return [_balances_after_accounts(balances, running=running)] if balances else []


def _balances_after_accounts(balances: TranslatedWorkflow, *, running: bool) -> dg.SensorDefinition:
    @dg.asset_sensor(
        name="balances_after_accounts",
        asset_key=dg.AssetKey(LEDGER_ACCOUNTS),
        job_name=balances.name,
        minimum_interval_seconds=15,
        default_status=(
            dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
        ),
        description=(
            "Refreshes the balances once after each time the accounts were synchronised. Switched "
            "on, it begins with the last time that they were."
        ),
    )
    def balances_after_accounts(
        context: dg.SensorEvaluationContext, event: dg.EventLogEntry
    ) -> dg.RunRequest:
        # The run that synchronised the accounts is what makes the request unique: a sensor that
        # looks at the same materialization twice starts one refresh.
        return dg.RunRequest(run_key=event.run_id, tags={"pfo/started_by": event.run_id})

    return balances_after_accounts
