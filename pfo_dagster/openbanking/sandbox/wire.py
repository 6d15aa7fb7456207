"""The sandbox's objects written down the way Powens does. Pure; called by `app`.

Times are wall-clock times of Paris without an offset, amounts JSON numbers with all their digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

from pfo_dagster.openbanking.powens.fields import PARIS, paris_wall_clock

if TYPE_CHECKING:
    from datetime import date, datetime

    from pfo_dagster.openbanking.sandbox.books import DailyBalance, Figures
    from pfo_dagster.openbanking.sandbox.history import Entry
    from pfo_dagster.openbanking.sandbox.timeline import Timeline
    from pfo_dagster.openbanking.sandbox.world import AccountPlan, ConnectionPlan, World

CURRENCIES: Final[Mapping[str, tuple[str, str, int, bool]]] = {
    "EUR": ("Euro", "€", 2, False),
    "USD": ("US Dollar", "$", 2, False),
    "CHF": ("Swiss Franc", "CHF", 2, False),
    "JPY": ("Japanese Yen", "¥", 0, False),
    "BTC": ("Bitcoin", "₿", 8, True),
}
"""Name, symbol, decimals, and whether it is a coin."""

ACCOUNT_TYPES: Final = (
    "checking", "joint", "savings", "livret_a", "pel", "card", "loan", "market", "lifeinsurance",
    "unknown",
)  # fmt: skip
"""The account types that are made up here; an id is the place in this list, from 1."""


JsonObject = dict[str, object]
Period = tuple["date", "date"]


def dumps(value: object) -> bytes:
    """JSON with `Decimal` as a number, digit for digit: the standard encoder knows only floats."""
    return _json(value).encode()


def error_envelope(code: str, description: str, *, request_id: str) -> JsonObject:
    """The body of an error (reference: *ServiceError*)."""
    return {"code": code, "description": description, "message": None, "request_id": request_id}


def currency(code: str) -> JsonObject:
    """A currency; one that is not known here has two decimals."""
    name, symbol, precision, crypto = CURRENCIES.get(code, (code, code, 2, False))
    return {"id": code, "name": name, "symbol": symbol, "precision": precision, "crypto": crypto}


def account_type(place: int) -> JsonObject:
    """The account type at a place of `ACCOUNT_TYPES`."""
    name = ACCOUNT_TYPES[place]
    return {
        "id": place + 1,
        "name": name,
        "id_parent": None,
        "is_invest": name in {"market", "lifeinsurance"},
        "display_name": name,
        "display_name_p": name,
    }


def account(plan: AccountPlan, figures: Figures, user_id: int) -> JsonObject:
    """An account (reference: *BankAccount*)."""
    kind = plan.kind if plan.kind in ACCOUNT_TYPES else "unknown"
    return {
        "id": plan.account_id,
        "id_connection": plan.connection_id,
        "id_user": user_id,
        "id_source": plan.connection_id,
        "id_parent": plan.parent_id,
        "id_type": ACCOUNT_TYPES.index(kind) + 1,
        "type": plan.kind,
        "name": plan.name,
        "original_name": plan.name.upper(),
        "usage": plan.usage,
        "display": plan.display,
        "bookmarked": 0,
        "number": plan.number,
        "iban": plan.iban,
        "currency": currency(plan.currency),
        "balance": figures.balance,
        "coming": figures.coming,
        "last_update": _time(figures.last_update),
        "deleted": _time(figures.deleted_at),
        "disabled": _time(figures.disabled_at),
        "loan": None,
        "error": plan.error,
    }


def connection(
    plan: ConnectionPlan, timeline: Timeline, world: World, now: datetime, *, with_connector: bool
) -> JsonObject:
    """A connection (reference: *Connection*), with its bank where that was asked for."""
    last_update = timeline.last_update(now)
    stopped = plan.state_at(now)
    state = stopped or ("validating" if timeline.is_syncing(now) else None)
    lapsed = stopped in {"SCARequired", "webauthRequired"}
    consent_ends = last_update + timedelta(days=1 if lapsed else 90)
    return {
        "id": plan.connection_id,
        "id_user": world.user_id,
        "id_connector": plan.connector_id,
        "connector_uuid": plan.connector_uuid,
        "state": state,
        "error": state,
        "error_message": plan.error_message if stopped else None,
        "fields": None,
        "active": plan.active,
        "created": paris_wall_clock(world.began),
        "last_update": _time(last_update),
        "last_push": None,
        "next_try": _time(timeline.next_try(now)),
        "expire": _time(consent_ends),
        "connector": _connector(plan) if with_connector else None,
    }


def transaction(entry: Entry, plan: AccountPlan, timeline: Timeline, now: datetime) -> JsonObject:
    """A transaction as of `now` (reference: *Transaction*)."""
    return {
        "id": entry.entry_id,
        "id_account": plan.account_id,
        "date": f"{entry.day}",
        "rdate": f"{entry.seen_at.astimezone(PARIS).date()}",
        "application_date": f"{entry.day}",
        "vdate": None,
        "bdate": None,
        "datetime": f"{entry.seen_at:%Y-%m-%d %H:%M:%S}",
        "value": entry.value,
        "gross_value": None,
        "original_value": None,
        "original_currency": None,
        "type": entry.kind,
        "wording": entry.wording.title(),
        "simplified_wording": entry.wording,
        "original_wording": entry.wording,
        "date_scraped": paris_wall_clock(timeline.learnt_at(entry.seen_at)),
        "last_update": paris_wall_clock(changed_at(entry, timeline, now)),
        "coming": _is_coming(entry, timeline, now),
        "active": True,
        "deleted": None,
        "card": None,
        "counterparty": None,
    }


def changed_at(entry: Entry, timeline: Timeline, now: datetime) -> datetime:
    """When the provider learnt of the transaction, or that it is not *coming* any more."""
    coming = _is_coming(entry, timeline, now)
    return timeline.learnt_at(entry.seen_at if coming else entry.booked_at)


def balance_groups(
    plan: AccountPlan, days: Sequence[DailyBalance], asked: Period, available: Period
) -> JsonObject:
    """The computed balances of a period (reference: *BalanceGroupsList*), as one group."""
    start, end = asked
    movements = [later.balance - earlier.balance for earlier, later in pairwise(days)]
    sums = {
        "balance": days[-1].balance if days else None,
        "expenses": sum((move for move in movements if move < 0), Decimal(0)),
        "incomes": sum((move for move in movements if move > 0), Decimal(0)),
        "remains": sum(movements, Decimal(0)),
    }
    group = {
        "min_date": f"{start}",
        "max_date": f"{end}",
        "currencies": [{**currency(plan.currency), **sums}],
        "daily_balances": [{"date": f"{day.day}", "balance": day.balance} for day in days],
    }
    return {
        "balances": [group],
        "first_date": f"{available[0]}",
        "last_date": f"{available[1]}",
        "result_min_date": f"{start}",
        "result_max_date": f"{end}",
    }


def links(path: str, asked: Sequence[tuple[str, str]], following: int | None) -> JsonObject:
    """The links of a page: the next one, if any, starts at row `following`."""
    kept = [(name, value) for name, value in asked if name != "offset"]
    there = f"{path}?{urlencode([*kept, ('offset', str(following))])}"
    return {"self": None, "prev": None, "next": None if following is None else {"href": there}}


def _is_coming(entry: Entry, timeline: Timeline, now: datetime) -> bool:
    return entry.booked_at > timeline.last_update(now)


def _connector(plan: ConnectionPlan) -> JsonObject:
    return {
        "id": plan.connector_id,
        "uuid": plan.connector_uuid,
        "name": plan.institution,
        "hidden": False,
    }


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else paris_wall_clock(instant)


def _json(value: object) -> str:
    # The commonest first: a listing of ten thousand accounts has half a million values.
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value).items()
        return (
            "{" + ",".join(f"{encode_basestring(key)}:{_json(item)}" for key, item in members) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, cast("Sequence[object]", value))) + "]"
    return json.dumps(value, ensure_ascii=False)
