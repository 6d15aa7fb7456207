"""What `refresh` measures, each in a process of its own: `python -m benchmarks.refreshing WHAT`.

The banks are at `POWENS_BASE_URL`. The last line printed is the seconds of the work alone, without
the start of Python and its modules.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path

import httpx
from pydantic import SecretStr


def loop(base_url: str, token: str) -> float:
    """Make the calls one after the other, and keep nothing."""
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, timeout=300) as client:
        listing = client.get(f"{base_url}/users/me/connections?expand=connector").json()
        for connection in listing["connections"]:
            address = f"{base_url}/users/me/connections/{connection['id']}"
            client.put(f"{address}?psu_requested=false")
        client.get(f"{base_url}/users/me/accounts?all").json()
    return time.perf_counter() - began


def operation(base_url: str, token: str) -> float:
    """Refresh the balances as a step does, into a ledger that is published."""
    # Imported here, so that the loop's memory is that of httpx alone.
    from pfo_dagster.ledger import Ledger  # noqa: PLC0415
    from pfo_dagster.openbanking import open_powens  # noqa: PLC0415
    from pfo_dagster.operations import OperationContext  # noqa: PLC0415
    from pfo_dagster.operations.banking import open_banking_operations  # noqa: PLC0415
    from pfo_dagster.operations.banking.access import (  # noqa: PLC0415
        LEDGER,
        OPEN_BANKING,
        BankAccess,
    )
    from pfo_dagster.resources import utc_now  # noqa: PLC0415

    refresh = open_banking_operations().get("openbanking.balances.refresh")
    assert refresh is not None  # noqa: S101 - narrows
    access = BankAccess(
        open_provider=lambda: open_powens(
            base_url=base_url, token=SecretStr(token), identity_key=b"a key for benchmarks"
        ),
        clock=utc_now,
        tenant_id="benchmark",
    )
    context = OperationContext(
        input=refresh.read_input({}),
        data={},
        run_id="run",
        workflow_key="benchmark",
        workflow_version="1.0.0",
        workflow_digest="-",
        step_id="refresh-balances",
        attempt=1,
        resources={OPEN_BANKING: access, LEDGER: Ledger(Path(os.environ["PFO_DATA_DIR"]))},
        log=logging.getLogger("benchmark"),
    )
    began = time.perf_counter()
    asyncio.run(refresh.execute(context))
    return time.perf_counter() - began


def main() -> None:
    """Do what the argument says, and print the seconds."""
    what = {"loop": loop, "operation": operation}[sys.argv[1]]
    print(what(os.environ["POWENS_BASE_URL"], os.environ["POWENS_USER_TOKEN"]))  # noqa: T201


if __name__ == "__main__":
    main()
