"""Rows of Powens' answers as canonical records: tolerant of shape, strict about money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pfo_dagster.openbanking import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.connections import read_connection, read_connections
from pfo_dagster.openbanking.powens.json_text import decode
from pfo_dagster.openbanking.powens.mapping import (
    AccountReader,
    read_totals,
    read_transactions,
)
from pfo_dagster.openbanking.powens.states import user_action
from pfo_dagster.openbanking.records import Account, ConnectionState, Rejected
from tests.openbanking.support import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 11, 21, tzinfo=UTC)
IBAN = "FR7630006000011234567890189"

ACCOUNT = {
    "id": 17,
    "id_connection": 7,
    "id_user": 1,
    "id_parent": 16,
    "name": "Compte courant",
    "type": "Checking",
    "usage": "PRIV",
    "display": True,
    "bookmarked": 1,
    "balance": Decimal("2893.36"),
    "coming": Decimal("-2702.74"),
    "currency": {"id": "EUR", "name": "Euro", "symbol": "€", "precision": 2, "marketcap": None},
    "iban": IBAN,
    "number": "1234567890189",
    "last_update": "2026-03-18 05:10:00",
    "deleted": None,
    "disabled": None,
    "webid": "x",
}
CONNECTION = {
    "id": 7,
    "id_user": 1,
    "state": None,
    "last_update": "2026-03-18 05:10:00",
    "next_try": "2026-03-19 05:10:00",
    "expire": "2026-08-01 00:00:00",
    "active": True,
    "connector": {"name": "Banque des Lilas"},
}
TRANSACTION = {
    "id": 900,
    "id_account": 17,
    "date": "2026-03-17",
    "rdate": "2026-03-16",
    "value": Decimal("-12.50"),
    "type": "card",
    "wording": "Cafe des Arts",
    "coming": False,
    "active": True,
    "last_update": "2026-03-18 05:10:00",
}


def read_accounts(
    rows: Iterable[object], *, provider: str, identity_key: bytes, now: datetime
) -> tuple[tuple[Account, ...], tuple[Rejected, ...]]:
    reader = AccountReader(provider=provider, identity_key=identity_key, now=now)
    for row in rows:
        reader.take(row)
    return reader.accounts, tuple(reader.rejected)


def account(**changes: object) -> Account:
    accounts, _ = read_accounts([{**ACCOUNT, **changes}], provider="p", identity_key=KEY, now=NOW)
    return accounts[0]


def rejected_account(**changes: object) -> Rejected:
    accounts, rejected = read_accounts(
        [{**ACCOUNT, **changes}], provider="p", identity_key=KEY, now=NOW
    )
    assert accounts == ()
    return rejected[0]


def state_of(**changes: object) -> tuple[ConnectionState, str | None]:
    connection = read_connection({**CONNECTION, **changes}, provider="p")
    return connection.state, connection.state_detail


def test_an_account_is_mapped_field_by_field() -> None:
    assert account() == Account(
        provider="p",
        account_id="17",
        connection_id="7",
        user_id="1",
        parent_account_id="16",
        name="Compte courant",
        account_type="checking",
        usage="PRIV",
        currency="EUR",
        currency_precision=2,
        balance=Decimal("2893.36"),
        coming=Decimal("-2702.74"),
        iban_masked="FR76…0189",
        iban_hash="b2d187399b348c8c1d29345625bdf507e34b3303e318af92924c0db4ec3e98ce",
        number_masked="…0189",
        display=True,
        last_update=datetime(2026, 3, 18, 4, 10, tzinfo=UTC),
        disabled_at=None,
        deleted_at=None,
        error=None,
        payload_hash="0284dad99fc02ce598d21527f9e010f638e8f241f91d58d54cdb502798791afc",
    )


def test_an_account_of_nothing_but_an_id_is_one() -> None:
    (only,), rejected = read_accounts([{"id": "17"}], provider="p", identity_key=KEY, now=NOW)
    assert rejected == ()
    assert (only.account_id, only.account_type, only.balance) == ("17", "unknown", None)
    assert only.display
    assert only.is_active


def test_trap_6_a_null_balance_is_not_zero() -> None:
    assert account(balance=None).balance is None
    assert account(balance=Decimal("0.00")).balance == 0


def test_trap_7_the_currency_is_an_object_and_never_text() -> None:
    assert account().currency == "EUR"
    refused = rejected_account(currency="EUR")
    assert refused == Rejected(
        relation="accounts",
        record_id="17",
        reason="currency: expected an object",
        payload_hash=refused.payload_hash,
    )


def test_a_refused_row_is_known_when_it_comes_again_whatever_the_order_of_its_keys() -> None:
    row = {**ACCOUNT, "balance": Decimal("NaN")}
    turned = dict(reversed(row.items()))
    other = {**row, "balance": Decimal("Infinity")}
    _, refused = read_accounts([row, turned, other], provider="p", identity_key=KEY, now=NOW)
    hashes = [one.payload_hash for one in refused]
    assert hashes[0] is not None
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_account_without_currency_stays_but_its_figures_are_quarantined() -> None:
    rows = [{**ACCOUNT, "currency": None}]
    (kept,), (refused,) = read_accounts(rows, provider="p", identity_key=KEY, now=NOW)
    assert (kept.balance, kept.coming, kept.currency) == (None, None, None)
    assert refused.record_id == "17"
    assert "currency: missing" in refused.reason


def test_an_account_without_currency_and_figures_is_in_order() -> None:
    rows = [{**ACCOUNT, "currency": None, "balance": None, "coming": None}]
    accounts, rejected = read_accounts(rows, provider="p", identity_key=KEY, now=NOW)
    assert len(accounts) == 1
    assert rejected == ()


@pytest.mark.parametrize("amount", [b"NaN", b"Infinity", b'"many"', b"0.1234567890123", b"true"])
def test_a_row_with_an_impossible_amount_is_refused_and_the_others_go_on(amount: bytes) -> None:
    rows = [{**ACCOUNT, "id": 1, "balance": decode(amount)}, {**ACCOUNT, "id": 2}]
    (good,), (bad,) = read_accounts(rows, provider="p", identity_key=KEY, now=NOW)
    assert good.account_id == "2"
    assert bad.record_id == "1"
    assert bad.reason.startswith("balance: ")


@pytest.mark.parametrize("precision", [-1, 19, 10**30, 2.5, "two"])
def test_decimals_that_no_currency_has_are_refused_with_their_row(precision: object) -> None:
    refused = rejected_account(currency={"id": "EUR", "precision": precision})
    assert refused.reason.startswith("currency.precision: ")


def test_rows_that_are_no_rows_are_refused_with_a_reason() -> None:
    accounts, rejected = read_accounts(
        [None, [], {"id": None}], provider="p", identity_key=KEY, now=NOW
    )
    assert accounts == ()
    assert [row.reason for row in rejected[:2]] == ["row: expected an object"] * 2
    assert rejected[2].reason == "id: expected an id: a whole number"


def test_a_refusal_never_quotes_the_value() -> None:
    refused = rejected_account(balance=IBAN, last_update=IBAN, currency=IBAN)
    assert IBAN not in refused.reason
    assert refused.reason.count(";") == 2


def test_trap_13_an_account_under_a_new_id_has_the_same_hash() -> None:
    spaced = " ".join(IBAN[place : place + 4] for place in range(0, len(IBAN), 4)).lower()
    renumbered = account(id=99, iban=spaced)
    assert renumbered.account_id != account().account_id
    assert renumbered.iban_hash == account().iban_hash
    (other_key,), _ = read_accounts([ACCOUNT], provider="p", identity_key=b"another key", now=NOW)
    assert other_key.iban_hash != account().iban_hash


def test_trap_14_disabled_and_deleted_accounts_are_kept_with_their_dates() -> None:
    disabled = account(disabled="2026-02-01 10:00:00")
    deleted = account(deleted="2026-02-01 10:00:00")
    assert disabled.disabled_at == deleted.deleted_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert not disabled.is_active
    assert not deleted.is_active


def test_trap_16_an_account_tells_of_its_own_error() -> None:
    assert account(error="websiteUnavailable").error == "websiteUnavailable"
    assert account(error="see https://bank.example/?state=secret").error == "unreadable"


def test_trap_18_what_totals_need_to_know_is_there() -> None:
    card = account(display=0, type="card")
    assert (card.display, card.parent_account_id, card.account_type) == (False, "16", "card")


@pytest.mark.parametrize(("sent", "read"), [(0, False), (1, True), (None, True), ("1", True)])
def test_trap_22_booleans_may_be_numbers(sent: object, read: bool) -> None:
    assert account(display=sent).display is read


def test_trap_22_enums_are_open_and_unknown_keys_ignored() -> None:
    exotic = account(type="Moon_Base", usage="ALIEN", surprise={"a": [1]})
    assert (exotic.account_type, exotic.usage) == ("moon_base", "ALIEN")


def test_trap_22_numbers_may_be_quoted_and_text_may_be_a_number() -> None:
    quoted = account(id="17", balance="2893.36", number=1234567890189)
    assert (quoted.account_id, quoted.balance) == ("17", Decimal("2893.36"))
    assert quoted.number_masked == "…0189"


def test_a_name_gives_no_number_away() -> None:
    assert account(name=f"Compte {IBAN}").name == "Compte FR76…0189"
    assert account(name="Compte 1234567890189").name == "Compte …0189"
    assert account(name=None, original_name="CPT").name == "CPT"


@pytest.mark.parametrize(
    ("number", "masked"),
    [("497040XXXXXX1204", "…1204"), ("1234", "…"), (" 12 345 678 ", "…5678"), (None, None)],
)
def test_numbers_are_masked(number: str | None, masked: str | None) -> None:
    assert account(number=number).number_masked == masked


def test_a_connection_is_mapped_field_by_field() -> None:
    connection = read_connection(CONNECTION, provider="p")
    assert (connection.connection_id, connection.user_id) == ("7", "1")
    assert connection.institution == "Banque des Lilas"
    assert connection.last_update == datetime(2026, 3, 18, 4, 10, tzinfo=UTC)
    assert connection.next_try == datetime(2026, 3, 19, 4, 10, tzinfo=UTC)
    assert connection.consent_expires == datetime(2026, 7, 31, 22, 0, tzinfo=UTC)
    assert connection.active
    assert not connection.needs_attention


def test_trap_1_a_null_state_is_success() -> None:
    assert state_of(state=None) == (ConnectionState.OK, None)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("validating", ConnectionState.SYNCING),
        ("rateLimiting", ConnectionState.UNAVAILABLE),
        ("websiteUnavailable", ConnectionState.UNAVAILABLE),
        ("SCARequired", ConnectionState.NEEDS_USER),
        ("webauthRequired", ConnectionState.NEEDS_USER),
        ("additionalInformationNeeded", ConnectionState.NEEDS_USER),
        ("decoupled", ConnectionState.NEEDS_USER),
        ("actionNeeded", ConnectionState.NEEDS_USER),
        ("passwordExpired", ConnectionState.NEEDS_USER),
        ("wrongpass", ConnectionState.NEEDS_USER),
        ("wrongPass", ConnectionState.NEEDS_USER),
        ("bug", ConnectionState.FAILED),
        ("notSupported", ConnectionState.FAILED),
        ("somethingNew", ConnectionState.FAILED),
    ],
)
def test_every_state_says_who_must_act(word: str, state: ConnectionState) -> None:
    assert state_of(state=word) == (state, word)
    assert (user_action(word) is not None) == (state is ConnectionState.NEEDS_USER)


def test_the_old_copy_of_the_state_counts_only_in_its_absence() -> None:
    assert state_of(state=None, error="bug") == (ConnectionState.OK, None)
    row = {key: value for key, value in CONNECTION.items() if key != "state"}
    assert read_connection({**row, "error": "bug"}, provider="p").state is ConnectionState.FAILED


def test_trap_17_a_silent_connection_is_not_stale_by_its_state() -> None:
    silent = read_connection({**CONNECTION, "next_try": None}, provider="p")
    assert silent.state is ConnectionState.OK
    assert silent.next_try is None


def test_trap_20_bank_messages_never_reach_a_record() -> None:
    secret = "https://bank.example/auth?state=CANARY"
    connection = read_connection(
        {**CONNECTION, "state": secret, "error_message": secret}, provider="p"
    )
    assert connection.state is ConnectionState.FAILED
    assert connection.state_detail == "unreadable"
    assert "CANARY" not in repr(connection)


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [("last_update", "soon", "last_update"), ("next_try", [1], "next_try"),
     ("connector", "x", "institution"), ("active", "perhaps", None)],
)  # fmt: skip
def test_an_odd_field_of_a_connection_is_left_out_and_told_of(
    field: str, value: object, kept: str | None
) -> None:
    rows = [{**CONNECTION, field: value}]
    listing = read_connections(rows, provider="p", identity_key=KEY, now=NOW)
    whole = read_connection(CONNECTION, provider="p")
    expected = replace(whole, **{kept: None}) if kept else whole
    assert listing.connections == (expected,)
    [refused] = listing.rejected
    assert (refused.relation, refused.record_id) == ("connections", "7")
    assert refused.reason.startswith(f"{field}: ")


def test_a_connection_whose_state_cannot_be_read_is_a_failed_one() -> None:
    connection = read_connection({**CONNECTION, "state": ["bug"]}, provider="p")
    assert (connection.connection_id, connection.state) == ("7", ConnectionState.FAILED)
    assert connection.needs_attention


def test_a_connection_without_an_id_is_an_error() -> None:
    with pytest.raises(ProviderError, match="cannot be told apart") as caught:
        read_connection({"state": None}, provider="p")
    assert caught.value.kind is ErrorKind.FATAL


def test_a_transaction_is_mapped_field_by_field() -> None:
    (one,), rejected = read_transactions([TRANSACTION], provider="p", identity_key=KEY, now=NOW)
    assert rejected == ()
    assert (one.transaction_id, one.account_id) == ("900", "17")
    assert (one.booked_on, one.realised_on) == (date(2026, 3, 17), date(2026, 3, 16))
    assert (one.value, one.coming, one.transaction_type) == (Decimal("-12.50"), False, "card")
    assert one.last_update == datetime(2026, 3, 18, 4, 10, tzinfo=UTC)


def test_a_transaction_keeps_what_was_paid_abroad() -> None:
    row = {**TRANSACTION, "original_value": Decimal(-1800), "original_currency": {"id": "JPY"}}
    (one,), _ = read_transactions([row], provider="p", identity_key=KEY, now=NOW)
    assert (one.original_value, one.original_currency) == (Decimal(-1800), "JPY")


@pytest.mark.parametrize("between", ["", " ", "-", ".", "\u00a0"])
def test_an_iban_is_masked_however_it_is_grouped(between: str) -> None:
    grouped = between.join(IBAN[place : place + 4] for place in range(0, len(IBAN), 4))
    assert account(name=f"Livret {grouped}!").name == "Livret FR76…0189!"
    assert account(iban=grouped).iban_hash == account().iban_hash
    row = {**CONNECTION, "connector": {"name": f"Bank {grouped}"}}
    assert read_connection(row, provider="p").institution == "Bank FR76…0189"


def test_a_wording_falls_back_and_holds_no_iban() -> None:
    row = {**TRANSACTION, "wording": None, "original_wording": f"VIR {IBAN} LOYER"}
    (one,), _ = read_transactions([row], provider="p", identity_key=KEY, now=NOW)
    assert one.wording == "VIR FR76…0189 LOYER"


def test_a_wording_that_only_looks_a_little_like_an_iban_stays() -> None:
    row = {**TRANSACTION, "wording": "CB22 CAFE ROMA PARIS NORD ET SUD"}
    (one,), _ = read_transactions([row], provider="p", identity_key=KEY, now=NOW)
    assert one.wording == row["wording"]


def test_a_transaction_listed_twice_counts_once_as_listed_last() -> None:
    rows: list[Any] = [TRANSACTION, {**TRANSACTION, "value": Decimal("-13.00")}]
    (one,), _ = read_transactions(rows, provider="p", identity_key=KEY, now=NOW)
    assert one.value == Decimal("-13.00")


def test_a_transaction_without_a_date_is_refused() -> None:
    transactions, (refused,) = read_transactions(
        [{**TRANSACTION, "date": None}], provider="p", identity_key=KEY, now=NOW
    )
    assert transactions == ()
    assert (refused.relation, refused.record_id) == ("transactions", "900")
    assert refused.reason.startswith("date: ")


def test_totals_are_exact_and_leave_out_what_is_no_amount() -> None:
    sent = decode(b'{"EUR": 12345678901234.56, "USD": null, "XXX": "many", "YYY": NaN}')
    assert read_totals(sent) == {"EUR": Decimal("12345678901234.56"), "USD": None}
    assert read_totals(None) == {}


def test_an_account_that_is_listed_twice_is_one_and_the_later_row_counts() -> None:
    later = {**ACCOUNT, "balance": Decimal(200)}
    accounts, rejected = read_accounts(
        [ACCOUNT, ACCOUNT, later], provider="powens:demo", identity_key=KEY, now=NOW
    )
    assert [account.balance for account in accounts] == [200]
    [refused] = rejected
    assert (refused.record_id, refused.reason) == (
        "17",
        "row: the account is listed twice with different values; the later row is taken",
    )


def test_a_connection_that_is_listed_twice_is_one() -> None:
    later = {**CONNECTION, "state": "wrongpass"}
    listing = read_connections(
        [CONNECTION, later], provider="powens:demo", identity_key=KEY, now=NOW
    )
    [connection] = listing.connections
    assert connection.state is ConnectionState.NEEDS_USER


@pytest.mark.parametrize("never", ["9999-12-31 23:59:59", "0001-01-01 00:00:00", "1900-01-01"])
@pytest.mark.parametrize("field", ["last_update", "disabled", "deleted"])
def test_a_time_that_cannot_be_is_no_time_and_the_figures_stay(field: str, never: str) -> None:
    rows = [{**ACCOUNT, field: never}]
    [read], [refused] = read_accounts(rows, provider="p", identity_key=KEY, now=NOW)
    assert read.balance == ACCOUNT["balance"]
    assert (read.deleted_at, read.disabled_at) == (None, None)
    assert (read.last_update is None) == (field == "last_update")
    assert refused.reason == (f"{field}: in the future or before the year 2000, so it is left out")


def test_a_time_of_today_is_believed_whatever_zone_it_was_written_in() -> None:
    tonight = "2026-11-21 14:00:00"
    [read], refused = read_accounts(
        [{**ACCOUNT, "last_update": tonight}], provider="p", identity_key=KEY, now=NOW
    )
    assert (read.last_update, refused) == (datetime(2026, 11, 21, 13, tzinfo=UTC), ())


def test_a_connection_of_the_future_was_never_updated() -> None:
    row = {**CONNECTION, "last_update": "9999-12-31 00:00:00"}
    assert read_connection(row, provider="p", now=NOW).last_update is None


def test_a_bank_that_is_never_to_be_tried_again_is_tried_when_that_is_due() -> None:
    row = {**CONNECTION, "next_try": "9999-12-31 00:00:00"}
    listing = read_connections([row], provider="p", identity_key=KEY, now=NOW)
    assert listing.connections[0].next_try is None
    assert [one.reason.partition(",")[0] for one in listing.rejected] == [
        "next_try: in more than a year or before the year 2000"
    ]
    soon = {**CONNECTION, "next_try": "2026-11-25 00:00:00"}
    assert read_connection(soon, provider="p", now=NOW).next_try is not None


def test_a_transaction_that_will_have_been_deleted_is_not_deleted() -> None:
    row = {**TRANSACTION, "deleted": "9999-12-31 00:00:00"}
    [read], [refused] = read_transactions([row], provider="p", identity_key=KEY, now=NOW)
    assert read.deleted_at is None
    assert refused.record_id == "900"
