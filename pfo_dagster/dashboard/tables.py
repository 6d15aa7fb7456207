"""The dashboard's tables and notices as HTML: exact figures, readable without a picture or a mouse.

Everything that comes from outside (names of accounts, words of banks) is escaped here.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STYLE = """
<style>
.pfo { font-size: 0.95rem; line-height: 1.45; }
.pfo table { border-collapse: collapse; width: 100%; }
.pfo caption { text-align: left; font-weight: 600; padding: 0.4rem 0; }
.pfo th, .pfo td { text-align: left; padding: 0.3rem 0.6rem 0.3rem 0; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.pfo th.n, .pfo td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pfo tr.group th { padding-top: 0.9rem; font-weight: 600; }
.pfo tr.out td { opacity: 0.75; }
.pfo.wide { overflow-x: auto; }
.pfo .said { font-size: 0.85em; }
.pfo .notice { border-left: 0.3rem solid currentColor; padding: 0.5rem 0.8rem; margin: 0.4rem 0;
  background: color-mix(in srgb, currentColor 7%, transparent); }
.pfo .notice.sandbox { color: light-dark(#6d4600, #ffc966); }
.pfo .notice.wrong { color: light-dark(#a10d20, #ff9aa5); }
.pfo .spark { color: light-dark(#1f5fa8, #7fb8ff); vertical-align: middle; }
.pfo dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
.pfo dt { font-weight: 600; } .pfo dd { margin: 0; overflow-wrap: anywhere; }
</style>
"""


@dataclass(frozen=True, slots=True)
class Html:
    """Text that is HTML already and must not be escaped again."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and whether it holds figures."""

    title: str
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row, or the heading of a group of rows where it has one cell."""

    cells: Sequence[str | Html]
    left_out: bool = False
    """Whether its figure counts in no total."""


def table(caption: str, columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """A table with a caption and headed columns."""
    kinds = [' class="n"' if column.figures else "" for column in columns]
    head = "".join(
        f'<th scope="col"{kind}>{escape(column.title)}</th>'
        for column, kind in zip(columns, kinds, strict=True)
    )
    body: list[str] = []
    for row in rows:
        if len(row.cells) == 1:
            heading = f'<th scope="rowgroup" colspan="{len(columns)}">{_cell(row.cells[0])}</th>'
            body.append(f'<tr class="group">{heading}</tr>')
            continue
        cells = "".join(
            f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(row.cells, kinds, strict=True)
        )
        body.append(f"<tr{' class=out' if row.left_out else ''}>{cells}</tr>")
    return (
        f'<div class="pfo wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, str | Html]]) -> str:
    """A list of what is known, each under its name."""
    content = "".join(f"<dt>{escape(name)}</dt><dd>{_cell(value)}</dd>" for name, value in pairs)
    return f'<div class="pfo"><dl>{content}</dl></div>'


def notice(text: str, kind: str, *, urgent: bool = False) -> str:
    """A notice above the figures; `kind` is `sandbox`, `wrong` or `plain`."""
    role = "alert" if urgent else "note"
    return f'<div class="pfo"><div class="notice {kind}" role="{role}">{escape(text)}</div></div>'


def said(text: str) -> Html:
    """A remark beside a figure."""
    return Html(f'<span class="said">{escape(text)}</span>')


def _cell(cell: str | Html) -> str:
    return cell.text if isinstance(cell, Html) else escape(cell)
