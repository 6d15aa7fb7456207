"""Powens tells something: over HTTP, through spool, storage and sensor, to the runs that follow."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg
import httpx
from pydantic import SecretStr

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.automation.webhooks import keep_events
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from pfo_dagster.resources import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.workflows.household import Household

SECRET = SecretStr("hook-secret")


def told(
    home: Household, event: str, *contents: int | Mapping[str, Any]
) -> Sequence[dg.ExecuteInProcessResult]:
    """Send webhooks, let the sensor look once, and execute what it asks for.

    A number is the id of a deletion's subject; other events have more to tell.
    """
    spool = Spool(home.data_dir / "webhooks")
    path = f"/webhooks/{event}"
    settings = ReceiverSettings(secret=SECRET, user_id="1")
    definitions = home.project().definitions
    sensor = definitions.resolve_sensor_def("powens_webhooks")
    with dg.DagsterInstance.ephemeral() as instance:
        keep = partial(keep_events, instance)
        app = receiver_app(settings, keep=spool.add, clock=utc_now)
        with listening(app) as address, bringing(spool, keep, every=0.01):
            for content in contents:
                said = {"id": content} if isinstance(content, int) else content
                body = json.dumps(said).encode()
                signature = sign(SECRET, path=path, date="0", body=body)
                headers = {DATE_HEADER: "0", SIGNATURE_HEADER: signature}
                httpx.post(address + path, content=body, headers=headers).raise_for_status()
        repository = definitions.get_repository_def()
        with dg.build_sensor_context(
            instance=instance, repository_def=repository, resources={"ledger": home.ledger}
        ) as context:
            tick = sensor.evaluate_tick(context)
        return [
            home.execute(request.job_name or "", request.run_config, instance=instance)
            for request in tick.run_requests or ()
        ]
