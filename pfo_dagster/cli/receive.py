"""`pfo webhooks serve`: the receiver on a socket, its spool, and Dagster's storage behind it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
import uvicorn

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.automation.webhooks import keep_events, kept_events
from pfo_dagster.cli.console import out, reason, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY, FAILED
from pfo_dagster.config import load_settings
from pfo_dagster.dagster_home import use_dagster_home
from pfo_dagster.openbanking.powens.events import EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.resources import open_bank, utc_now

if TYPE_CHECKING:
    from pfo_dagster.config import Settings


def serve_webhooks(*, host: str, port: int, max_age_seconds: int, signed_prefix: str) -> None:
    """Serve until interrupted. Raises `ProviderError` where the user cannot be learnt."""
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
    with _listener(host, port) as listener:
        use_dagster_home(settings)
        spool = Spool(settings.data_dir / "webhooks")
        # uvicorn ends in order and then raises the signal again, which by default would end this
        # process before the last events are in the storage.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with dg.DagsterInstance.get() as instance, bringing(spool, partial(keep_events, instance)):
            known = [*kept_events(instance), *spool.waiting()]
            # Asked while the spool is brought in: what waits there may be that the user was
            # deleted, of whom Powens says nothing any more.
            believed = ReceiverSettings(
                secret=secret,
                user_id=asyncio.run(_user_id(settings)),
                max_age=timedelta(seconds=max_age_seconds),
                signed_prefix=signed_prefix,
            )
            app = receiver_app(believed, keep=spool.add, known=known, clock=utc_now)
            out.print(f"Receiving for user {believed.user_id} at:")
            for kind in EventKind:
                out.print(f"  http://{host}:{port}/webhooks/{kind}", soft_wrap=True)
            config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
            uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        problem = f"{host}:{port} cannot be listened at: {reason(error)}. Choose another --port."
        raise stop(problem, FAILED) from None


async def _user_id(settings: Settings) -> str:
    async with open_bank(settings) as bank:
        return await bank.user_id()
