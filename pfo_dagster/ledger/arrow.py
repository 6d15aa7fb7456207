"""Rows on their way into DuckDB and out of it, as Arrow tables.

Arrow's `decimal128` refuses an amount that does not fit, where DuckDB would round it in silence,
and a table of it is inserted 300 times faster than rows are one by one.
"""

# pyright: standard
# pyarrow has no types, so strict checking has nothing to go by here.

from __future__ import annotations

import contextlib
from dataclasses import fields
from datetime import datetime
from decimal import Context, Decimal, Inexact
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pfo_dagster.ledger.database import give_memory_back
from pfo_dagster.ledger.errors import InvalidRowError, QueryError
from pfo_dagster.ledger.instants import naive_utc

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from _typeshed import DataclassInstance
    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.rows import Refresh, Sync

AMOUNT: Final = pa.decimal128(38, 12)
"""Every amount's type: 26 digits before the point, 12 after (bitcoin has 8)."""

AMOUNTS_BELOW: Final = Decimal("1e21")
"""What a single amount has to be below, with either sign: far beyond all money, and so far below
the type's end that no sum over 100,000 of them overflows. Nothing that was recorded goes away
again, so one absurd amount would fail all sums for ever."""

_BATCH: Final = 1000
"""Rows that are checked and packed together, and of which alone there are dictionaries."""

_EXACTLY: Final = Context(prec=AMOUNT.precision, traps=[Inexact])
_UNSTORABLE: Final = (pa.ArrowTypeError, OverflowError, ValueError)


def is_storable(amount: Decimal | None) -> bool:
    """Whether the ledger can hold the amount exactly; if not, hand its row in as rejected."""
    try:
        _stored([amount], AMOUNT)
    except _UNSTORABLE:
        return False
    return True


def record_of(row: DataclassInstance, source: Refresh | Sync | None = None) -> dict[str, object]:
    """A frozen row as column values, with the tenant and the provider of `source` if given."""
    columns = {name: getattr(row, name) for name in _names(type(row))}
    if source is not None:
        columns["tenant_id"], columns["provider"] = source.tenant_id, source.provider
    return columns


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def in_utc(table: pa.Table) -> pa.Table:
    """The table with its timestamps marked as what they are in the ledger: UTC."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is None:
            instants = table.column(index).cast(pa.timestamp(field.type.unit, "UTC"))
            table = table.set_column(index, field.name, instants)
    return table


def distinct_names(table: pa.Table) -> pa.Table:
    """The table with `amount, amount` as `amount, amount_1`: dictionaries hold one of each name."""
    names: list[str] = []
    for name in table.column_names:
        distinct, number = name, 0
        while distinct in names:
            number += 1
            distinct = f"{name}_{number}"
        names.append(distinct)
    return table.rename_columns(names)


def as_rows(table: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows as dictionaries. Raises `QueryError` for what Python has no value for."""
    try:
        return table.to_pylist()
    except (ValueError, OverflowError) as error:
        raise QueryError(
            f"A value of the answer is beyond what can be shown here ({error}), such as an infinite"
            " timestamp. Cast that column to VARCHAR."
        ) from error


