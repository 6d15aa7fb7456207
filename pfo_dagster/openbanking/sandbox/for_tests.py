"""A sandbox on a socket whose clock stands still: what the fixture `powens_sandbox` gives a test.

Also for those who do not use pytest: `with serving() as sandbox: …`.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import SecretStr

from pfo_dagster.openbanking.sandbox.announcements import Announcer
from pfo_dagster.openbanking.sandbox.app import SANDBOX_TOKEN
from pfo_dagster.openbanking.sandbox.controls import (
    ControlPanel,
    Notify,
    Rule,
    clock_moved,
)
from pfo_dagster.openbanking.sandbox.faults import rule_added
from pfo_dagster.openbanking.sandbox.interventions import (
    delete_connection,
    delete_user,
    put_into_state,
)
from pfo_dagster.openbanking.sandbox.scenarios import scenario_set
from pfo_dagster.openbanking.sandbox.server import running
from pfo_dagster.openbanking.sandbox.stage import Stage
from pfo_dagster.openbanking.sandbox.state import SandboxState
from pfo_dagster.openbanking.sandbox.unreachable import (
    BEFORE_ANY_ANSWER,
    UNRESOLVED,
    distrusted,
    without_tls,
)
from pfo_dagster.openbanking.sandbox.webhooks import checked_receiver

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import timedelta

    from pfo_dagster.openbanking.sandbox.world import World

START = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
"""The time at which each test begins, unless it moves the clock."""
WEBHOOK_SECRET = SecretStr("sandbox-webhook-secret")
"""What webhooks are signed with."""


@dataclass(frozen=True, slots=True)
class PowensSandbox:
    """A sandbox that is being served. Its clock stands still unless it is moved."""

    base_url: str
    """What a client takes for Powens' address; ends in `/2.0`."""
    token: str
    stage: Stage
    announcer: Announcer
    _until_the_end: contextlib.ExitStack

    def scenario(self, name: str) -> None:
        """Choose a scenario; it begins now. Raises `ValueError` for a name there is not."""
        self.stage.panel.change(lambda controls: scenario_set(controls, name, START))

    def clock(self, to: str) -> None:
        """Move the clock: `+3d`, `2026-10-25T02:30` (in Paris), `reset`. Raises `ValueError`."""
        self.stage.panel.change(lambda controls: clock_moved(controls, to, START))

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.stage.panel.change(
            lambda controls: controls.model_copy(update={"clock_ahead": controls.clock_ahead + by})
        )

    @property
    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return self.stage.clock()

    def break_calls(
        self, breakage: str, *, path: str = "*", method: str = "*", times: int | None = 1
    ) -> None:
        """Let calls go wrong, `times` times (None: always). Raises `ValueError` for no breakage.

        What comes before any answer (`dns`, `tls`, `certificate`) is at the addresses of
        `unreachable`.
        """
        if breakage in BEFORE_ANY_ANSWER:
            raise ValueError(
                f"{breakage!r} comes before any answer, so that no rule of a served sandbox does "
                f"it: point your client at powens_sandbox.unreachable({breakage!r})."
            )
        rule = Rule(breakage=breakage, path=path, method=method, times=times)
        self.stage.panel.change(lambda controls: rule_added(controls, rule))

    def unreachable(self, how: str) -> str:
        """A base URL at which each call fails before an answer: `dns`, `tls` or `certificate`.

        The name cannot be resolved; no TLS is spoken there; the certificate is one that nobody
        trusts. Raises `ValueError` for anything else.
        """
        match how:
            case "dns":
                return UNRESOLVED
            case "tls":
                return without_tls(self.base_url)
            case "certificate":
                return self._until_the_end.enter_context(distrusted(self.stage))
            case _:
                known = ", ".join(BEFORE_ANY_ANSWER)
                raise ValueError(f"{how!r} is no way to be unreachable. Choose one of: {known}.")

    def limit(self, calls_per_minute: int | None) -> None:
        """Refuse what is beyond so many calls in all: the clock of the quota stands still."""
        self.stage.panel.change(
            lambda controls: controls.model_copy(update={"calls_per_minute": calls_per_minute})
        )

    def state(self, connection_id: int, word: str) -> None:
        """Put a connection into a state: Powens' word, or `ok` to mend it. Raises `ValueError`."""
        put_into_state(self.stage, connection_id, word)

    def delete_connection(self, connection_id: int) -> None:
        """Erase a connection with its accounts. Raises `ValueError` for one that there is not."""
        delete_connection(self.stage, connection_id)

    def delete_user(self) -> None:
        """Delete the user: from now on the token is refused."""
        delete_user(self.stage)

    def notify(self, to: str, *, copies: int = 1, late: bool = False) -> None:
        """Name the receiver that `tell` sends to: its address on this computer before the event.

        Each webhook is sent `copies` times; with `late`, each sync is followed by the one before.
        Raises `ValueError` for an address elsewhere.
        """
        chosen = Notify(to=checked_receiver(to), copies=copies, late=late)
        self.stage.panel.change(lambda controls: controls.model_copy(update={"notify": chosen}))

    def tell(self) -> Mapping[int, int]:
        """Send what came to be since the last time, signed; gives the answers by status.

        Only when it is asked, so that a test is the same each time. An async test awaits
        `announcer.tell()`, which is the same. Raises `ConnectionError` where nobody answers.
        """
        answers = asyncio.run(self.announcer.tell())
        return answers.by_status if answers else {}

    @property
    def webhook_secret(self) -> str:
        """What the webhooks are signed with."""
        return WEBHOOK_SECRET.get_secret_value()


@contextlib.contextmanager
def serving(world: World | None = None) -> Generator[PowensSandbox]:
    """A fresh sandbox on a free port of this computer, at `START`.

    It has its household of banks, or another `world`, which no scenario changes then.
    """
    stage = Stage(
        seed=2026,
        panel=ControlPanel(),
        state=SandboxState(),
        true_clock=lambda: START,
        world=world,
    )
    announcer = Announcer(stage, WEBHOOK_SECRET)
    with running(stage) as base_url, contextlib.ExitStack() as until_the_end:
        yield PowensSandbox(base_url, SANDBOX_TOKEN, stage, announcer, until_the_end)
