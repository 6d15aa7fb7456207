"""How the page tells the sources of figures apart, where it shows several beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.ledger import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pfo_dagster.ledger import Source, Sourced


def source_names(figures: Iterable[Sourced]) -> Mapping[Source, str]:
    """What to write behind a figure of each source: nothing where there is only one."""
    sources = {source_of(figure) for figure in figures}
    if len(sources) == 1:
        return dict.fromkeys(sources, "")
    several_tenants = len({tenant_id for tenant_id, _ in sources}) > 1
    return {
        (tenant_id, provider): f" ({tenant_id}, {provider})"
        if several_tenants
        else f" ({provider})"
        for tenant_id, provider in sources
    }
