"""What a check is, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pfo_dagster.ledger.reader import Reader

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of a check. `rows` are all that it objects to, be it every account."""

    passed: bool
    summary: str
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TrustCheck:
    """A named question to the publication, asked at a moment (aware, the present one as a rule).

    A failed `blocking` one disproves a shown figure; any other is a reason to look.
    """

    name: str
    description: str
    blocking: bool
    find: Callable[[Reader, datetime], Finding]


def objections(
    reader: Reader,
    sql: str,
    params: Sequence[object] | Mapping[str, object] | None = None,
    *,
    passed: str,
    failed: str,
) -> Finding:
    """The finding of a check whose query gives the rows that it objects to."""
    rows = reader.rows(sql, params)
    if not rows:
        return Finding(passed=True, summary=passed)
    return Finding(
        passed=False,
        summary=f"{len(rows)} {failed}{_named(rows)}.",
        rows=tuple(rows),
    )


def _named(rows: Sequence[Mapping[str, object]]) -> str:
    """Which ones, as the end of a sentence: the first few, by what rows have to tell them apart."""
    for column in ("account_id", "connection_id", "record_id", "currency"):
        ids = list(dict.fromkeys(str(row[column]) for row in rows if row.get(column) is not None))
        if ids:
            more = " and more" if len(ids) > _MOST_NAMED else ""
            kind = column.removesuffix("_id")
            return f": {kind} {', '.join(ids[:_MOST_NAMED])}{more}"
    return ""
