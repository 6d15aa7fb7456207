"""The small line beside an account: its last days, drawn without a library or a script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _MARGIN = 96, 22, 2


def sparkline(amounts: Sequence[float], label: str) -> str:
    """SVG of amounts, oldest first, in the colour of the text around it; empty for under two."""
    if len(amounts) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = min(amounts), max(amounts)
    step = _WIDTH / (len(amounts) - 1)
    scale = (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1.0)
    points = " ".join(
        f"{number * step:.1f},{_HEIGHT - _MARGIN - (amount - low) * scale:.1f}"
        for number, amount in enumerate(amounts)
    )
    return (
        f'<svg class="spark" role="img" aria-label="{escape(label)}" width="{_WIDTH}"'
        f' height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    )
