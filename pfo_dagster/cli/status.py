"""`pfo powens status`: the user, each connection, and what somebody has to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.cli.console import out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.config import load_settings
from pfo_dagster.installed_ledger import bank_clock, open_ledger
from pfo_dagster.ledger import NotPublishedError
from pfo_dagster.openbanking.powens.webview import Webview
from pfo_dagster.operations.banking.decisions import BUDGET_WINDOW
from pfo_dagster.operations.banking.status import ConnectionStatus, connection_status
from pfo_dagster.resources import open_bank, open_onboarding, powens_address, refresh_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pfo_dagster.config import Settings
    from pfo_dagster.ledger import Ledger
    from pfo_dagster.openbanking.records import Connection


@dataclass(frozen=True, slots=True)
class _User:
    provider: str
    user_id: str
    connections: tuple[Connection, ...]


def print_status(*, links: bool, redirect_uri: str) -> None:
    """Print how things stand; with `links`, where the account holder does what is to be done.

    A link holds a code that is good for half an hour, once. Raises `ProviderError`, `LedgerError`.
    """
    settings = load_settings()
    webview = _webview(settings, redirect_uri) if links else None
    user = asyncio.run(_look(settings))
    now = bank_clock(settings)()
    attempts = _attempts(open_ledger(settings), user.provider, now)
    policy = refresh_policy(settings)
    statuses = [
        connection_status(connection, attempts=attempts, policy=policy, now=now)
        for connection in user.connections
    ]
    out.print(f"Provider [bold]{user.provider}[/], user {user.user_id}")
    if not statuses:
        out.print("No bank is connected yet. To connect one: pfo powens connect")
    for status in statuses:
        _print_connection(status, limit=policy.forced_syncs_per_day)
        if status.needs_account_holder:
            _print_link(status, settings, webview)


async def _look(settings: Settings) -> _User:
    async with open_bank(settings) as bank:
        listing = await bank.connections()
        return _User(bank.name, await bank.user_id(), listing.connections)


def _attempts(ledger: Ledger, provider: str, now: datetime) -> Mapping[str, Sequence[datetime]]:
    """The forced syncs of the 24 hours before `now` that are on record, by connection."""
    attempts: dict[str, list[datetime]] = {}
    # A refresh that failed or was killed has recorded its attempts without publishing them.
    ledger.catch_up()
    try:
        with ledger.reader() as reader:
            rows = reader.rows(
                "SELECT connection_id, attempted_at FROM sync_attempts"
                " WHERE provider = ? AND attempted_at >= ?",
                [provider, (now - BUDGET_WINDOW).replace(tzinfo=None)],
            )
    except NotPublishedError:
        return attempts
    for row in rows:
        attempts.setdefault(row["connection_id"], []).append(row["attempted_at"])
    return attempts


def _print_connection(status: ConnectionStatus, *, limit: int) -> None:
    one = status.connection
    detail = f" ({one.state_detail})" if one.state_detail else ""
    off = "" if one.active else ", switched off at the provider"
    out.print(f"\n[bold]{one.connection_id}[/]  {one.institution or 'unknown bank'}", end=": ")
    out.print(f"{one.state}{detail}{off}", markup=False)
    for name, value in (
        ("last sync", f"{_when(one.last_update)}{'' if status.is_fresh else ' (stale)'}"),
        ("next try", _when(one.next_try)),
        ("consent", _days(status.consent_days_left)),
        ("budget", f"{status.budget_left} of {limit} forced syncs left in 24 hours"),
        ("a refresh", status.next_refresh),
    ):
        out.print(f"  {name:<10} {value}", markup=False, soft_wrap=True)
    if status.to_do:
        out.print("  [bold yellow]to do[/]      ", end="")
        out.print(status.to_do, markup=False, soft_wrap=True)


def _print_link(status: ConnectionStatus, settings: Settings, webview: Webview | None) -> None:
    if webview is None:
        out.print("             For the link: pfo powens status --link", style="dim")
        return
    link = asyncio.run(_reconnect_link(settings, webview, status.connection.connection_id))
    note = "Good once, within half an hour; the page that it ends on may be empty:"
    out.print(f"             {note}", soft_wrap=True)
    out.print(link, markup=False, soft_wrap=True)


def _webview(settings: Settings, redirect_uri: str) -> Webview:
    if not settings.has_powens:
        problem = (
            "The built-in sandbox has no webview in this process. Run `pfo sandbox serve` and set "
            "what it prints, or set up Powens."
        )
        raise stop(problem, CALLED_WRONGLY)
    if not settings.powens_client_id:
        problem = (
            "POWENS_CLIENT_ID is not set, which links to the webview need. It is the number of "
            "your client application in the Powens console, and no secret."
        )
        raise stop(problem, CALLED_WRONGLY)
    return Webview(
        base_url=powens_address(settings),
        client_id=settings.powens_client_id,
        redirect_uri=redirect_uri,
    )


async def _reconnect_link(settings: Settings, webview: Webview, connection_id: str) -> str:
    token = settings.powens_user_token
    async with open_onboarding(settings, webview.base_url, token) as onboarding:
        code = await onboarding.temporary_code()
    return webview.reconnect_link(code, connection_id=connection_id)


def _when(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "-"


def _days(days: int | None) -> str:
    if days is None:
        return "-"
    if days < 0:
        return f"expired {-days} days ago"
    return f"{days} days left" if days else "ends within a day"
