"""Why an expression was true or false, for people who look at a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfo_dagster.spec import Explanation


def in_words(explanation: Explanation) -> str:
    """An expression's answer with the value behind each part: `output.n > 1` is true (5 > 1)."""
    values = ", ".join(
        f"{atom.text}: {atom.left!r} {atom.operator} {atom.right!r} is {_word(atom.result)}"
        if atom.operator
        else f"{atom.text}: {atom.left!r} counts as {_word(atom.result)}"
        for atom in explanation.atoms
    )
    return f"{explanation.text} is {_word(explanation.result)} ({values})"


def _word(result: bool) -> str:
    return "true" if result else "false"
