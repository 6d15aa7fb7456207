"""Whose figures stand beside each other: ids and sums of one source mean nothing in another.

A ledger may hold several tenants, and several providers of each; the page names them where it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Source: TypeAlias = tuple[str, str]
"""The ids of a tenant and of a provider."""
AccountKey: TypeAlias = tuple[str, str, str]
"""The same, and the provider's id of an account."""


class Sourced(Protocol):
    """A figure that is some tenant's, and came from some provider."""

    @property
    def tenant_id(self) -> str:
        """Whose it is."""
        ...

    @property
    def provider(self) -> str:
        """Where it came from."""
        ...


class OfAccount(Sourced, Protocol):
    """A figure of an account."""

    @property
    def account_id(self) -> str:
        """The provider's id of the account."""
        ...


def source_of(figure: Sourced) -> Source:
    """Whose it is."""
    return figure.tenant_id, figure.provider


def account_of(figure: OfAccount) -> AccountKey:
    """Which account it is of."""
    return figure.tenant_id, figure.provider, figure.account_id


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