class _Offer:
    """A table that DuckDB scans, by Arrow's protocol for any library, and that can be taken back.

    DuckDB keeps what was registered until the transaction ends, even after it was unregistered.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def withdraw(self) -> None:
        """Let the memory go; nobody scans any more."""
        self._table = self._table.schema.empty_table()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@contextlib.contextmanager
def incoming(
    connection: DuckDBPyConnection,
    target: str,
    records: Iterable[Mapping[str, object]],
    *,
    key: Sequence[str],
    columns: Sequence[str] | None = None,
) -> Generator[tuple[str, ...]]:
    """Offer `records` to SQL as the relation `incoming` while the block runs; gives its columns.

    They are those of the first record, if not said otherwise; without either there are none, and
    no relation. Records are read once and let go batch by batch, so a generator of them takes no
    memory to speak of. Column types are those of the table `target`, so they are written down
    once, in the schema. The first column of `key` names a row in messages. Raises
    `InvalidRowError` for a value that does not fit and for two records with the same key.
    """
    rest = iter(records)
    batch = list(islice(rest, _BATCH))
    if not batch and columns is None:
        yield ()
        return
    given = tuple(batch[0] if columns is None else columns)
    names = ", ".join(given)
    # Table and column names are this package's own constants.
    schema = connection.sql(f"SELECT {names} FROM {target} LIMIT 0").to_arrow_table().schema  # noqa: S608
    batches: list[pa.RecordBatch] = []
    while batch:
        arrays = [_array(target, batch, field, key[0]) for field in schema]
        batches.append(pa.record_batch(arrays, schema=schema))
        batch = list(islice(rest, _BATCH))
    offer = _Offer(pa.Table.from_batches(batches, schema=schema))
    if len(batches) > 1:
        give_memory_back(connection)
    del batches
    connection.register("incoming", offer)
    try:
        _refuse_duplicates(connection, target, key)
        yield given
    finally:
        connection.unregister("incoming")
        offer.withdraw()
        pa.default_memory_pool().release_unused()


def insert(
    connection: DuckDBPyConnection,
    table: str,
    records: Iterable[Mapping[str, object]],
    *,
    key: Sequence[str],
) -> None:
    """Add the records to a table as they are."""
    with incoming(connection, table, records, key=key) as columns:
        if columns:
            connection.execute(f"INSERT INTO {table} BY NAME FROM incoming")


def _refuse_duplicates(connection: DuckDBPyConnection, target: str, key: Sequence[str]) -> None:
    """Raise for the first key that two of the incoming records have."""
    names = ", ".join(key)
    repeated = f"SELECT {names} FROM incoming GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1"  # noqa: S608
    for identity in connection.execute(repeated).fetchall():
        named = ", ".join(f"{column} {value}" for column, value in zip(key, identity, strict=True))
        raise InvalidRowError(
            f"Two rows for {target} have the same {named}; hand in one of them.",
            relation=target,
            record_id=str(identity[0]),
        )


def _array(
    target: str, records: Sequence[Mapping[str, object]], field: pa.Field, name: str
) -> pa.Array:
    """A column of the records. Raises `InvalidRowError` for the first value that does not fit."""
    values = [record[field.name] for record in records]
    try:
        return _stored(values, field.type)
    except _UNSTORABLE:
        for record, value in zip(records, values, strict=True):
            try:
                _stored([value], field.type)
            except _UNSTORABLE as error:
                raise _invalid(target, record, field.name, name, str(error)) from error
        raise


def _stored(values: Sequence[object], of: pa.DataType) -> pa.Array:
    """The values as DuckDB gets them. Raises one of `_UNSTORABLE`."""
    if pa.types.is_timestamp(of):
        values = [naive_utc(value) if isinstance(value, datetime) else value for value in values]
    elif pa.types.is_decimal(of):
        values = [_exact(value) if isinstance(value, Decimal) else value for value in values]
    return pa.array(values, type=of)


def _exact(amount: Decimal) -> Decimal:
    """The amount with at most the decimals of `AMOUNT`. Raises `ValueError` if there are more.

    Arrow checks that as well, but takes some numbers of more than 50 decimals for zero.
    """
    if not amount.is_finite():
        return amount  # refused by Arrow
    if amount.copy_abs() >= AMOUNTS_BELOW:
        raise ValueError(f"an amount has to be below {AMOUNTS_BELOW:f}")
    _, _, exponent = amount.as_tuple()
    if exponent >= -AMOUNT.scale:
        return amount
    try:
        return _EXACTLY.quantize(amount, Decimal(1).scaleb(-AMOUNT.scale))
    except Inexact:
        raise ValueError(f"an amount has to have at most {AMOUNT.scale} decimals") from None


def _invalid(
    target: str, record: Mapping[str, object], column: str, name: str, problem: str
) -> InvalidRowError:
    record_id = str(record[name])
    return InvalidRowError(
        f"Row {record_id} cannot be stored in {target}: {column} is {record[column]!r}: {problem}.",
        relation=target,
        record_id=record_id,
    )
