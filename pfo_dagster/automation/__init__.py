"""What makes the workflows run by themselves, and what watches over their results.

`schedules`, `sensors` and `webhooks` start the workflows of `keys`, `budget` refuses a timetable
that would ask the banks too often; `checks` judges the assets, `freshness` says how often they are
expected, `backfill` fills the days before the first refresh, `alerts` tells of what failed, is late
or waits, `reference_rates` keeps rates of currencies up to date, `exposure` shows who reads all
this. None of it knows HTTP or SQL.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Mapping

import dagster as dg

from pfo_dagster.automation.alerts import SendAlert, alert_asset, alert_sensor
from pfo_dagster.automation.backfill import computed_balances_asset
from pfo_dagster.automation.budget import refuse_overspending
from pfo_dagster.automation.checks import asset_checks
from pfo_dagster.automation.exposure import dashboard_asset
from pfo_dagster.automation.freshness import expect_freshness
from pfo_dagster.automation.reference_rates import rates_automation
from pfo_dagster.automation.schedules import schedules
from pfo_dagster.automation.sensors import sensors
from pfo_dagster.automation.webhooks import webhook_asset, webhook_sensor
from pfo_dagster.translate import TranslatedWorkflow

__all__ = ["automation", "expect_freshness", "rates_automation", "refuse_overspending"]


def automation(
    workflows: Mapping[str, TranslatedWorkflow],
    *,
    running: bool,
    send_alert: SendAlert | None = None,
) -> dg.Definitions:
    """The automation for the workflows that are there, by key; on from the start if `running`.

    `send_alert` tells somebody outside Dagster of alerts, which is on in any case.
    """
    produced = {
        key for workflow in workflows.values() for assets in workflow.assets for key in assets.keys
    }
    return dg.Definitions(
        schedules=schedules(workflows, running=running),
        assets=[
            webhook_asset(),
            alert_asset(),
            computed_balances_asset(),
            dashboard_asset(produced),
        ],
        sensors=[
            *sensors(workflows, running=running),
            *webhook_sensor(workflows),
            alert_sensor(workflows, send_alert),
        ],
        asset_checks=asset_checks(produced),
    )
