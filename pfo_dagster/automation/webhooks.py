"""What Powens tells by webhook: kept in Dagster's own event log, and acted on by a sensor.

The receiver (`pfo webhooks serve`) runs in a process of its own and keeps events as observations of
an external asset; the daemon's sensor reads them from the same storage. `spool` holds what the
receiver has answered for until the storage has it, `news` tells repetitions and latecomers, and
`deletions` sees to it that what was deleted is ended.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import dagster as dg

from pfo_dagster.automation.deletions import Ending, followed_up
from pfo_dagster.automation.keys import (
    ACCOUNTS_WORKFLOW,
    BALANCES_WORKFLOW,
    TRANSACTIONS_WORKFLOW,
)
from pfo_dagster.automation.news import Progress
from pfo_dagster.ledger import Ledger, NotPublishedError, connection_ids
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from pfo_dagster.operations.banking.access import LEDGER
from pfo_dagster.translate import TranslatedWorkflow

WEBHOOKS = dg.AssetKey(["powens", "webhooks"])

# What is new is there already: to read it must not cost a forced sync.
DATA: dict[str, dict[str, Any]] = {
    BALANCES_WORKFLOW: {"force": "never"},
    TRANSACTIONS_WORKFLOW: {},
    ACCOUNTS_WORKFLOW: {},
}

_EVENTS = "events"
_PAGE = 200
_LONGEST_RUN_KEY = 200


def webhook_asset() -> dg.AssetSpec:
    """The asset that stands for what Powens told."""
    return dg.AssetSpec(
        WEBHOOKS,
        description="Signals that Powens sent by webhook, each with its connection and its state.",
        group_name="webhooks",
        kinds={"powens"},
    )


def keep_events(instance: dg.DagsterInstance, events: Sequence[BankEvent]) -> None:
    """Keep events for good, all in one entry of the event log."""
    instance.report_runless_asset_event(
        dg.AssetObservation(
            asset_key=WEBHOOKS,
            metadata={
                _EVENTS: dg.MetadataValue.json([event.as_json() for event in events]),
                "count": len(events),
            },
        )
    )


def kept_events(instance: dg.DagsterInstance, *, entries: int = 500) -> list[BankEvent]:
    """The events of the last entries, oldest first: by these, a receiver knows repetitions."""
    found = instance.fetch_observations(WEBHOOKS, limit=entries)
    return [event for record in reversed(found.records) for event in _events_of(record)]


@dataclass(frozen=True)
class Kept:
    """An event, and the number of the entry of the event log that has it."""

    event: BankEvent
    entry: int


def webhook_sensor(
    workflows: Mapping[str, TranslatedWorkflow],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[dg.SensorDefinition]:
    """The sensor that reads anew what a webhook says has changed, where its workflows are there.

    It is on from the start: there are webhooks only where somebody runs a receiver for them.
    """
    there = {key: workflows[key] for key in DATA if key in workflows}
    if not there:
        return []

    @dg.sensor(
        name="powens_webhooks",
        jobs=[workflow.shown_job for workflow in there.values()],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Reads balances and transactions when Powens says that a connection was synced, without"
            " forcing another sync, and the accounts when one was deleted. However many webhooks"
            " came since the last look, each workflow runs once. Nobody tells of a deletion twice:"
            " if its run fails, it is asked for again every hour, for a day."
        ),
        required_resource_keys={LEDGER},
    )
    def powens_webhooks(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        progress = Progress.read(context.cursor)
        kept = _ours(list(_unread(context.instance, progress)), getattr(context.resources, LEDGER))
        now = clock()
        news = [one for one in kept if progress.take(one.event, now)]
        requests = [
            *_requests(news, there),
            *_endings(context.instance, news, there, progress, now),
        ]
        return dg.SensorResult(run_requests=requests, cursor=progress.text)

    return [cast("dg.SensorDefinition", powens_webhooks)]


def _unread(instance: dg.DagsterInstance, progress: Progress) -> Iterator[Kept]:
    """The events after the last one read, oldest first; moves the progress along."""
    while True:
        page = instance.fetch_observations(
            dg.AssetRecordsFilter(asset_key=WEBHOOKS, after_storage_id=progress.after),
            limit=_PAGE,
            ascending=True,
        )
        for record in page.records:
            progress.after = record.storage_id
            yield from (Kept(event, record.storage_id) for event in _events_of(record))
        if not page.has_more:
            return


def _ours(kept: Sequence[Kept], ledger: Ledger) -> Sequence[Kept]:
    """Without deletions of connections that we never saw.

    Webhooks cover the whole domain, and this event alone does not say whose connection it was.
    """
    if all(one.event.kind is not EventKind.CONNECTION_DELETED for one in kept):
        return kept
    try:
        with ledger.reader() as reader:
            known = connection_ids(reader)
    except NotPublishedError:
        known = frozenset[str]()
    return [
        one
        for one in kept
        if one.event.kind is not EventKind.CONNECTION_DELETED or one.event.subject in known
    ]


def _requests(
    news: Sequence[Kept], workflows: Mapping[str, TranslatedWorkflow]
) -> Iterator[dg.RunRequest]:
    """The runs that read what was synced."""
    synced = [one for one in news if one.event.kind is EventKind.CONNECTION_SYNCED]
    # Transactions only where a sync went well; balances always, which marks the connection's state.
    fresh = [one for one in synced if one.event.state is None]
    for key, causes in ((BALANCES_WORKFLOW, synced), (TRANSACTIONS_WORKFLOW, fresh)):
        if causes and key in workflows:
            yield _request(workflows[key], f"{key} {_run_key(causes)}", DATA[key])


def _endings(
    instance: dg.DagsterInstance,
    news: Sequence[Kept],
    workflows: Mapping[str, TranslatedWorkflow],
    progress: Progress,
    now: datetime,
) -> Iterator[dg.RunRequest]:
    """The run that ends what was deleted, or the one after it that does so in its place."""
    workflow = workflows.get(ACCOUNTS_WORKFLOW)
    if workflow is None:
        return
    before = progress.ending
    if causes := [one for one in news if one.event.kind is not EventKind.CONNECTION_SYNCED]:
        users = [one.event.subject for one in causes if one.event.kind is EventKind.USER_DELETED]
        user = users[-1] if users else before and before.deleted_user
        progress.ending = Ending(f"{ACCOUNTS_WORKFLOW} {_run_key(causes)}", now, user)
    elif before:
        progress.ending = followed_up(before, instance, now)
    if progress.ending and progress.ending != before:
        yield _request(workflow, progress.ending.run_key, _deletions(progress.ending, progress))


def _request(workflow: TranslatedWorkflow, run_key: str, data: dict[str, Any]) -> dg.RunRequest:
    return dg.RunRequest(
        job_name=workflow.name,
        run_key=run_key,
        run_config=workflow.shown_run_config(data),
        tags={"pfo/started_by": "webhook"},
    )


def _deletions(ending: Ending, progress: Progress) -> dict[str, Any]:
    """What the run is to hear of: an empty listing, or a refused token, is no deletion by itself.

    Of connections, all that were ever told of: the listing may lack several at once.
    """
    told: dict[str, Any] = {"deleted_user": ending.deleted_user} if ending.deleted_user else {}
    connections = progress.deleted_connections
    return {**told, "deleted_connections": connections} if connections else told


def _run_key(causes: Sequence[Kept]) -> str:
    """The same for the same events, so that a tick that is repeated starts nothing twice.

    With their entries, since a state that comes back is an event of the same key.
    """
    key = ", ".join(sorted({f"{one.event.key} ({one.entry})" for one in causes}))
    return key if len(key) <= _LONGEST_RUN_KEY else hashlib.sha256(key.encode()).hexdigest()


def _events_of(record: dg.EventLogRecord) -> Iterator[BankEvent]:
    observation = record.asset_observation
    kept = observation.metadata.get(_EVENTS) if observation else None
    # Anybody may report an observation of the asset in Dagster's UI; those hold no events.
    for content in cast("list[dict[str, Any]]", kept.value) if kept else ():
        yield BankEvent.from_json(content)
