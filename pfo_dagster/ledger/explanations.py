"""Where a figure comes from: the observation behind it, its evidence, and what took its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pfo_dagster.ledger.instants import naive_utc
from pfo_dagster.ledger.reader import ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from pfo_dagster.ledger.reader import Reader
    from pfo_dagster.ledger.rows import AsOfBasis, BalanceState, BalanceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The observation that took the place of another one as the latest of its account and type."""

    kind: Literal["newer", "corrected", "late"]
    """Of a later moment, of the same one, or known already when the other one was recorded."""
    at: datetime
    amount: Decimal | None
    as_of: datetime
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Days on which an account that came back counted nowhere."""

    closed_on: date
    returned_on: date
    """The first day on which it counts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One figure of an account with everything that the ledger knows of its origin.

    What is None was not recorded: the ledger never fills in what nobody told it.
    """

    tenant_id: str
    provider: str
    institution: str | None
    connection_id: str | None
    account_id: str
    account_name: str
    account_type: str
    closed_on: date | None
    """The first day on which the account counts nowhere, if it is closed."""
    absence: Absence | None
    """Why the figure did not count on the day that was asked for, though the account is open."""
    precision: int
    """How many decimals the currency has."""

    balance_type: BalanceType
    type_basis: Literal["stated", "unspecified", "inferred"]
    meaning: str
    amount: Decimal | None
    currency: str | None
    state: BalanceState
    day: date
    as_of: datetime
    as_of_basis: AsOfBasis
    fetched_at: datetime
    recorded_at: datetime
    commit_number: int

    connection_decision: Literal["read", "forced", "skipped"] | None
    connection_reason: str | None
    account_outcome: Literal["observed", "excused"] | None
    account_reason: str | None
    refresh_id: str
    run_id: str
    step_id: str | None
    attempt: int | None
    workflow_key: str | None
    workflow_version: str | None
    workflow_digest: str | None
    request_id: str | None
    payload_hash: str | None
    schema_version: int | None

    confirmed_at: datetime | None
    """When a refresh last observed the account with this figure still the latest."""
    replacement: Replacement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """An account that can be asked about."""

    tenant_id: str
    provider: str
    account_id: str
    name: str
    current_account_id: str
    """The id that it has now, where it came back under another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumbering:
    """An account that went away and came back under a new id, or may have."""

    tenant_id: str
    provider: str
    account_id: str
    succeeded_by: str | None
    """None where several `candidates` could be it: nothing was joined."""
    recognised_by: str
    candidates: Sequence[str]
    since: date | None
    """The first day (Paris) of the new id; None where nothing was joined."""
    recorded_at: datetime


def explain(
    reader: Reader, account_id: str, *, on: date | None = None, known_at: datetime | None = None
) -> list[Explanation]:
    """The figures of an account, current first: those of now, or of the end of a day (Paris time).

    A day on which the account was closed or absent is told the last figure before, which counted
    nowhere on it. `known_at`, an aware instant, leaves out what was recorded later, but for what
    then took the place of a figure. One per tenant, provider and balance type; empty for an account
    without observations by then.
    """
    rows = reader.rows(
        """
        SELECT explained.*, accounts.name AS account_name, accounts.account_type,
            accounts.closed_on, coalesce(accounts.currency_precision, 0) AS precision,
            absent.closed_on AS absent_from, absent.returned_on, connections.institution
        FROM explain($account_id) AS explained
        JOIN (
            FROM history.accounts
            WHERE $known_at IS NULL OR recorded_at <= $known_at
            QUALIFY row_number() OVER (
                PARTITION BY tenant_id, provider, account_id ORDER BY commit_number DESC
            ) = 1
        ) AS accounts USING (tenant_id, provider, account_id)
        LEFT JOIN (
            SELECT tenant_id, provider, account_id,
                min(closed_on) AS closed_on, max(returned_on) AS returned_on
            FROM account_absences
            WHERE closed_on <= $on AND returned_on > $on
                AND ($known_at IS NULL OR recorded_at <= $known_at)
            GROUP BY ALL
        ) AS absent USING (tenant_id, provider, account_id)
        LEFT JOIN connections
            ON connections.tenant_id = explained.tenant_id
            AND connections.provider = explained.provider
            AND connections.connection_id = explained.connection_id
        WHERE ($on IS NULL OR day <= $on)
            AND ($known_at IS NULL OR explained.recorded_at <= $known_at)
        QUALIFY row_number() OVER (
            PARTITION BY tenant_id, provider, balance_type
            ORDER BY as_of DESC, fetched_at DESC, explained.commit_number DESC
        ) = 1
        ORDER BY tenant_id, provider, balance_type = 'current' DESC, balance_type
        """,
        {
            "account_id": account_id,
            "on": on,
            "known_at": None if known_at is None else naive_utc(known_at),
        },
    )
    return [_explanation(row) for row in rows]


def known_accounts(reader: Reader) -> list[KnownAccount]:
    """All accounts, deleted and disabled ones included, by name."""
    return ask(
        reader,
        KnownAccount,
        """
        SELECT tenant_id, provider, account_id, name, current_account_id
        FROM accounts JOIN account_lineage USING (tenant_id, provider, account_id)
        ORDER BY name, account_id, tenant_id, provider
        """,
        {},
    )


def renumberings(reader: Reader, account_id: str) -> list[Renumbering]:
    """Under which ids the account was and is known, oldest first, with whatever is unclear."""
    return ask(
        reader,
        Renumbering,
        """
        WITH same AS (
            SELECT tenant_id, provider, other.account_id
            FROM account_lineage AS asked
            JOIN account_lineage AS other USING (tenant_id, provider, current_account_id)
            WHERE asked.account_id = $account_id
        )
        SELECT DISTINCT tenant_id, provider, step.account_id, succeeded_by, recognised_by,
            candidates, since, recorded_at
        FROM account_successions AS step
        JOIN same USING (tenant_id, provider)
        WHERE same.account_id = step.account_id OR list_contains(candidates, same.account_id)
        ORDER BY recorded_at, step.account_id
        """,
        {"account_id": account_id},
    )


def _explanation(row: dict[str, object]) -> Explanation:
    closed_on, returned_on = row.pop("absent_from"), row.pop("returned_on")
    absence = None if closed_on is None else Absence(closed_on=closed_on, returned_on=returned_on)  # pyright: ignore[reportArgumentType] the columns are the fields
    kind = row.pop("replacement")
    taken = {
        "at": row.pop("replaced_at"),
        "amount": row.pop("replaced_by_amount"),
        "as_of": row.pop("replaced_by_as_of"),
        "run_id": row.pop("replaced_by_run_id"),
    }
    replacement = None if kind is None else Replacement(kind=kind, **taken)  # pyright: ignore[reportArgumentType] the columns are the fields
    return Explanation(**row, absence=absence, replacement=replacement)  # pyright: ignore[reportArgumentType] the columns are the fields
