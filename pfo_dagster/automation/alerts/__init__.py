"""Alerts: what somebody should know of now, told once.

`sources` says what becomes an alert: runs that failed, compensations that are not whole, service
levels that were breached, questions that wait for a person. An alert is an event of the asset
`alerts` (`records`), so that Dagster shows all of them, and the log and a webhook, if one is set
up, are told of it (`sensor`). No alert holds data of a workflow or of anybody in it.
"""

from pfo_dagster.automation.alerts.records import Alert, alert_asset
from pfo_dagster.automation.alerts.sensor import SendAlert, alert_sensor

__all__ = ["Alert", "SendAlert", "alert_asset", "alert_sensor"]
