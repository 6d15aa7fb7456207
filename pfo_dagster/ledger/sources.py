"""Whose a figure is: ids and sums of one source mean nothing in another.

A ledger may hold several tenants, and several providers of each.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

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
