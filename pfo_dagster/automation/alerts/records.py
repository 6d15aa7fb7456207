"""An alert and its place in Dagster's event log.

An alert is an observation of the asset `alerts`, of a partition named after the alert; that it was
told is a materialization of that partition. An alert's name follows from what it is about, so that
the same thing never becomes two.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, cast

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERTS = dg.AssetKey("alerts")
_PAGE = 200
_CONTENT = "alert"


class AlertKind(StrEnum):
    """What an alert is about."""

    FAILED = "failed"
    """A workflow's run failed, and Dagster does not repeat it."""
    NOT_UNDONE = "not undone"
    """A compensation left something in place."""
    SERVICE_LEVEL = "service level"
    """A workflow or a step takes longer than its service level."""
    DECISION = "decision"
    """A workflow waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that somebody should know of now."""

    id: str
    """The same for the same occurrence, for ever; a receiver may see it twice after a crash."""
    kind: AlertKind
    text: str
    """One line for people, without data of the workflow."""
    workflow: str
    run_id: str
    at: str
    """When it happened, as far as is known: ISO 8601, UTC."""

    def as_json(self) -> dict[str, str]:
        """The alert for other programs; `text` is what chat services show of it."""
        return {name: str(value) for name, value in asdict(self).items()}


def alert_asset() -> dg.AssetSpec:
    """The asset that stands for the alerts."""
    return dg.AssetSpec(
        ALERTS,
        description="What somebody should know of now. Each alert is an observation; a "
        "materialization of the same partition says that and how it was told.",
        group_name="alerts",
        kinds={"alert"},
    )


def file_alert(instance: dg.DagsterInstance, alert: Alert) -> bool:
    """Put the alert on record unless it is; whether it was not."""
    known = dg.AssetRecordsFilter(ALERTS, asset_partitions=[alert.id])
    if instance.fetch_observations(known, limit=1).records:
        return False
    content = alert.as_json()
    shown = {name: content[name] for name in ("kind", "text", "workflow")}
    instance.report_runless_asset_event(
        dg.AssetObservation(
            ALERTS,
            partition=alert.id,
            metadata={
                **shown,
                "run": dg.MetadataValue.dagster_run(alert.run_id),
                _CONTENT: dg.MetadataValue.json(content),
            },
        )
    )
    return True


def mark_told(instance: dg.DagsterInstance, alert: Alert, how: str) -> None:
    """Put on record that the alert was told."""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            ALERTS, partition=alert.id, metadata={"told": how, "text": alert.text}
        )
    )


def untold(instance: dg.DagsterInstance, after: int) -> Iterator[tuple[int, Alert]]:
    """The alerts on record after the event `after` that were not told, oldest first."""
    while True:
        page = instance.fetch_observations(
            dg.AssetRecordsFilter(ALERTS, after_storage_id=after), limit=_PAGE, ascending=True
        )
        for record in page.records:
            after = record.storage_id
            alert = _read(record)
            if alert is not None and not _told(instance, alert):
                yield record.storage_id, alert
        if not page.has_more:
            return


def _told(instance: dg.DagsterInstance, alert: Alert) -> bool:
    told = dg.AssetRecordsFilter(ALERTS, asset_partitions=[alert.id])
    return bool(instance.fetch_materializations(told, limit=1).records)


def _read(record: dg.EventLogRecord) -> Alert | None:
    observation = record.asset_observation
    kept = observation.metadata.get(_CONTENT) if observation else None
    # Anybody may report an observation of the asset in Dagster's UI; those hold no alert.
    if not isinstance(kept, dg.JsonMetadataValue) or not isinstance(kept.value, dict):
        return None
    content = cast("dict[str, str]", kept.value)
    return Alert(**{**content, "kind": AlertKind(content["kind"])})  # pyright: ignore[reportArgumentType] - `kind` is one
