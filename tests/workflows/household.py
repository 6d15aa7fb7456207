"""The project as a person has it, in a temporary folder, with a household that obeys the test."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from pfo_dagster.config import Settings
from pfo_dagster.definitions import Project, build
from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking.connect import open_sandbox
from pfo_dagster.openbanking.sandbox import Faults, World
from pfo_dagster.operations.banking.access import BankAccess
from pfo_dagster.resources import resources

if TYPE_CHECKING:
    from pfo_dagster.openbanking.provider import OpenBankingProvider

SPECS = Path(__file__).parents[2] / "specs"
BALANCES = "pfo.workflow.refresh-openbanking-balances"
ACCOUNTS = "pfo.workflow.sync-openbanking-accounts"
TRANSACTIONS = "pfo.workflow.sync-openbanking-transactions"
OVERVIEW = "pfo.workflow.generate-openbanking-overview"

_BUILT: dict[str, Project] = {}
"""By settings, without the folder of the data: only resources depend on that."""


@dataclass
class Clock:
    """A clock that stands until it is moved; waiting moves it."""

    now: datetime = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        self.move(seconds=seconds)


@dataclass
class Household:
    """The real project on a sandbox whose clock, world and faults the test decides."""

    data_dir: Path
    clock: Clock = field(default_factory=Clock)
    world: World | None = None
    faults: Faults | None = None
    specs_dir: Path = SPECS

    @property
    def settings(self) -> Settings:
        chosen: dict[str, Any] = {
            "_env_file": None,
            "PFO_DATA_DIR": self.data_dir,
            "PFO_SPECS_DIR": self.specs_dir,
        }
        return Settings(**chosen)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.data_dir, clock=self.clock)

    def open_provider(self) -> OpenBankingProvider:
        return open_sandbox(
            seed=2026,
            clock=self.clock,
            state_path=self.data_dir / "sandbox.json",
            world=self.world,
            faults=self.faults,
            sleep=self.clock.sleep,
        )

    def project(self) -> Project:
        return build(self.settings)

    @property
    def _jobs(self) -> Project:
        """The project whose jobs are executed, on resources that are handed to them."""
        settings = self.settings
        shared = settings.model_dump_json(exclude={"data_dir"})
        if shared not in _BUILT:
            _BUILT[shared] = build(settings)
        return dataclasses.replace(_BUILT[shared], settings=settings)

    def run(
        self,
        key: str,
        data: dict[str, Any] | None = None,
        *,
        instance: dg.DagsterInstance | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Materialize a workflow's assets, checks included, as its job does."""
        workflow = self._jobs.workflows[key]
        return self.execute(workflow.name, workflow.asset_run_config(data), instance=instance)

    def execute(
        self,
        job_name: str,
        run_config: Mapping[str, Any],
        *,
        instance: dg.DagsterInstance | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Execute a job with what a sensor asked for."""
        project = self._jobs
        handed = resources(project.settings, project.app)
        access = handed["open_banking"]
        assert isinstance(access, BankAccess)
        handed["open_banking"] = dataclasses.replace(
            access, open_provider=self.open_provider, clock=self.clock
        )
        handed["ledger"] = self.ledger
        job = project.definitions.resolve_job_def(job_name)
        own = dg.DagsterInstance.ephemeral() if instance is None else nullcontext(instance)
        with own as used:
            return job.execute_in_process(
                instance=used,
                run_config={
                    **run_config,
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                resources=handed,
                raise_on_error=False,
            )

    def published(self, sql: str) -> list[dict[str, Any]]:
        with self.ledger.reader() as reader:
            return reader.rows(sql)
