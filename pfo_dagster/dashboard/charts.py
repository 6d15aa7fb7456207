"""Charts of the dashboard: pictures of figures that stand exactly in a table beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

if TYPE_CHECKING:
    import pyarrow as pa

_HEIGHT = 150
_FIGURE = ",.8~f"
"""As many decimals as tell one figure from the next: bitcoin has eight."""
_NUMBERS = {"decimal": ".", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]}
"""Thousands set apart as in the tables, by what no country reads as a decimal sign."""
_FEW = 60
"""Up to so many figures each is marked, since a single one makes no line."""

_MENU = {"export": True, "source": False, "compiled": False, "editor": False}
"""What the menu of a chart offers: pictures of it, and not to open its figures in Vega's editor,
which is a page on the internet."""
_EMBEDDED = {"actions": _MENU, "formatLocale": _NUMBERS}


def position_chart(history: pa.Table, currency: str) -> alt.Chart:
    """What was held in one currency at the end of each day."""
    days = history["day"]
    span = f"{days[0]} to {days[-1]}" if history.num_rows else "no day yet"
    return _steps(
        history,
        x="day:T",
        y="amount:Q",
        title=f"Position in {currency}",
        description=f"Line of the cash position in {currency} at the end of each day, {span}.",
    )


def account_chart(observed: pa.Table, name: str, currency: str) -> alt.Chart:
    """An account's balance from observation to observation."""
    return _steps(
        observed.select(["as_of", "drawn"]),
        x="as_of:T",
        y="drawn:Q",
        title=f"{name}, {currency}",
        description=f"Line of the balance of {name} in {currency}, "
        f"{observed.num_rows} observations.",
    )


def _steps(data: pa.Table, *, x: str, y: str, title: str, description: str) -> alt.Chart:
    return (
        alt.Chart(data, description=description, usermeta={"embedOptions": _EMBEDDED})
        .mark_line(interpolate="step-after", point=data.num_rows <= _FEW)
        .encode(
            x=alt.X(x, title=None),
            y=alt.Y(y, title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format=_FIGURE)),
            tooltip=[alt.Tooltip(x, title="of"), alt.Tooltip(y, title="amount", format=_FIGURE)],
        )
        .properties(title=title, height=_HEIGHT, width="container")
    )
