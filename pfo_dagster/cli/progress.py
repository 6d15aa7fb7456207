"""What a run is doing, told from Dagster's events while it works."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dagster as dg
from rich.live import Live
from rich.spinner import Spinner

from pfo_dagster.operations import FailureKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from pfo_dagster.translate import TranslatedWorkflow

Event = dg.DagsterEventType


@dataclass(slots=True)
class StepProgress:
    """One step of the run: how often it was executed, how long it took, and how it ended."""

    name: str
    executions: int = 0
    started: float = 0
    seconds: float = 0
    outcome: str = "…"
    waits: list[float] = field(default_factory=list[float])
    """The seconds waited before each retry."""


class RunProgress:
    """Collects a run's events; `steps` and `checks` are in the order in which they came."""

    def __init__(self, workflow: TranslatedWorkflow) -> None:
        self.steps: dict[str, StepProgress] = {}
        self.failures: list[str] = []
        self.interrupted = False
        self.checks: list[dg.AssetCheckEvaluation] = []
        self.warnings: list[str] = []
        """What the steps warned of, each once."""
        self.made: set[dg.AssetKey] = set()
        """The assets that were materialized."""
        self.left_out: dict[str, int] = {}
        """By asset, how many rows of the provider's could not be trusted."""
        self._spinner = Spinner("dots", text=f"Running {workflow.spec.meta.title} …")

    @contextmanager
    def shown(self, console: Console) -> Iterator[None]:
        """Show a line that follows the run, where there is a terminal to show it on."""
        if not console.is_terminal:
            yield
            return
        with Live(self._spinner, console=console, transient=True, refresh_per_second=12):
            yield

    def on_event(self, entry: dg.EventLogEntry) -> None:
        """Take in one event of the run."""
        event = entry.dagster_event
        if event is None and entry.level == logging.WARNING:
            self._warn(entry.user_message)
        if event is None or event.step_key is None:
            return
        name = event.step_key.rpartition(".")[2]
        if event.event_type is Event.ASSET_CHECK_EVALUATION:
            self.checks.append(event.asset_check_evaluation_data)
        if event.event_type is Event.ASSET_MATERIALIZATION:
            made = event.step_materialization_data.materialization
            self.made.add(made.asset_key)
            self._count_rejected(made)
        if event.event_type in _STARTS:
            step = self.steps.setdefault(name, StepProgress(name, started=entry.timestamp))
            step.executions += 1
            self._say(f"{name} …")
        elif name in self.steps and event.event_type in _OUTCOMES:
            step = self.steps[name]
            step.seconds = entry.timestamp - step.started
            step.outcome = _OUTCOMES[event.event_type]
            if event.event_type is Event.STEP_FAILURE:
                self._fail(event)
            if event.event_type is Event.STEP_UP_FOR_RETRY:
                wait = event.step_retry_data.seconds_to_wait or 0
                step.waits.append(wait)
                self._say(f"{name} failed; trying again in {wait:g} s …")

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)

    def _count_rejected(self, made: dg.AssetMaterialization) -> None:
        rejected = made.metadata.get("rejected_rows")
        if isinstance(rejected, dg.IntMetadataValue) and rejected.value:
            self.left_out[made.asset_key.to_user_string()] = rejected.value

    def _fail(self, event: dg.DagsterEvent) -> None:
        data = event.step_failure_data
        kind = data.user_failure_data.metadata.get("kind") if data.user_failure_data else None
        if kind is not None and kind.value == FailureKind.CANCELLED.value:
            self.interrupted = True
        else:
            self.failures.append(_failure_text(event))

    def _say(self, text: str) -> None:
        self._spinner.update(text=text)


_STARTS = {Event.STEP_START, Event.STEP_RESTARTED}
_OUTCOMES = {
    Event.STEP_SUCCESS: "done",
    Event.STEP_FAILURE: "failed",
    Event.STEP_UP_FOR_RETRY: "waiting to retry",
    Event.STEP_SKIPPED: "skipped",
}


def _failure_text(event: dg.DagsterEvent) -> str:
    """The failure in the words of whoever raised it, without Dagster's frame around them."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "the step failed"
