"""A figure is explained by the refresh that brought it, and by what took its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pfo_dagster.ledger import Absence, Explanation, Ledger, explain, known_accounts, renumberings
from tests.ledger.builders import NOON, account, balance, empty_ledger, record, refresh

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def refreshed(ledger: Ledger, clock: Clock, number: int, amount: str, of_day: int) -> None:
    """A refresh on day `number` whose figure is of another day; both count from `NOON`."""
    clock.now = NOON + number * DAY
    with ledger.writer() as writer:
        row = balance(amount, as_of=NOON + of_day * DAY, fetched_at=clock.now)
        record(writer, refresh(f"r{number}", at=clock.now), [row])


def figure(ledger: Ledger, on: date | None = None) -> Explanation:
    with ledger.reader() as reader:
        [explained] = explain(reader, "1", on=on)
    return explained


def test_a_figure_names_its_run_its_request_and_its_spec(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance(request_id="q1", payload_hash="p1")])
    found = figure(ledger)
    assert (found.amount, found.account_name, found.institution) == (
        Decimal("100.00"),
        "Joint account",
        "Banque du Lac",
    )
    assert (found.run_id, found.step_id, found.attempt) == ("run-r1", "refresh-balances", 1)
    assert found.workflow_key == "pfo.workflow.refresh-openbanking-balances"
    assert (found.workflow_version, found.workflow_digest) == ("1.0.0", "d1")
    assert (found.request_id, found.payload_hash) == ("q1", "p1")
    assert (found.connection_decision, found.account_outcome) == ("read", "observed")
    assert found.type_basis == "unspecified"
    assert found.schema_version is not None
    assert found.schema_version >= 10
    assert found.confirmed_at == NOON
    assert found.replacement is None


def test_what_took_its_place_is_newer_a_correction_or_was_there_before(tmp_path: Path) -> None:
    clock = Clock()
    ledger = empty_ledger(tmp_path / "data", clock)
    refreshed(ledger, clock, 1, "10", of_day=1)
    refreshed(ledger, clock, 2, "10", of_day=1)
    refreshed(ledger, clock, 3, "20", of_day=3)
    refreshed(ledger, clock, 4, "21", of_day=3)
    refreshed(ledger, clock, 5, "5", of_day=0)

    first = figure(ledger, on=(NOON + 1 * DAY).date())
    assert first.amount == 10
    assert first.confirmed_at == NOON + 2 * DAY
    assert first.replacement is not None
    assert (first.replacement.kind, first.replacement.amount) == ("newer", 20)
    assert (first.replacement.at, first.replacement.run_id) == (NOON + 3 * DAY, "run-r3")

    late = figure(ledger, on=NOON.date())
    assert late.amount == 5
    assert late.replacement is not None
    assert (late.replacement.kind, late.replacement.at) == ("late", NOON + 5 * DAY)

    now = figure(ledger)
    assert (now.amount, now.replacement) == (21, None)
    with ledger.reader() as reader:
        corrected = reader.rows("FROM explain('1') WHERE amount = 20")
    assert [row["replacement"] for row in corrected] == ["corrected"]
    assert [row["replaced_by_amount"] for row in corrected] == [21]


def test_the_figure_that_was_known_then_is_explained_with_what_has_replaced_it(
    tmp_path: Path,
) -> None:
    clock = Clock()
    ledger = empty_ledger(tmp_path / "data", clock)
    refreshed(ledger, clock, 1, "10", of_day=0)
    refreshed(ledger, clock, 2, "20", of_day=1)
    with ledger.reader() as reader:
        [then] = explain(reader, "1", known_at=NOON + DAY)
        assert explain(reader, "1", known_at=NOON) == []
    assert (then.amount, then.run_id) == (Decimal(10), "run-r1")
    assert then.replacement is not None
    assert then.replacement.at == NOON + 2 * DAY


def test_on_a_day_of_absence_a_figure_counted_nowhere(ledger: Ledger) -> None:
    """Closed from the second day, and back on the fifth."""
    moments = [NOON + number * DAY for number in range(6)]
    closed = account(disabled_at=moments[1])
    with ledger.writer() as writer:
        for number, listed in ((0, account()), (1, closed), (4, account())):
            at = moments[number]
            rows = [] if listed is closed else [balance(str(number), as_of=at, fetched_at=at)]
            record(writer, refresh(f"r{number}", at=at), rows, accounts=[listed])
    on = [figure(ledger, on=moment.date()) for moment in moments]
    assert [one.amount for one in on] == [0, 0, 0, 0, 4, 4]
    gone = Absence(closed_on=moments[1].date(), returned_on=moments[4].date())
    assert [one.absence for one in on] == [None, gone, gone, gone, None, None]
    assert [one.closed_on for one in on] == [None] * 6
    assert figure(ledger).absence is None


def test_what_was_known_of_a_closed_account_says_that_it_was_closed(tmp_path: Path) -> None:
    clock = Clock()
    ledger = empty_ledger(tmp_path / "data", clock)
    for number, disabled_at in ((0, None), (1, NOON + DAY), (2, None)):
        clock.now = NOON + number * DAY
        listed = account(disabled_at=disabled_at)
        with ledger.writer() as writer:
            record(writer, refresh(f"r{number}", at=clock.now), [balance()], accounts=[listed])
    with ledger.reader() as reader:
        known = [explain(reader, "1", known_at=NOON + number * DAY)[0] for number in range(3)]
        then = explain(reader, "1", on=(NOON + DAY).date(), known_at=NOON + DAY)[0]
    assert [one.closed_on for one in known] == [None, (NOON + DAY).date(), None]
    assert (then.closed_on, then.absence) == ((NOON + DAY).date(), None)


def test_each_type_and_provider_is_explained_by_itself(ledger: Ledger) -> None:
    rows = [balance("1"), balance("-2", balance_type="coming")]
    with ledger.writer() as writer:
        record(writer, refresh(), rows)
        record(writer, refresh("p1", provider="powens:x"), [balance("7")])
    with ledger.reader() as reader:
        found = [(one.provider, one.balance_type, one.amount) for one in explain(reader, "1")]
        assert explain(reader, "none such") == []
        assert explain(reader, "1", on=(NOON - DAY).date()) == []
    assert found == [
        ("powens:x", "current", 7),
        ("sandbox", "current", 1),
        ("sandbox", "coming", -2),
    ]


def test_accounts_that_can_be_asked_about_include_those_that_are_gone(ledger: Ledger) -> None:
    gone = account(account_id="2", name="Old", deleted_at=NOON)
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()], accounts=[account(), gone])
    with ledger.reader() as reader:
        assert [one.account_id for one in known_accounts(reader)] == ["1", "2"]


def moved(ledger: Ledger, days: int, *account_ids: str) -> None:
    """A refresh that lists these accounts alone; without IBANs they all look alike."""
    at = NOON + days * DAY
    with ledger.writer() as writer:
        listed = [account(account_id=one, iban_hash=None) for one in account_ids]
        rows = [balance(account_id=one, as_of=at, fetched_at=at) for one in account_ids]
        record(writer, refresh(f"r{days}", at=at), rows, accounts=listed)


def test_every_id_of_an_account_tells_of_all_of_them(ledger: Ledger) -> None:
    for day, account_id in enumerate(["1", "2", "3"]):
        moved(ledger, day, account_id)
    with ledger.reader() as reader:
        told = [renumberings(reader, account_id) for account_id in ("1", "2", "3")]
        assert {one.current_account_id for one in known_accounts(reader)} == {"3"}
        assert renumberings(reader, "none such") == []
    assert told[0] == told[1] == told[2]
    assert [(one.account_id, one.succeeded_by) for one in told[0]] == [("1", "2"), ("2", "3")]
    assert [one.since for one in told[0]] == [(NOON + day * DAY).date() for day in (1, 2)]


def test_what_could_be_the_same_is_told_of_each(ledger: Ledger) -> None:
    moved(ledger, 0, "1")
    moved(ledger, 1, "2", "3")
    with ledger.reader() as reader:
        told = [renumberings(reader, account_id) for account_id in ("1", "2", "3")]
    assert told[0] == told[1] == told[2]
    [unclear] = told[0]
    assert (unclear.succeeded_by, unclear.since, unclear.candidates) == (None, None, ["2", "3"])
