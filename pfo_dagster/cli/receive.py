"""`pfo webhooks serve`: the receiver on a socket, its spool, and Dagster's storage behind it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import dagster as dg
import uvicorn

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.automation.webhooks import keep_events, kept_events
from pfo_dagster.cli.console import out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.cli.listening import listen
from pfo_dagster.config import load_settings
from pfo_dagster.dagster_home import use_dagster_home
from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.events import EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.resources import open_bank, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pfo_dagster.config import Settings
    from pfo_dagster.openbanking.powens.events import BankEvent

_ASK_AGAIN_AFTER: Final = 30.0
"""Seconds until Powens is asked again for the user that it did not name."""


def serve_webhooks(*, host: str, port: int, max_age_seconds: int, signed_prefix: str) -> None:
    """Serve until interrupted. Raises `ProviderError` where the token is refused.

    While Powens does not answer, whatever is signed is kept, and compared with the user later.
    """
    settings = load_settings()
    secret = settings.powens_webhook_secret
    if secret is None:
        problem = (
            "POWENS_WEBHOOK_SECRET is not set, without which nobody can tell who sent a webhook. "
            "It is the secret_key that Powens gave when the HMAC signature was set up."
        )
        raise stop(problem, CALLED_WRONGLY)
    # What others log at this level is of no use here: each step of making Dagster's tables.
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("pfo_dagster").setLevel(logging.INFO)
    # Ctrl-C is how a server is ended: uvicorn ends in order, and raises it again.
    with listen("The receiver", host, port) as listener, suppress(KeyboardInterrupt):
        use_dagster_home(settings)
        spool = Spool(settings.data_dir / "webhooks")
        # So with this one, which by default would end the process before the last events are in
        # the storage.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with dg.DagsterInstance.get() as instance:
            storage = OurStorage(instance, lambda: asyncio.run(_user_id(settings)))
            with bringing(spool, storage.keep):
                known = [*kept_events(instance), *spool.waiting()]
                # Asked while the spool is brought in: what waits there may be that the user was
                # deleted, of whom Powens says nothing any more.
                believed = ReceiverSettings(
                    secret=secret,
                    user_id=_user_if_there(storage),
                    max_age=timedelta(seconds=max_age_seconds),
                    signed_prefix=signed_prefix,
                )
                app = receiver_app(believed, keep=spool.add, known=known, clock=utc_now)
                out.print(f"Receiving for user {believed.user_id or '(not known yet)'} at:")
                for kind in EventKind:
                    out.print(f"  http://{host}:{port}/webhooks/{kind}", soft_wrap=True)
                config = uvicorn.Config(
                    app, log_level="warning", access_log=False, server_header=False
                )
                uvicorn.Server(config).run(sockets=[listener])


def _user_if_there(storage: OurStorage) -> str | None:
    """The user, or None while Powens cannot be asked."""
    try:
        return storage.user_id()
    except ProviderError as error:
        if error.kind not in {ErrorKind.RETRYABLE, ErrorKind.RATE_LIMITED}:
            raise
        out.print(f"{error}", markup=False, soft_wrap=True)
        out.print("Until Powens answers, all signed webhooks are kept, and none is acted on.")
        return None


@dataclass(slots=True)
class OurStorage:
    """Dagster's storage, for the events of one user, whose id `ask` gets from Powens."""

    instance: dg.DagsterInstance
    ask: Callable[[], str]
    clock: Callable[[], float] = time.monotonic
    """In seconds."""
    _user_id: str | None = None
    _ask_from: float = float("-inf")

    def keep(self, events: Sequence[BankEvent]) -> None:
        """Keep what is ours for good. Raises where it cannot be, or nobody knows what is ours."""
        if any(event.user_id is not None for event in events):
            user_id = self.user_id()
            events = [event.compared() for event in events if event.may_be_of(user_id)]
        if events:
            keep_events(self.instance, events)

    def user_id(self) -> str:
        """The user, asked for now and then until somebody says. Raises `ProviderError`."""
        if self._user_id is None:
            if self.clock() < self._ask_from:
                raise ProviderError("Powens was asked just now.", kind=ErrorKind.RETRYABLE)
            self._ask_from = self.clock() + _ASK_AGAIN_AFTER
            self._user_id = self.ask()
        return self._user_id


async def _user_id(settings: Settings) -> str:
    async with open_bank(settings) as bank:
        return await bank.user_id()
