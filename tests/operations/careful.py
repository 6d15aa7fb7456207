"""The operations on a real ledger, against the strict server: all that a day may bring, by hand."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking import open_powens
from pfo_dagster.openbanking.powens.pacing import Quota
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    ControlPanel,
    Controls,
    SandboxState,
    Stage,
    scenario_set,
)
from pfo_dagster.operations import OperationContext
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.operations.banking.access import LEDGER, OPEN_BANKING, BankAccess
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from pfo_dagster.operations.errors import FailureKind, OperationError
from tests.openbanking.strict_server import StrictServer
from tests.openbanking.support import KEY, Clock

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from pfo_dagster.openbanking.provider import OpenBankingProvider

ACCOUNTS = "openbanking.accounts.sync"
REFRESH = "openbanking.balances.refresh"
TRANSACTIONS = "openbanking.transactions.sync"
TO_RETRY = {FailureKind.RETRYABLE, FailureKind.RATE_LIMITED}


class Killed(BaseException):
    """The process is no more; nothing handles this, as nothing handles a SIGKILL."""


@dataclass
class Careful:
    """One installation, whose bank is a scenario behind the strict server."""

    data_dir: Path
    scenario: str = "household"
    policy: RefreshPolicy = field(default_factory=RefreshPolicy)
    clock: Clock = field(default_factory=Clock)
    kill_at: int | None = None
    """At twice the number of a call the process dies before its answer; at one more, after it."""

    def __post_init__(self) -> None:
        controls = scenario_set(Controls(), self.scenario, self.clock())
        self.panel = ControlPanel(controls=controls)
        self.now = self.panel.clock(self.clock)
        stage = Stage(
            seed=7,
            panel=self.panel,
            state=SandboxState(),
            true_clock=self.clock,
            sleep=self.clock.sleep,
        )
        self._mortal = _Mortal(self, stage)
        self.strict = StrictServer(
            self._mortal, token=SANDBOX_TOKEN, host="localhost", clock=self.now
        )
        self.ledger = Ledger(self.data_dir, clock=self.now)
        self.runs = 0

    def run(self, key: str, **data: Any) -> object:
        """Execute an operation as a step does, with up to two retries; its output, or its error."""
        self.runs += 1
        result: object = None
        for attempt in (1, 2, 3):
            try:
                return asyncio.run(self._execute(key, data, attempt))
            except OperationError as error:
                result = error
                if error.kind not in TO_RETRY:
                    return error
                self.clock.now += error.retry_after or timedelta(seconds=2)
            except Killed as killed:
                return killed
        return result

    async def _execute(self, key: str, data: dict[str, Any], attempt: int) -> object:
        operation = open_banking_operations().get(key)
        assert operation is not None
        self._mortal.calls = 0
        context = OperationContext(
            input=operation.read_input(data),
            data=data,
            run_id=f"run-{self.runs}",
            workflow_key="a.workflow",
            workflow_version="1.0.0",
            workflow_digest="-",
            step_id="step",
            attempt=attempt,
            resources={
                OPEN_BANKING: BankAccess(
                    open_provider=self._open, clock=self.now, tenant_id="home", policy=self.policy
                ),
                LEDGER: self.ledger,
            },
            log=logging.getLogger("careful"),
        )
        return await operation.execute(context)

    def _open(self) -> OpenBankingProvider:
        return open_powens(
            base_url="http://localhost/2.0",
            token=SecretStr(SANDBOX_TOKEN),
            identity_key=KEY,
            quota=Quota(30, self.data_dir / "calls.json"),
            transport=httpx.ASGITransport(app=self.strict),
            clock=self.now,
            sleep=self.clock.sleep,
        )

    def published(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the published file."""
        with self.ledger.reader() as reader:
            return reader.rows(sql)


class _Mortal:
    """ASGI middleware during whose calls the process may die."""

    def __init__(self, home: Careful, app: Stage) -> None:
        self.calls = 0
        self._home = home
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadly = self._home.kill_at
        self.calls += 1
        if deadly is not None and deadly == 2 * self.calls:
            raise Killed
        await self._app(scope, receive, send)
        if deadly is not None and deadly == 2 * self.calls + 1:
            raise Killed
