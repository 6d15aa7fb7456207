"""Where reference rates come from: the European Central Bank's site, or a sample that is made up.

The sample is for the sandbox, which fetches nothing: one week of invented rates in the bank's own
format (`sample.csv`), laid over the business days of the last year or so. Its source is named
`sample` everywhere, and it is never applied to a real balance.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal

import httpx

from pfo_dagster.rates.ecb import EVER_PUBLISHED, RatesError, ReferenceRate, read_document

if TYPE_CHECKING:
    from collections.abc import Callable

DAILY: Final = "eurofxref-daily.xml"
LAST_90_DAYS: Final = "eurofxref-hist-90d.xml"
HISTORY: Final = "eurofxref-hist.zip"

_SAMPLE: Final = "sample.csv"
_SAMPLE_DAYS: Final = 400
_SATURDAY: Final = 5
# Less than the 90 days that the file has, so that holidays at its beginning do not matter.
_WITHIN_90_DAYS: Final = timedelta(days=80)
_TIMEOUT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Publication:
    """One file of rates, read."""

    document: str
    document_hash: str
    rates: tuple[ReferenceRate, ...]


@dataclass(frozen=True, slots=True)
class RateSource:
    """A source of rates by its name in the ledger.

    `fetch(newest, today)` gives what was published after the day `newest` (None: all there is),
    and may give more. It raises `RatesError`.
    """

    name: Literal["ecb", "sample"]
    fetch: Callable[[date | None, date], Publication]


def ecb_rates(base_url: str) -> RateSource:
    """The European Central Bank's files below `base_url`, the smallest that closes the gap."""

    def fetch(newest: date | None, today: date) -> Publication:
        document = _smallest_document(newest, today)
        content = _download(f"{base_url.rstrip('/')}/{document}")
        return _publication(document, content)

    return RateSource("ecb", fetch)


def sample_rates() -> RateSource:
    """Made-up rates for each business day up to today."""

    def fetch(newest: date | None, today: date) -> Publication:
        first = today - timedelta(days=_SAMPLE_DAYS)
        week = _sample()
        by_weekday: dict[int, list[ReferenceRate]] = {}
        for rate in week.rates:
            by_weekday.setdefault(rate.day.weekday(), []).append(rate)
        days = (first + timedelta(days=number) for number in range(_SAMPLE_DAYS + 1))
        rates = [
            replace(rate, day=day)
            for day in days
            if newest is None or day > newest
            for rate in by_weekday.get(day.weekday(), ())
        ]
        return replace(week, rates=tuple(rates))

    return RateSource("sample", fetch)


def published_currencies(source: str) -> frozenset[str]:
    """The currencies that a source, by its name in the ledger, can have rates of."""
    if source == "sample":
        return frozenset(rate.currency for rate in _sample().rates)
    return EVER_PUBLISHED


def _sample() -> Publication:
    return _publication(
        _SAMPLE, resources.files("pfo_dagster.rates").joinpath(_SAMPLE).read_bytes()
    )


def _smallest_document(newest: date | None, today: date) -> str:
    if newest is None or today - newest > _WITHIN_90_DAYS:
        return HISTORY
    return DAILY if newest >= _business_day_before(today) else LAST_90_DAYS


def _business_day_before(day: date) -> date:
    before = day - timedelta(days=1)
    while before.weekday() >= _SATURDAY:
        before -= timedelta(days=1)
    return before


def _download(url: str) -> bytes:
    try:
        answer = httpx.get(url, timeout=_TIMEOUT_SECONDS, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise RatesError(f"{url} answered {error.response.status_code}; try again later.") from None
    except httpx.HTTPError as error:
        raise RatesError(
            f"{url} could not be reached ({error or type(error).__name__}): check the network, or"
            " set PFO_RATES_URL to a mirror."
        ) from None
    return answer.content


def _publication(document: str, content: bytes) -> Publication:
    rates = read_document(content, document)
    return Publication(document, hashlib.sha256(content).hexdigest(), tuple(rates))
