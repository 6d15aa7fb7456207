"""`pfo webhooks serve` in a process of its own, and webhooks full of what must never be kept."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from tests.privacy.bank import HOLDER, HOOK_SECRET, IBAN, LINK, plant
from tests.processes import PFO


def receive_a_burst(folder: Path, settings: Mapping[str, str]) -> None:
    """Webhooks that are believed and kept, and some that are not; says all in `receiver.log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PFO_DATA_DIR": str(folder / "data"),
        "DAGSTER_HOME": str(folder / "dagster"),
        **settings,
    }
    serving = [*PFO, "webhooks", "serve", "--port", str(port)]
    with (
        (folder / "receiver.log").open("wb") as printed,
        subprocess.Popen(  # noqa: S603 - ours
            serving, env=environment, stdout=printed, stderr=printed
        ) as receiver,
    ):
        address = f"http://127.0.0.1:{port}"
        wait_until_it_listens(address, receiver)
        statuses = [send(address, number) for number in range(40)]
        receiver.send_signal(signal.SIGINT)
        assert receiver.wait(20) == 0, "Ctrl-C is how a server is ended"
    assert statuses.count(200) >= 30, statuses


def wait_until_it_listens(address: str, receiver: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 60
    while receiver.poll() is None and time.monotonic() < ends:
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the receiver of webhooks does not listen")


def send(address: str, number: int) -> int:
    """Every fourth has a wrong signature, or a body that is none."""
    connection = plant({"id": 7, "id_user": 1, "state": None, "accounts": [plant({"iban": IBAN})]})
    connection |= {"last_update": f"2026-11-20 12:{number:02}:00"}
    body = json.dumps({"user": {"id": 1, "name": HOLDER}, "connection": connection}).encode()
    if number % 8 == 3:
        body = f"{{{LINK} {IBAN}".encode()
    path, date = "/webhooks/connection-synced", "2026-11-20T12:00:00Z"
    secret = HOOK_SECRET if number % 8 != 7 else "another"
    signature = sign(SecretStr(secret), path=path, date=date, body=body)
    headers = {SIGNATURE_HEADER: signature, DATE_HEADER: date}
    return httpx.post(address + path, content=body, headers=headers).status_code
