"""Recognising accounts that come back under new ids, so that they count once and history goes on.

A provider that lost a bank and found it again lists its accounts anew, under other ids. Recognised
is an account that went away and exactly one that came: by the keyed hash of the IBAN or, where one
of them has none, by connection, type and name. Whatever is ambiguous is reported, never joined.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.ledger.arrow import insert
from pfo_dagster.ledger.database import rows_of
from pfo_dagster.ledger.instants import bank_day, naive_utc
from pfo_dagster.ledger.results import Succession

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.commits import Commit
    from pfo_dagster.ledger.rows import Refresh

IBAN: Final = "iban"
NAME: Final = "connection, type and name"

_KNOWN: Final = """
    SELECT account_id, connection_id, account_type, name, iban_hash, first_commit
    FROM accounts
    JOIN (
        SELECT tenant_id, provider, account_id, min(commit_number) AS first_commit
        FROM history.accounts GROUP BY ALL
    ) USING (tenant_id, provider, account_id)
    WHERE tenant_id = $tenant_id AND provider = $provider
"""
# Gone: known with figures, and now deleted or (`$vanished`) no longer listed. Without figures there
# is no history to go on with: an account may be deleted already when it is first listed.
_GONE: Final = f"""{_KNOWN}
        AND (deleted_at IS NOT NULL OR account_id IN (SELECT unnest($vanished::VARCHAR[])))
        AND account_id IN (SELECT account_id FROM balances
            WHERE tenant_id = $tenant_id AND provider = $provider)
        AND account_id NOT IN (SELECT account_id FROM account_successions
            WHERE tenant_id = $tenant_id AND provider = $provider AND succeeded_by IS NOT NULL)
"""  # noqa: S608 - of constants
_THERE: Final = f"""{_KNOWN}
        AND deleted_at IS NULL AND account_id NOT IN (SELECT unnest($vanished::VARCHAR[]))
        AND account_id NOT IN (SELECT succeeded_by FROM account_successions
            WHERE tenant_id = $tenant_id AND provider = $provider AND succeeded_by IS NOT NULL)
"""  # noqa: S608 - of constants
_FIRST_DAYS: Final = """
    SELECT least(
        (SELECT closed_on FROM accounts
            WHERE tenant_id = $tenant_id AND provider = $provider AND account_id = $old),
        (SELECT min(day) FROM balances
            WHERE tenant_id = $tenant_id AND provider = $provider AND account_id = $new),
        $today
    )
"""
_END: Final = """
    INSERT INTO history.accounts BY NAME
    SELECT * EXCLUDE (changed_at) REPLACE (
        coalesce(deleted_at, $ended_at) AS deleted_at,
        $since AS closed_on,
        $commit AS commit_number
    ), $at AS recorded_at
    FROM accounts
    WHERE tenant_id = $tenant_id AND provider = $provider AND account_id = $old
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """What an account is recognised by, and since which commit it is known."""

    account_id: str
    connection_id: str | None
    account_type: str
    name: str
    iban_hash: str | None
    first_commit: int

    @property
    def label(self) -> tuple[str | None, str, str]:
        return self.connection_id, self.account_type, self.name


def recognise_accounts(
    commit: Commit, refresh: Refresh, vanished: Sequence[str]
) -> tuple[Succession, ...]:
    """Record which accounts continue which, after accounts and balances of `refresh` were added.

    `vanished` are those that the provider no longer lists. A report of an ambiguity that is on
    record already is not repeated.
    """
    scope = {"tenant_id": refresh.tenant_id, "provider": refresh.provider}
    asked = {**scope, "vanished": list(vanished)}
    gone = [_Known(*row) for row in rows_of(commit.connection, _GONE, asked)]
    if not gone:
        return ()
    there = [_Known(*row) for row in rows_of(commit.connection, _THERE, asked)]
    found = _pair(gone, there, now=commit.number)
    reported = _reported(commit.connection, refresh)
    new = [
        one for one in found if one.succeeded_by or (one.account_id, one.candidates) not in reported
    ]
    rows = [_recorded(commit, refresh, one) for one in new]
    insert(commit.connection, "account_successions", rows, key=("account_id",))
    return tuple(new)


def successions_of(connection: DuckDBPyConnection, commit_number: int) -> tuple[Succession, ...]:
    """The successions, and the ambiguities, that a commit recorded."""
    found = rows_of(
        connection,
        """
        SELECT account_id, succeeded_by, recognised_by, candidates
        FROM account_successions WHERE commit_number = ? ORDER BY account_id
        """,
        [commit_number],
    )
    return tuple(
        Succession(account_id=old, succeeded_by=new, recognised_by=by, candidates=tuple(candidates))
        for old, new, by, candidates in found
    )


def _pair(gone: Iterable[_Known], there: Iterable[_Known], *, now: int) -> list[Succession]:
    by_iban: defaultdict[str, list[_Known]] = defaultdict(list)
    by_label: defaultdict[tuple[str | None, str, str], list[_Known]] = defaultdict(list)
    for one in there:
        if one.iban_hash:
            by_iban[one.iban_hash].append(one)
        # An account of the same name that was there before is another one: only a new one counts.
        if one.first_commit == now:
            by_label[one.label].append(one)
    matches: list[tuple[_Known, str, list[str]]] = []
    for old in gone:
        same_iban = by_iban[old.iban_hash] if old.iban_hash else []
        same_name = [
            one for one in by_label[old.label] if not (old.iban_hash and one.iban_hash)
        ]  # fmt: skip
        rule, matching = (IBAN, same_iban) if same_iban else (NAME, same_name)
        later = sorted(one.account_id for one in matching if one.first_commit > old.first_commit)
        if later:
            matches.append((old, rule, later))
    wanted = Counter(new for _, _, candidates in matches for new in candidates)
    return [
        Succession(
            account_id=old.account_id,
            succeeded_by=(
                candidates[0] if len(candidates) == 1 and wanted[candidates[0]] == 1 else None
            ),
            recognised_by=rule,
            candidates=tuple(candidates),
        )
        for old, rule, candidates in sorted(matches, key=lambda match: match[0].account_id)
    ]


def _reported(connection: DuckDBPyConnection, refresh: Refresh) -> set[tuple[str, tuple[str, ...]]]:
    found = rows_of(
        connection,
        "SELECT account_id, candidates FROM account_successions"
        " WHERE tenant_id = ? AND provider = ? AND succeeded_by IS NULL",
        [refresh.tenant_id, refresh.provider],
    )
    return {(str(old), tuple(candidates)) for old, candidates in found}


def _recorded(commit: Commit, refresh: Refresh, one: Succession) -> dict[str, object]:
    """The row of a succession; the account that it ends gets its last version on the way."""
    scope = {"tenant_id": refresh.tenant_id, "provider": refresh.provider}
    since = None
    if one.succeeded_by:
        days = {
            "old": one.account_id,
            "new": one.succeeded_by,
            "today": bank_day(refresh.finished_at),
        }
        ((since,),) = rows_of(commit.connection, _FIRST_DAYS, {**scope, **days})
        ended = {"old": one.account_id, "since": since, "ended_at": naive_utc(refresh.finished_at)}
        commit.connection.execute(_END, {**scope, **ended, **commit.stamp})
    return {
        **scope,
        "account_id": one.account_id,
        "succeeded_by": one.succeeded_by,
        "recognised_by": one.recognised_by,
        "candidates": list(one.candidates),
        "since": since,
        "commit_number": commit.number,
        "recorded_at": commit.at,
    }
