"""The positions as a small page beside a materialization: exact figures, and a line of the days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger import as_text
from pfo_dagster.operations.contract import Markdown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pfo_dagster.ledger import Position

_STEPS: Final = "▁▂▃▄▅▆▇█"


def preview(held: Sequence[Position], recent: Mapping[str, Sequence[float]]) -> Markdown:
    """A table of the positions with the course of the last days, per currency, oldest day first.

    It names no account, since the event log is seen by more people than the ledger.
    """
    rows = [
        f"| {one.currency} | {as_text(one.assets, places=one.precision, grouped=True)} "
        f"| {as_text(one.debts, places=one.precision, grouped=True)} "
        f"| **{as_text(one.amount, places=one.precision, grouped=True)}** "
        f"| {one.accounts} | {course(recent.get(one.currency, ()))} |"
        for one in held
    ]
    head = [
        "| in | assets | debts | position | accounts | last days |",
        "|---|--:|--:|--:|--:|---|",
    ]
    return Markdown("\n".join([*head, *rows, "", "Currencies are never added."]))


def course(amounts: Sequence[float]) -> str:
    """Amounts as a row of bars between the lowest and the highest of them."""
    if not amounts:
        return ""
    low, high = min(amounts), max(amounts)
    steps = (len(_STEPS) - 1) / (high - low) if high > low else 0.0
    return "".join(_STEPS[round((amount - low) * steps)] for amount in amounts)
