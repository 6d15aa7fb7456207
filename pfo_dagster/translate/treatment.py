"""How faithfully a value of a spec is carried over: the words of the coverage report."""

from __future__ import annotations

from enum import StrEnum


class Treatment(StrEnum):
    """How faithfully a field is carried over."""

    EXACT = "exact"
    """Dagster, or Python itself, has the same thing."""
    EMULATED = "emulated"
    """Neither has such a thing; the same behaviour is built from others."""
    REFUSED = "refused"
    """Not translated, and neither is the spec."""
