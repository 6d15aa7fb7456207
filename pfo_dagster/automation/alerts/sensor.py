"""The sensor that files alerts and tells them, in the order in which they were filed.

On record each alert stands once. It is told at least once: of a crash between telling and writing
that down nobody knows afterwards, so it is told again, with the same id. What nobody could be told
for a day is given up, so that one alert never holds up the others for good, and what is older than
that when it is first seen, as on the first tick of a new deployment, is no news.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import dagster as dg

from pfo_dagster.automation.alerts.records import Alert, file_alert, mark_told, untold
from pfo_dagster.automation.alerts.sources import Watched, new_alerts
from pfo_dagster.translate import TranslatedWorkflow

SendAlert: TypeAlias = Callable[[Mapping[str, str]], int]
"""Sends an alert's JSON and returns the HTTP status of the answer. Raises `OSError` for none."""

GIVE_UP_AFTER = timedelta(days=1)
_TOLD = "told"
_REDIRECTED = 300
_TOO_SLOW, _TOO_MANY, _SERVER_ERROR = 408, 429, 500


def alert_sensor(
    workflows: Mapping[str, TranslatedWorkflow],
    send: SendAlert | None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dg.SensorDefinition:
    """The sensor for the workflows of a code location, by key; without `send` the log is told."""

    def tell(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = json.loads(context.cursor) if context.cursor else {}
        for alert in new_alerts(context.instance, Watched(workflows), seen):
            if _is_news(alert, clock()) and file_alert(context.instance, alert):
                context.log.warning("%s: %s", alert.kind, alert.text)
        told, problem = 0, ""
        for event, alert in untold(context.instance, int(seen.get(_TOLD, 0))):
            how, problem = _tell(alert, send, clock())
            if how is None:
                context.log.error("The alert %s could not be told: %s", alert.id, problem)
                break
            mark_told(context.instance, alert, how)
            seen[_TOLD] = event
            told += 1
        reason = f"{told} told." if told else "No new alerts."
        if problem:
            reason = f"The alert channel does not take alerts: {problem} Tried again."
        return dg.SensorResult(skip_reason=reason, cursor=json.dumps(seen, sort_keys=True))

    return dg.SensorDefinition(
        name="alerts",
        evaluation_fn=tell,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells once of failures, breached service levels and waiting decisions: in the "
        "asset `alerts`, in the log, and to the webhook PFO_ALERT_WEBHOOK_URL, if that is set.",
    )


def _is_news(alert: Alert, now: datetime) -> bool:
    return now - datetime.fromisoformat(alert.at) <= GIVE_UP_AFTER


def _tell(alert: Alert, send: SendAlert | None, now: datetime) -> tuple[str | None, str]:
    """How the alert was told, or None, and what is wrong with the channel, if anything is."""
    if send is None:
        return "in the log", ""
    try:
        status = send(alert.as_json())
        problem = f"it answered {status}."
    except OSError as error:
        status, problem = 0, f"{error}."
    if 0 < status < _REDIRECTED:
        return "to the webhook", ""
    for_good = status not in {0, _TOO_SLOW, _TOO_MANY} and status < _SERVER_ERROR
    if for_good or not _is_news(alert, now):
        return f"to nobody: the webhook did not take it, {problem}", ""
    return None, problem
