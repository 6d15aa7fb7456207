"""What the writer answers: what a recording changed, in figures that a step can report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """An account that went away and came back under another id, or may have."""

    account_id: str
    succeeded_by: str | None
    """The account that continues it; None where several could, and nothing was joined."""
    recognised_by: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRefresh:
    """What a refresh added to the ledger. Recording it again gives the same answer."""

    refresh_id: str
    commit_number: int
    new_balances: int
    unchanged_balances: int
    failed_connections: int
    changed_accounts: tuple[str, ...]
    """Ids of accounts that are new or differ from what was known."""
    changed_connections: tuple[str, ...]
    vanished_accounts: tuple[str, ...]
    """Known accounts that the provider no longer lists though their connection is there; kept, and
    worth telling somebody."""
    successions: tuple[Succession, ...] = ()
    """Accounts that came back under new ids, and those where that is not clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSync:
    """What a sync of accounts or transactions added to the ledger."""

    sync_id: str
    commit_number: int
    changed_records: tuple[str, ...]
    """Ids of records that are new or differ from what was known."""
    unchanged_records: int
    vanished_records: tuple[str, ...]
    """Known accounts that the provider no longer lists; always empty for transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOverview:
    """Whether an overview differed from the newest one of its period and was added."""

    changed: bool
    rows: int
