"""What a caller of the sandbox asked for, read from a request, or refused as by the real API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.fields import read_date, read_paris_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

MOST_ROWS: Final = 1000


class ApiError(Exception):
    """A refusal: an HTTP status, Powens' code word and its technical description."""

    def __init__(self, status: HTTPStatus, code: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description


@dataclass(frozen=True, slots=True)
class TransactionsQuery:
    """Which transactions are asked for. Dates are inclusive."""

    limit: int
    offset: int
    first: date | None
    last: date | None
    changed_after: datetime | None

    @classmethod
    def of(cls, request: Request) -> TransactionsQuery:
        """Read the query; raises `ApiError` for a missing limit and for values out of range."""
        asked = request.query_params
        if "limit" not in asked:
            raise ApiError(HTTPStatus.BAD_REQUEST, "missingParameter", "limit is required")
        changed_after = asked.get("last_update")
        return cls(
            limit=_number(asked["limit"], "limit", most=MOST_ROWS),
            offset=_number(asked.get("offset", "0"), "offset"),
            first=_date(asked.get("min_date"), "min_date"),
            last=_date(asked.get("max_date"), "max_date"),
            changed_after=_instant(changed_after) if changed_after else None,
        )

    def wants(self, day: date, changed_at: Callable[[], datetime]) -> bool:
        """Whether a transaction of that bank date is asked for; when it changed is seldom."""
        return (
            (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (self.changed_after is None or self.changed_after <= changed_at())
        )


def wants_all(request: Request) -> bool:
    """Whether deleted and disabled things are asked for; a flag without a value."""
    return "all" in request.query_params


def expands(request: Request, what: str) -> bool:
    """Whether `expand` names something; a comma joins several names."""
    return what in request.query_params.get("expand", "").split(",")


def period(request: Request, today: date) -> tuple[date, date]:
    """`min_date` and `max_date`, by default the current month."""
    first = _date(request.query_params.get("min_date"), "min_date") or today.replace(day=1)
    next_month = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
    last = _date(request.query_params.get("max_date"), "max_date")
    return first, last or next_month - timedelta(days=1)


def _number(value: str, name: str, *, most: int = 10**9) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= most):
        raise _invalid(name)
    return int(value)


def _date(value: str | None, name: str) -> date | None:
    try:
        return read_date(value) if value else None
    except ValueError:
        raise _invalid(name) from None


def _instant(value: str) -> datetime:
    try:
        return read_paris_instant(value)
    except ValueError:
        raise _invalid("last_update") from None


def _invalid(name: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, "invalidValue", f"{name} has an invalid value")
