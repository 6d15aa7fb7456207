"""Looking for words in every file of a folder, in whatever way they may be written there.

DuckDB and Parquet compress text and SQLite spreads it over pages, so these are read by their own
readers as well as byte for byte.
"""

from __future__ import annotations

import base64
import gzip
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import duckdb


def spellings(word: str) -> dict[bytes, str]:
    """The word in the encodings in which it could be hidden, each with its name."""
    plain = word.encode()
    found = {
        plain: "as it is",
        plain.lower(): "in lower case",
        quote(word, safe="").encode(): "percent-encoded",
        word.encode("utf-16-le"): "in UTF-16 LE",
        word.encode("utf-16-be"): "in UTF-16 BE",
        plain.hex().encode(): "in hexadecimal",
        " ".join(word[i : i + 4] for i in range(0, len(word), 4)).encode(): "in groups of four",
        plain[::-1]: "backwards",
    }
    for shift in range(3):
        # Of base64 only the middle is the same wherever in a longer text the word stands.
        whole = base64.b64encode(bytes(shift) + plain)
        found[whole[4 if shift else 0 : (shift + len(plain)) // 3 * 4]] = "in base64"
    return found


def findings(folder: Path, words: Iterable[str]) -> list[str]:
    """Where any of the words is, as `file: word, how it is written`."""
    wanted = {spelt: f"{word}, {how}" for word in words for spelt, how in spellings(word).items()}
    found: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for content in contents(path):
                lowered = content.lower()
                found |= {
                    f"{path.relative_to(folder)}: {what}"
                    for spelt, what in wanted.items()
                    if spelt in content or spelt.lower() in lowered
                }
    return sorted(found)


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and all that its own format has to say."""
    yield str(path).encode()
    data = path.read_bytes()
    yield data
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    elif data.startswith(b"SQLite format 3"):
        yield from _sqlite(path)
    elif data[8:12] == b"DUCK":
        yield from _duckdb(path)
    elif data.startswith(b"PAR1"):
        rows = duckdb.execute("FROM read_parquet(?)", [str(path)]).fetchall()
        yield repr(rows).encode()


def _sqlite(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            yield repr(db.execute(f'SELECT * FROM "{table}"').fetchall()).encode()  # noqa: S608


def _duckdb(path: Path) -> Iterator[bytes]:
    with closing(duckdb.connect(str(path), read_only=True)) as db:
        tables = db.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        for schema, table in tables:
            yield repr(db.execute(f'FROM "{schema}"."{table}"').fetchall()).encode()
