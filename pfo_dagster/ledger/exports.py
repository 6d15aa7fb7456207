"""Relations as files, for what does not speak DuckDB: exact, private, whole or not at all."""

# pyright: standard
# pyarrow has no types, so strict checking has nothing to go by here.

from __future__ import annotations

import contextlib
import csv
import os
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from pfo_dagster.ledger.arrow import as_rows
from pfo_dagster.ledger.database import explaining
from pfo_dagster.ledger.texts import cell

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from pfo_dagster.ledger.reader import Reader

EXPORT_FORMATS: Final = (".csv", ".parquet")
"""The endings of a file's name from which its format is taken."""


def export(reader: Reader, sql: str, file: Path) -> int:
    """Write the answer of one query to `file`, in place of what was there; the number of rows.

    Parquet keeps amounts as decimals and instants in UTC; CSV has all digits and ISO 8601, and an
    empty field where there is no value. The file is its owner's alone. Raises `QueryError`,
    `StorageError`, and `ValueError` for an ending that is none of `EXPORT_FORMATS`.
    """
    if file.suffix not in EXPORT_FORMATS:
        raise ValueError(f"{file.name} ends in none of {', '.join(EXPORT_FORMATS)}")
    table = reader.table(sql)
    temporary = file.with_name(f".{file.name}.tmp.{os.getpid()}")
    with explaining(file, "write"):
        try:
            temporary.touch(mode=0o600)
            if file.suffix == ".parquet":
                pq.write_table(table, temporary, compression="zstd")
            else:
                _write_csv(table, temporary)
            temporary.replace(file)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    return table.num_rows


def _write_csv(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table.column_names)
        for batch in table.to_batches(max_chunksize=10_000):
            rows = as_rows(batch)
            writer.writerows([cell(row[name]) for name in table.column_names] for row in rows)
