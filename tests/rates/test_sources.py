"""Which file is fetched, what is said when it cannot be, and that the sandbox fetches nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest

from pfo_dagster.config import Settings
from pfo_dagster.definitions import build
from pfo_dagster.ledger import Ledger
from pfo_dagster.operations.reference_rates import update_reference_rates
from pfo_dagster.rates import RatesError, ecb_rates, sample_rates
from tests.ledger.builders import NOON, empty_ledger
from tests.rates.test_ecb import CSV, XML, zipped

FRIDAY = date(2026, 11, 20)
FILES = {
    "/fx/eurofxref-daily.xml": XML.encode(),
    "/fx/eurofxref-hist-90d.xml": XML.encode(),
    "/fx/eurofxref-hist.zip": zipped(csv=CSV),
}


class Site(BaseHTTPRequestHandler):
    """The European Central Bank's site, as far as we know it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        content = FILES.get(self.path)
        self.send_response(200 if content else 503)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Stay quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.asked = []
    server = HTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/fx/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("newest", "document"),
    [
        (None, "eurofxref-hist.zip"),
        (FRIDAY - timedelta(days=81), "eurofxref-hist.zip"),
        (FRIDAY - timedelta(days=80), "eurofxref-hist-90d.xml"),
        (FRIDAY - timedelta(days=2), "eurofxref-hist-90d.xml"),
        (FRIDAY - timedelta(days=1), "eurofxref-daily.xml"),
        (FRIDAY, "eurofxref-daily.xml"),
    ],
)
def test_the_smallest_file_that_closes_the_gap_is_fetched(
    site: str, newest: date | None, document: str
) -> None:
    published = ecb_rates(site).fetch(newest, FRIDAY)
    assert published.document == document
    assert Site.asked == [f"/fx/{document}"]
    assert published.rates[0].day == FRIDAY


def test_on_monday_fridays_rates_are_the_last(site: str) -> None:
    monday = FRIDAY + timedelta(days=3)
    assert ecb_rates(site).fetch(FRIDAY, monday).document == "eurofxref-daily.xml"


def test_a_site_that_fails_is_named_and_nothing_is_recorded(site: str, tmp_path: Path) -> None:
    ledger = empty_ledger(tmp_path)
    for url, problem in ((f"{site}gone", "answered 503"), ("http://127.0.0.1:1", "PFO_RATES_URL")):
        with pytest.raises(RatesError, match=problem):
            update_reference_rates(ledger, ecb_rates(url), "run-1")
    assert not ledger.published_path.exists()


def test_rates_are_recorded_once_with_the_file_they_are_from(site: str, tmp_path: Path) -> None:
    ledger = empty_ledger(tmp_path)
    first = update_reference_rates(ledger, ecb_rates(site), "run-1")
    again = update_reference_rates(ledger, ecb_rates(site), "run-2")
    assert (first.document, first.added, first.newest_day) == ("eurofxref-hist.zip", 6, FRIDAY)
    # The second file has a rate of the first day's yen that the history did not have.
    assert (again.document, again.read, again.added) == ("eurofxref-daily.xml", 3, 0)
    with ledger.reader() as reader:
        [row] = reader.rows("FROM reference_rates WHERE currency = 'CYP'")
    assert (row["document"], row["run_id"], row["fetched_at"]) == (
        "eurofxref-hist.zip",
        "run-1",
        NOON,
    )


def test_the_sample_has_a_made_up_rate_for_each_business_day() -> None:
    rates = sample_rates().fetch(None, FRIDAY).rates
    days = {rate.day for rate in rates}
    assert max(days) == FRIDAY
    assert {day.weekday() for day in days} == set(range(5))
    assert len(rates) == len(days) * 5
    assert sample_rates().fetch(FRIDAY, FRIDAY + timedelta(days=2)).rates == ()


def test_in_the_sandbox_the_asset_records_the_sample_and_fetches_nothing(tmp_path: Path) -> None:
    settings = Settings(  # pyright: ignore[reportCallIssue]
        PFO_DATA_DIR=tmp_path, PFO_RATES_URL="http://127.0.0.1:1"
    )
    definitions = build(settings).definitions
    assert definitions.resolve_schedule_def("ecb_reference_rates_schedule")
    job = definitions.resolve_job_def("ecb_reference_rates_job")
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance)
    [made] = done.get_asset_materialization_events()
    assert made.asset_key == dg.AssetKey("ecb_reference_rates")
    with Ledger(tmp_path).reader() as reader:
        rows = reader.rows("SELECT DISTINCT source, run_id FROM reference_rates")
    assert rows == [{"source": "sample", "run_id": done.run_id}]
