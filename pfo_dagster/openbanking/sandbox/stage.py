"""The sandbox as its controls say, read anew for each call: its clock, scenario, rules and quota.

What `pfo run` uses without Powens, what `pfo sandbox serve` serves and what the pytest fixture
gives. `controls` are what it is set to; `app` answers the calls.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.sandbox.app import sandbox_app
from pfo_dagster.openbanking.sandbox.faults import Fault, breakage, misbehave
from pfo_dagster.openbanking.sandbox.interventions import (
    WORKS,
    interventions_of,
    put_into_state,
    world_after,
)
from pfo_dagster.openbanking.sandbox.scenarios import SCENARIOS
from pfo_dagster.openbanking.sandbox.unreachable import is_before_any_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

    from pfo_dagster.openbanking.sandbox.controls import ControlPanel, Rule
    from pfo_dagster.openbanking.sandbox.state import SandboxState
    from pfo_dagster.openbanking.sandbox.world import World

A_MINUTE: Final = timedelta(minutes=1)
_LOGGED: Final = 200
_VERSION: Final = "/2.0"
_PLAIN = re.compile(r"2\.0|[a-z_]{1,20}|\d{1,9}")
"""Parts of a path that are neither a token nor an account's number."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call that was answered. Its query and headers are not kept: they may hold secrets."""

    at: datetime
    method: str
    path: str
    """With dots for whatever in it may be a secret."""
    status: int | None
    """None where the connection was dropped."""
    because_of: str | None
    """The rule that made it go wrong."""


class Stage:
    """An ASGI app: the sandbox under its controls. Keeps no secret of those who call it.

    `true_clock` gives the time in UTC; the controls may move the sandbox's own. `world` is used in
    place of the scenario's. With `keeps_figures`, what is read here is kept by its reader, so that
    its clock cannot be put back behind what was read before: see `SandboxState.read_at`.
    """

    def __init__(
        self,
        *,
        seed: int,
        panel: ControlPanel,
        state: SandboxState,
        true_clock: Callable[[], datetime],
        world: World | None = None,
        keeps_figures: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.panel = panel
        self.state = state
        self.clock = panel.clock(true_clock)
        self.calls: deque[LoggedCall] = deque(maxlen=_LOGGED)
        self._seed = seed
        self._world = world
        self._keeps_figures = keeps_figures
        self._true_clock = true_clock
        self._sleep = sleep
        self._recent: deque[datetime] = deque()
        self._made: tuple[object, World, Starlette] | None = None

    @property
    def world(self) -> World:
        """The world as it is now."""
        return self._current()[0]

    def true_now(self) -> datetime:
        """The time in UTC that nobody moved."""
        return self._true_clock()

    def calls_in_the_last_minute(self) -> int:
        """How many calls count against the quota now."""
        now = self._true_clock()
        while self._recent and self._recent[0] <= now - A_MINUTE:
            self._recent.popleft()
        return len(self._recent)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, well or badly."""
        if scope["type"] != "http":
            return
        if self._keeps_figures:
            self.state.read_at(self.clock())
        _, app = self._current()
        method, path = str(scope["method"]), str(scope["path"])
        fault = self._over_quota() if path.startswith(_VERSION) else None
        because_of = "calls-per-minute" if fault else None
        if fault is None and (rule := self._rule_for(method, path)):
            fault, because_of = breakage(rule.breakage), rule.breakage
        statuses: list[int] = []

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(int(message["status"]))
            await send(message)

        try:
            if fault is None or not await misbehave(fault, noted, self._sleep):
                await app(scope, receive, noted)
        finally:
            status = statuses[0] if statuses and not (fault and fault.drop) else None
            call = LoggedCall(self.clock(), method, _without_secrets(path), status, because_of)
            self.calls.append(call)
            _log.info("%s %s: %s", call.method, call.path, status or "dropped")

    def _current(self) -> tuple[World, Starlette]:
        controls = self.panel.read()
        key = (controls.scenario, controls.turn, interventions_of(controls))
        if self._made is None or self._made[0] != key:
            planned = self._world or SCENARIOS[controls.scenario].world(self._seed, controls.turn)
            world = world_after(planned, controls)
            app = sandbox_app(
                world=world,
                clock=self.clock,
                state=self.state,
                user_created=self._user_created,
                reconnected=lambda connection_id: put_into_state(self, connection_id, WORKS),
            )
            self._made = (key, world, app)
        return self._made[1:]

    def _user_created(self) -> None:
        """One who was deleted is there again, with the household's banks: there is no other."""
        if self.panel.read().user_deleted:
            self.panel.change(lambda now: now.model_copy(update={"user_deleted": False}))

    def _over_quota(self) -> Fault | None:
        most = self.panel.read().calls_per_minute
        if most is None:
            return None
        if self.calls_in_the_last_minute() < most:
            self._recent.append(self._true_clock())
            return None
        wait = self._recent[0] + A_MINUTE - self._true_clock() if self._recent else A_MINUTE
        headers: Mapping[str, str] = {"Retry-After": str(max(1, round(wait.total_seconds() + 0.5)))}
        return Fault(status=429, code="tooManyRequests", headers=headers)

    def _rule_for(self, method: str, path: str) -> Rule | None:
        return self.panel.take_rule(
            lambda rule: rule.concerns(method, path) and not is_before_any_answer(rule)
        )


def _without_secrets(path: str) -> str:
    parts = path.split("/")
    return "/".join(part if not part or _PLAIN.fullmatch(part) else "…" for part in parts)
