"""The history before the first refresh, backfilled as the UI does: by the daemon, in one run."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from typing import Any

from tests.ui.server import DagsterServer

DAYS = 5
_A_FEW_LOOKS = 90.0

LAUNCH = """mutation ($days: [String!]!) { launchPartitionBackfill(backfillParams: {
    assetSelection: [{path: ["ledger", "computed_balances"]}], partitionNames: $days
}) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
} }"""
BACKFILL = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } runs { status tags { key value } } }
} }"""


def test_a_range_of_days_is_one_run_of_the_daemon(server: DagsterServer) -> None:
    refreshed = server.pfo("run", "pfo.workflow.refresh-openbanking-balances")
    assert refreshed.returncode == 0, refreshed.stderr
    before_today = [date.today() - timedelta(days=1 + n) for n in reversed(range(DAYS))]  # noqa: DTZ011 - the server's
    days = [f"{day}" for day in before_today]

    launched = server.ask(LAUNCH, days=days)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    ended = wait_for_its_end(server, launched["backfillId"])

    assert ended["status"] == "COMPLETED_SUCCESS", ended["error"]
    (run,) = ended["runs"]
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["dagster/asset_partition_range_start"] == days[0]
    assert tags["dagster/asset_partition_range_end"] == days[-1]
    found = server.pfo(
        "query",
        "--format",
        "json",
        "SELECT DISTINCT day::VARCHAR AS day FROM computed_balances ORDER BY day",
    )
    assert [row["day"] for row in json.loads(found.stdout)] == days


def wait_for_its_end(server: DagsterServer, backfill: str) -> dict[str, Any]:
    """What the backfill came to."""
    deadline = time.monotonic() + _A_FEW_LOOKS
    while True:
        found = server.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]
        if found["status"] not in ("REQUESTED", "IN_PROGRESS", "COMPLETING"):
            return found
        assert time.monotonic() < deadline, f"the daemon came to {found}"
        time.sleep(0.5)
