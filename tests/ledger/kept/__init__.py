"""Ledger files as each earlier version of the schema left them, to be brought up to date by tests.

`python -m tests.ledger.kept` keeps a file of this program's version; one that is kept is never
made anew. Each holds the same records, as far as its version has a place for them: what the
writer of that time would have written, spelled out in SQL, because that writer is gone.
"""

from __future__ import annotations

import contextlib
import gzip
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pfo_dagster.ledger.database import connect
from pfo_dagster.ledger.migrations import Migration, bring_up_to_date, bundled_migrations, migrate

FOLDER = Path(__file__).parent
APPLIED_AT = datetime(2026, 11, 1, tzinfo=UTC)

RECORDS: dict[str, str] = {
    "commits": """
        INSERT INTO history.commits VALUES (1, 'refresh', 'r1', '2026-11-20 11:00:00');
        INSERT INTO history.publication VALUES ('2026-11-20 11:00:00');
    """,
    "connections_and_accounts": """
        INSERT INTO history.connections VALUES
            ('home', 'sandbox', 'c1', '7', 'Banque du Lac', 'ok', NULL, '2026-11-20 11:00:00',
                NULL, NULL, true, false, 1, '2026-11-20 11:00:00');
        INSERT INTO history.accounts VALUES
            ('home', 'sandbox', '1', 'c1', NULL, 'Joint account', 'checking', 'PRIV', 'EUR', 2,
                'FR76 •••• 0189', 'ab12', NULL, true, NULL, NULL, NULL, NULL, 1,
                '2026-11-20 11:00:00'),
            ('home', 'sandbox', '2', 'c1', NULL, 'Closed', 'savings', 'PRIV', 'EUR', 2,
                NULL, NULL, NULL, true, NULL, '2026-11-20 11:00:00', '2026-11-20', NULL, 1,
                '2026-11-20 11:00:00');
    """,
    "refreshes": """
        INSERT INTO refreshes VALUES
            ('r1', 'home', 'sandbox', 'run-1', 'refresh', 'pfo.workflow.refresh', '1.0.0',
                'd1', 1,
                '2026-11-20 11:00:00', '2026-11-20 11:00:00', true, 2, 0, 0, ['1', '2'],
                ['c1'], [], 1, '2026-11-20 11:00:00');
        INSERT INTO refresh_accounts VALUES ('r1', 'home', 'sandbox', '1', 'observed', NULL, 1);
        INSERT INTO refresh_connections VALUES
            ('r1', 'home', 'sandbox', 'c1', 'read', NULL, false, 1);
        INSERT INTO provider_totals VALUES ('r1', 'home', 'sandbox', 'EUR', 0.100000000001, 1);
        INSERT INTO sync_attempts VALUES
            ('home', 'sandbox', 'c1', 'run-1', '2026-11-20 11:00:00', 1);
    """,
    "balances": """
        INSERT INTO balances VALUES
            ('home', 'sandbox', 'c1', '1', 'current', 0.100000000001, 'EUR',
                '2026-11-20 11:00:00', 'connection', '2026-11-20',
                '2026-11-20 11:00:00', 'ok', 'q1', 'h1', 'r1', 'run-1', 1, '2026-11-20 11:00:00'),
            ('home', 'sandbox', 'c1', '2', 'current', 5, 'EUR', '2026-11-20 11:00:00',
                'connection', '2026-11-20',
                '2026-11-20 11:00:00', 'ok', 'q1', 'h2', 'r1', 'run-1', 1, '2026-11-20 11:00:00');
    """,
    "transactions": """
        INSERT INTO history.commits VALUES (2, 'transactions', 's1', '2026-11-20 11:00:00');
        INSERT INTO syncs VALUES
            ('s1', 'transactions', 'home', 'sandbox', 'run-2', NULL, NULL, NULL, NULL, 1,
                '2026-11-20 11:00:00', '2026-11-20 11:00:00',
                false, ['t1'], 0, [], 2, '2026-11-20 11:00:00');
        INSERT INTO history.transactions VALUES
            ('home', 'sandbox', 't1', '1', '2026-11-20', NULL, -12.30, NULL, NULL, 'card',
                'Bakery', false,
                true, '2026-11-20 11:00:00', NULL, 2, '2026-11-20 11:00:00');
    """,
    "overviews": """
        INSERT INTO history.commits VALUES (3, 'overview', 'home', '2026-11-20 11:00:00');
        INSERT INTO history.overviews VALUES
            ('home', 'sandbox', '2026-11-01', '2026-11-30', 'run-3', '2026-11-20 11:00:00', 3);
        INSERT INTO history.overview_rows VALUES ('EUR', 'inflow', NULL, 1.5, 1, 3);
    """,
    "reference_rates": """
        INSERT INTO history.commits VALUES (4, 'rates', 'sample.csv', '2026-11-20 11:00:00');
        INSERT INTO history.reference_rates VALUES
            ('sample', '2026-11-20', 'USD', 1.05, 'sample.csv', 'h3', 'run-4',
                '2026-11-20 11:00:00', 4, '2026-11-20 11:00:00');
    """,
}
"""What to add after a schema file, by its name without the number: as soon as it can be held."""


def file_of(version: int) -> Path:
    """Where the file of a version is kept."""
    return FOLDER / f"{version:04}.duckdb.gz"


def kept_versions() -> list[int]:
    """The versions of which a file is kept, rising."""
    return sorted(int(path.name.partition(".")[0]) for path in FOLDER.glob("*.duckdb.gz"))


def keep(version: int) -> None:
    """Make and keep the file of this program's version. Refuses to replace one."""
    applied = bundled_migrations()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        with contextlib.closing(connect(path)) as connection:
            for number in range(1, len(applied) + 1):
                migrate(connection, applied[:number], APPLIED_AT)
                connection.execute(RECORDS.get(_name(applied[number - 1]), ""))
            bring_up_to_date(connection, APPLIED_AT)
        content = gzip.compress(path.read_bytes(), mtime=0)
    with file_of(version).open("xb") as kept:
        kept.write(content)


def _name(migration: Migration) -> str:
    return migration.name.partition("_")[2].removesuffix(".sql")


def main() -> None:
    """Keep a file of this program's version, if there is none."""
    newest = max(migration.version for migration in bundled_migrations())
    if newest not in kept_versions():
        keep(newest)
