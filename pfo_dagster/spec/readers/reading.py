"""What every reader gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.source import Document

MAX_DEPTH: Final = 50
"""Mappings and lists within each other; a spec needs about ten."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The documents of a file, and what is wrong with it; a broken file may still have some."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    supplied: frozenset[str] = frozenset()
    """The names whose values the file does not have and `defines` gave."""
