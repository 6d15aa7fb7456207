"""The data dictionary: every published relation and column, from the comments of the schema.

`python -m pfo_dagster.ledger.dictionary > docs/data-dictionary.md` writes the page anew; a test
fails while the page says something else than the schema.
"""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

import duckdb

from pfo_dagster.ledger.database import OFFLINE, rows_of
from pfo_dagster.ledger.migrations import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = """\
# Data dictionary

Every relation of `published/balances.duckdb`. This page is made from the comments in the file
itself (`schema/` for tables and `views/` for the rest, in `pfo_dagster/ledger/`); after a change of
either, make it anew: `python -m pfo_dagster.ledger.dictionary > docs/data-dictionary.md`.

`TIMESTAMP`s are UTC. Amounts are `DECIMAL(38,12)` (sums have as many decimals), in units of their
currency; amounts of different currencies, or of different providers, are never to be added.
"""

_COLUMNS: Final = """
    SELECT table_name, column_name, data_type, comment
    FROM duckdb_columns()
    WHERE NOT internal AND schema_name = 'main'
    ORDER BY table_name, column_index
"""
_RELATIONS: Final = """
    SELECT table_name, comment FROM duckdb_tables() WHERE NOT internal AND schema_name = 'main'
    UNION ALL
    SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'
"""
_MACROS: Final = """
    SELECT function_name, comment FROM duckdb_functions()
    WHERE NOT internal AND schema_name = 'main' AND function_type = 'table_macro'
    ORDER BY function_name
"""


def data_dictionary() -> str:
    """The page as Markdown, of the schema of this program."""
    with contextlib.closing(duckdb.connect(":memory:", config=dict(OFFLINE))) as connection:
        bring_up_to_date(connection, datetime.now(UTC))
        comments = dict(rows_of(connection, _RELATIONS))
        columns = rows_of(connection, _COLUMNS)
        macros = rows_of(connection, _MACROS)
    lines = [_HEAD]
    for relation, of_relation in groupby(columns, key=lambda row: str(row[0])):
        lines += [f"## {relation}", "", comments[relation], ""]
        lines += ["| column | type | |", "|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {_cell(text)} |" for _, name, kind, text in of_relation]
        lines.append("")
    lines += list(_questions(macros))
    return "\n".join(lines)


def _questions(macros: list[tuple[str, str]]) -> Iterator[str]:
    yield "## Questions with a parameter"
    yield ""
    yield "Table macros, asked as `FROM balances_at('2026-10-31')`."
    yield ""
    for name, comment in macros:
        yield f"### {name}"
        yield ""
        yield comment
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
