"""Queries on the published file: anything that reads, nothing that changes or reaches elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from pfo_dagster.ledger import NotPublishedError, QueryError, Reader, SchemaError, StorageError
from pfo_dagster.ledger.reader import BOUNDS
from tests.ledger.builders import NOON, balance, published, record, refresh, sync

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pfo_dagster.ledger import Ledger


@pytest.fixture
def reader(ledger: Ledger) -> Generator[Reader]:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance("1.50")])
    with ledger.reader() as reader:
        yield reader


@pytest.mark.parametrize(
    "sql",
    [
        "FROM balances",
        "WITH one AS (SELECT 1) FROM one",
        "DESCRIBE balances",
        "SUMMARIZE balances",
        "SHOW TABLES",
        "EXPLAIN FROM latest_balances",
        "PIVOT balances ON currency USING sum(amount)",
        "SELECT 1;",
    ],
)
def test_what_reads_is_answered(reader: Reader, sql: str) -> None:
    assert reader.rows(sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT '\udcff'", "no text in UTF-8"),
        ("DETACH ledger", "Only queries"),
        ("ATTACH 'other.duckdb'", "Only queries"),
        ("DELETE FROM balances", "Only queries"),
        ("COPY balances TO 'out.csv'", "Only queries"),
        ("SET threads = 1", "Only queries"),
        ("INSTALL httpfs", "Only queries"),
        ("CREATE TEMP TABLE mine AS SELECT 1", "Only queries"),
        ("SELECT 1; SELECT 2", "Give one query; this is 2"),
        ("", "There is no query in it"),
        (" ; -- nothing", "There is no query in it"),
        ("FROM read_text('/etc/hostname')", "disabled by configuration"),
        ("FROM 'data.csv'", "disabled by configuration"),
        ("SELEC 1", "syntax error"),
        ("FROM balance", "does not exist"),
        ("SELECT * FROM balances WHERE amount = ?", "arameter"),
    ],
)
def test_what_does_not_is_refused_with_a_reason(reader: Reader, sql: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        reader.rows(sql)


def test_what_does_not_fit_into_memory_is_refused_and_lies_on_no_disk(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setitem(BOUNDS, "memory_limit", "100MB")
    with ledger.reader() as small, pytest.raises(QueryError, match="more than the 4 GB of memory"):
        small.rows("SELECT count(*) FROM (SELECT DISTINCT md5(range::VARCHAR) FROM range(5000000))")
    assert list(here.iterdir()) == []


def test_columns_of_one_name_are_told_apart(reader: Reader) -> None:
    columns, rows = reader.answer("SELECT 1 AS a, 2 AS a, 3 AS a_1 WHERE true")
    assert columns == ["a", "a_1", "a_1_1"]
    assert rows == [{"a": 1, "a_1": 2, "a_1_1": 3}]


def test_the_columns_of_an_answer_without_rows_are_known(reader: Reader) -> None:
    assert reader.answer("SELECT 1 AS a WHERE false") == (["a"], [])


def test_what_python_has_no_value_for_is_refused_with_a_way_out(reader: Reader) -> None:
    with pytest.raises(QueryError, match="Cast that column to VARCHAR"):
        reader.answer("SELECT 'infinity'::TIMESTAMP AS t")


def test_deleting_rows_in_a_query_fails_too(reader: Reader) -> None:
    with pytest.raises(QueryError):
        reader.rows("WITH gone AS (DELETE FROM balances RETURNING *) FROM gone")
    assert len(reader.rows("FROM balances")) == 1


def test_parameters_are_taken_by_place_or_name(reader: Reader) -> None:
    by_place = reader.rows("SELECT amount FROM balances WHERE account_id = ?", ["1"])
    by_name = reader.rows("SELECT amount FROM balances WHERE account_id = $id", {"id": "1"})
    assert by_place == by_name == [{"amount": balance("1.5").amount}]


def test_instants_are_aware_and_in_utc(reader: Reader) -> None:
    [row] = reader.rows("SELECT as_of, NULL::TIMESTAMP AS never FROM balances")
    assert row == {"as_of": NOON, "never": None}
    assert row["as_of"].astimezone(UTC).utcoffset() == row["as_of"].utcoffset()


def test_the_newest_provider_is_named(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        writer.record_sync_attempt("home", "sandbox", "c1", "run", NOON)
        with ledger.reader() as reader, pytest.raises(NotPublishedError, match="make run"):
            reader.provider()
        writer.record_accounts(sync("s1"), [], [])
        record(writer, refresh("r1", provider="powens:home"), [])
    with ledger.reader() as reader:
        assert reader.provider() == "powens:home"


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        ("2026-11-20T22:59:59", "2026-11-20"),
        ("2026-11-20T23:00:00", "2026-11-21"),
        # The day of 23 hours, 29 March, and the one of 25, 25 October.
        ("2026-03-28T23:00:00", "2026-03-29"),
        ("2026-03-29T21:59:59", "2026-03-29"),
        ("2026-03-29T22:00:00", "2026-03-30"),
        ("2026-10-24T22:00:00", "2026-10-25"),
        ("2026-10-25T22:59:59", "2026-10-25"),
        ("2026-10-25T23:00:00", "2026-10-26"),
    ],
)
def test_the_day_of_a_balance_is_the_day_in_paris(ledger: Ledger, as_of: str, day: str) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance(as_of=datetime.fromisoformat(f"{as_of}+00:00"))])
    [row] = published(ledger, "balances")
    assert str(row["day"]) == day
    [position] = published(ledger, "daily_cash_position")
    assert str(position["day"]) == day


def test_what_a_newer_program_published_is_not_read(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    with duckdb.connect(str(ledger.published_path)) as newer:
        newer.execute("INSERT INTO history.schema_migrations VALUES (999, 'x', 'y', now())")
    with pytest.raises(SchemaError, match=r"version 999.*Update this program"), ledger.reader():
        pass
    with pytest.raises(SchemaError, match=r"version 999"):
        Reader.lasting(ledger.published_path)


def test_somebody_elses_database_is_not_taken_for_a_publication(ledger: Ledger) -> None:
    ledger.published_path.parent.mkdir(parents=True)
    with duckdb.connect(str(ledger.published_path)) as other:
        other.execute("CREATE TABLE mine (a INT)")
    with pytest.raises(SchemaError, match="DuckDB database of something else"), ledger.reader():
        pass


def test_a_damaged_publication_is_said_to_be_made_anew_and_is(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    ledger.published_path.write_bytes(b"x" * 5000)
    with pytest.raises(StorageError, match=r"The next `pfo run` publishes .* anew"):
        Reader.lasting(ledger.published_path)
    ledger.catch_up()
    assert published(ledger, "latest_balances")


def test_a_place_where_nothing_can_be_looked_for_is_named(tmp_path: Path) -> None:
    published = tmp_path / ("x" * 300)
    with pytest.raises(StorageError, match=r"Could not read .*xx: File name too long"):
        Reader.lasting(published)
