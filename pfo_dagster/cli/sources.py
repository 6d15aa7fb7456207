"""What commands call the sources of figures: a tenant is named where there are several.

Two tenants of one provider can have accounts of the same name, even of the same id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.ledger import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pfo_dagster.ledger import Source, Sourced


def source_names(figures: Iterable[Sourced]) -> Mapping[Source, str]:
    """What to call each source: its provider, after its tenant where there are several."""
    sources = dict.fromkeys(source_of(figure) for figure in figures)
    several = len({tenant_id for tenant_id, _ in sources}) > 1
    return {
        (tenant_id, provider): f"{tenant_id}, {provider}" if several else provider
        for tenant_id, provider in sources
    }
