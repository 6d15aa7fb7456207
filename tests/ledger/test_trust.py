"""Every trust check believes a sound ledger, and objects to the fault that it is for."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pfo_dagster.ledger import (
    TRUST_CHECKS,
    AccountOutcome,
    Finding,
    Ledger,
    RejectedRow,
    figures_are_fresh,
)
from tests.ledger.builders import NOON, account, balance, connection, record, refresh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCOUNTS = (account(), account(account_id="2", currency="JPY"))
BALANCES = (balance("100.00"), balance("-5", account_id="2", currency="JPY"))
TOTALS = {"EUR": Decimal("100.00"), "JPY": Decimal(-5), "CHF": None}


def filled(
    ledger: Ledger,
    *,
    totals: Mapping[str, Decimal | None] = TOTALS,
    outcomes: Sequence[AccountOutcome] = (
        AccountOutcome(account_id="1", outcome="observed"),
        AccountOutcome(account_id="2", outcome="excused", reason="stale"),
    ),
    balances: Sequence[Any] = BALANCES,
) -> Ledger:
    with ledger.writer() as writer:
        writer.record_refresh(
            refresh(),
            connections=[connection()],
            accounts=ACCOUNTS,
            balances=balances,
            outcomes=outcomes,
            decisions=[],
            provider_totals=totals,
        )
    return ledger


def finding(ledger: Ledger, name: str, now: datetime = NOON) -> Finding:
    (check,) = [check for check in TRUST_CHECKS if check.name == name]
    with ledger.reader() as reader:
        return check.find(reader, now)


@pytest.mark.parametrize("name", [check.name for check in TRUST_CHECKS])
def test_a_sound_ledger_is_believed(ledger: Ledger, name: str) -> None:
    found = finding(filled(ledger), name)
    assert found.passed
    assert found.rows == ()


def test_a_state_that_changes_at_the_same_instant_is_no_duplicate(ledger: Ledger) -> None:
    filled(ledger)
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [balance("100.00", state="needs_user")])
        record(writer, refresh("r3", tenant_id="other"), [balance("100.00")])
    assert finding(ledger, "observations_are_unique").passed


def test_an_observation_that_stands_twice_is_found(ledger: Ledger) -> None:
    filled(ledger)
    with duckdb.connect(str(ledger.published_path)) as tampering:
        tampering.execute("INSERT INTO balances FROM balances WHERE account_id = '2'")
    found = finding(ledger, "observations_are_unique")
    assert not found.passed
    assert [row["account_id"] for row in found.rows] == ["2"]


@pytest.mark.parametrize(
    "outcomes",
    [
        [AccountOutcome(account_id="1", outcome="observed")],
        [
            AccountOutcome(account_id="1", outcome="observed"),
            AccountOutcome(account_id="2", outcome="excused"),
        ],
    ],
)
def test_an_account_without_observation_and_reason_is_found(
    ledger: Ledger, outcomes: list[AccountOutcome]
) -> None:
    found = finding(filled(ledger, outcomes=outcomes), "every_account_is_accounted_for")
    assert not found.passed
    assert [row["account_id"] for row in found.rows] == ["2"]


def test_a_row_that_was_left_out_is_told_of_until_all_can_be_read_again(ledger: Ledger) -> None:
    filled(ledger)
    odd = RejectedRow(relation="accounts", record_id="9", reason="balance: the amount is NaN")
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [balance("1")], rejected=[odd])
    found = finding(ledger, "rows_could_be_read")
    assert [row["reason"] for row in found.rows] == [odd.reason]
    assert "1 rows of the newest listings could not be trusted" in found.summary
    assert found.summary.endswith(": record 9.")
    with ledger.writer() as writer:
        record(writer, refresh("r3"), [balance("1")])
    assert finding(ledger, "rows_could_be_read").passed


def test_an_observation_that_is_gone_is_missed(ledger: Ledger) -> None:
    filled(ledger)
    with duckdb.connect(str(ledger.published_path)) as tampering:
        tampering.execute("DELETE FROM balances WHERE account_id = '1'")
    found = finding(ledger, "every_account_is_accounted_for")
    assert not found.passed
    assert [row["account_id"] for row in found.rows] == ["1"]


def test_without_totals_of_the_provider_nothing_is_claimed(ledger: Ledger) -> None:
    found = finding(filled(ledger, totals={}), "totals_are_the_providers")
    assert found.passed
    assert "no totals" in found.summary


def test_the_currencies_without_a_total_are_named(ledger: Ledger) -> None:
    totals = {"EUR": Decimal("100.00"), "CHF": None}
    found = finding(filled(ledger, totals=totals), "totals_are_the_providers")
    assert found.passed
    assert found.summary == (
        "Our sums are the provider's totals in EUR. It gave none to compare with in CHF, JPY."
    )


def projected(now: str | None, coming: str | None, sum_: str | None, **changes: Any) -> list[Any]:
    """What one observation says of account 1."""
    amounts = {"current": now, "coming": coming, "projected": sum_}
    return [
        balance(amount, balance_type=balance_type, **changes)
        for balance_type, amount in amounts.items()
        if amount is not None
    ]


@pytest.mark.parametrize("basis", ["account", "fetched"])
@pytest.mark.parametrize(
    "then",
    [("100", "-30", "70"), ("90", "-20", "70"), ("90", None, None), (None, "-30", None)],
)
def test_a_projection_that_adds_up_is_believed_whatever_changed_since(
    ledger: Ledger, basis: str, then: tuple[str | None, str | None, str | None]
) -> None:
    with ledger.writer() as writer:
        record(writer, refresh("r1"), projected("100", "-10", "90", as_of_basis=basis))
        later = projected(*then, as_of_basis=basis)
        if then[0] is None:
            later.append(balance(None, as_of_basis=basis))
        record(writer, refresh("r2"), later)
    assert finding(ledger, "projections_add_up").passed


@pytest.mark.parametrize("tampered", ["current", "coming", "projected"])
def test_a_projection_that_does_not_add_up_is_found(ledger: Ledger, tampered: str) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), projected("100", "-10", "90"))
    with duckdb.connect(str(ledger.published_path)) as tampering:
        tampering.execute("UPDATE balances SET amount = 7 WHERE balance_type = ?", [tampered])
    [row] = finding(ledger, "projections_add_up").rows
    assert (row["account_id"], row[tampered]) == ("1", 7)


def test_an_amount_in_no_currency_is_found(ledger: Ledger) -> None:
    filled(ledger, balances=[balance("1", currency="ZZZ"), balance("1", currency=None,
                                                                  account_id="2")])  # fmt: skip
    found = finding(ledger, "currencies_are_known")
    assert not found.passed
    assert [row["currency"] for row in found.rows] == ["ZZZ", None]


@pytest.mark.parametrize(
    "totals", [{"EUR": Decimal("100.01")}, {"EUR": Decimal("100.00"), "USD": Decimal(1)}]
)
def test_a_sum_that_is_not_the_providers_is_found(
    ledger: Ledger, totals: dict[str, Decimal | None]
) -> None:
    found = finding(filled(ledger, totals=totals), "totals_are_the_providers")
    assert not found.passed
    assert len(found.rows) == 1


@pytest.mark.parametrize(("age", "fresh"), [(23, True), (25, False)])
def test_old_figures_are_found(ledger: Ledger, age: int, fresh: bool) -> None:
    filled(ledger)
    with ledger.reader() as reader:
        found = figures_are_fresh(
            reader, now=NOON + timedelta(hours=age), stale_after=timedelta(hours=24)
        )
    assert found.passed is fresh
    assert len(found.rows) == (0 if fresh else 2)


def with_history(ledger: Ledger, amounts: Sequence[str], **changes: Any) -> Ledger:
    """A ledger in which account 1 was observed on as many days up to `NOON`."""
    with ledger.writer() as writer:
        for number, amount in enumerate(amounts):
            day = NOON + timedelta(days=number + 1 - len(amounts))
            last = changes if number == len(amounts) - 1 else {}
            row = balance(amount, as_of=day, fetched_at=day, **last)
            record(writer, refresh(f"r{number}", at=day), [row])
    return ledger


@pytest.mark.parametrize(
    ("account_type", "amount", "fits"),
    [("loan", "1", False), ("savings", "-1", False), ("loan", "-1", True), ("card", "1", True),
     ("checking", "-1", True), ("piggy bank", "-1", True)],
)  # fmt: skip
def test_a_sign_that_the_type_of_account_does_not_have_is_found(
    ledger: Ledger, account_type: str, amount: str, fits: bool
) -> None:
    with ledger.writer() as writer:
        accounts = [account(account_type=account_type)]
        record(writer, refresh(), [balance(amount)], accounts=accounts)
    assert finding(ledger, "signs_fit_account_types").passed is fits


def test_trap_14_an_account_that_was_switched_off_is_told_of_for_a_while(ledger: Ledger) -> None:
    filled(ledger)
    off = NOON + timedelta(days=1)
    never_seen = account(account_id="3", disabled_at=off, iban_hash=None, name="Another")
    with ledger.writer() as writer:
        accounts = [account(disabled_at=off), ACCOUNTS[1], never_seen]
        record(writer, refresh("r2", at=off), [BALANCES[1]], accounts=accounts)
    told = finding(ledger, "accounts_stay_on", off)
    assert [row["account_id"] for row in told.rows] == ["1"]
    assert finding(ledger, "accounts_stay_on", off + timedelta(days=31)).passed


def test_trap_14_an_account_that_comes_back_switched_off_is_told_of(ledger: Ledger) -> None:
    filled(ledger)
    back = NOON + timedelta(days=1)
    with ledger.writer() as writer:
        accounts = [
            account(deleted_at=back),
            account(account_id="7", disabled_at=back),
            ACCOUNTS[1],
        ]
        record(writer, refresh("r2", at=back), [BALANCES[1]], accounts=accounts)
    [row] = finding(ledger, "accounts_stay_on", back).rows
    assert row["account_id"] == "7"


def test_a_changed_currency_is_found(ledger: Ledger) -> None:
    with_history(ledger, ["1", "1"], currency="USD")
    [row] = finding(ledger, "currencies_stay").rows
    assert (row["before"], row["now"]) == ("EUR", "USD")


@pytest.mark.parametrize(("last", "usual"), [("1010", True), ("1150", True), ("9000", False)])
def test_a_jump_out_of_the_band_is_found(ledger: Ledger, last: str, usual: bool) -> None:
    steady = [str(1000 + 5 * (day % 4)) for day in range(14)]
    assert finding(with_history(ledger, [*steady, last]), "changes_are_usual").passed is usual


def test_without_a_history_nothing_is_a_jump(ledger: Ledger) -> None:
    huge = "999999999999999999999"
    assert finding(with_history(ledger, ["1", f"-{huge}", huge]), "changes_are_usual").passed


def test_a_connection_that_stands_still_but_says_it_is_well_is_found(ledger: Ledger) -> None:
    filled(ledger)
    assert finding(ledger, "connections_move", NOON + timedelta(days=6)).passed
    assert not finding(ledger, "connections_move", NOON + timedelta(days=8)).passed


def test_a_balance_from_the_future_is_found(ledger: Ledger) -> None:
    filled(ledger, balances=[balance(as_of=NOON + timedelta(hours=1))])
    [row] = finding(ledger, "clocks_agree").rows
    assert row["account_id"] == "1"


def test_a_clock_that_went_back_is_found(ledger: Ledger) -> None:
    filled(ledger)
    assert not finding(ledger, "clocks_agree", NOON - timedelta(hours=1)).passed
    with Ledger(ledger.data_dir, clock=lambda: NOON - timedelta(hours=1)).writer() as writer:
        record(writer, refresh("r2", at=NOON - timedelta(hours=1)), [balance()])
    assert [row["problem"] for row in finding(ledger, "clocks_agree").rows] == [
        "the last transaction is of before an earlier one"
    ]


@pytest.mark.parametrize(
    ("lost", "relation"),
    [
        ("DELETE FROM balances WHERE account_id = '2'", "refreshes"),
        ("DELETE FROM refreshes WHERE refresh_id = 'r1'", "balances"),
        ("DELETE FROM history.commits WHERE commit_number = 1", "commits"),
    ],
)
def test_a_record_that_is_lost_is_found(ledger: Ledger, lost: str, relation: str) -> None:
    filled(ledger)
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [balance("5")])
    assert finding(ledger, "the_record_is_whole").passed
    with duckdb.connect(str(ledger.published_path)) as tampering:
        tampering.execute(lost)
    assert relation in {row["relation"] for row in finding(ledger, "the_record_is_whole").rows}
