"""The sections of the page: figures in, HTML out. `app` puts them together."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from pfo_dagster.dashboard.figures import RECENT_DAYS, SPARKLINE_DAYS, age
from pfo_dagster.dashboard.sparklines import sparkline
from pfo_dagster.dashboard.tables import Column, Html, Row, facts, notice, said, table
from pfo_dagster.ledger import account_of, as_text, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from pfo_dagster.dashboard.figures import (
        MonthEnd,
        Movement,
        Publication,
        Trust,
        WaitingConnection,
    )
    from pfo_dagster.ledger import AccountKey, Explanation, Holding, Position, Source

_OBSERVATIONS_SHOWN: Final = 20
_STATES: Final = {
    "ok": "fresh",
    "stale": "stale",
    "unavailable": "bank is down",
    "needs_user": "needs the account holder",
    "failed": "failed",
}


def instant(at: datetime | None) -> str:
    """An instant with its zone."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def banner(shown: Publication, trust: Trust, now: datetime) -> str:
    """What must be known before any figure: whose data it is, what is wrong, how old it is."""
    parts: list[str] = []
    if shown.is_made_up:
        parts.append(notice("SANDBOX: all data is made up. No bank is asked.", "sandbox"))
    parts += [
        notice(f"Do not rely on the figures: {verdict.finding.summary}", "wrong", urgent=True)
        for verdict in trust.disproved
    ]
    refreshed = "no balances yet: `make run` asks for them"
    if shown.refreshed_at is not None:
        ago = age(shown.refreshed_at, now)
        refreshed = f"refreshed {instant(shown.refreshed_at)}, {ago} ago"
    sources = escape(", ".join(shown.sources) or "nobody yet")
    parts.append(
        f'<p class="pfo">Publication {shown.commit_number} of {sources}, {refreshed}.'
        " Currencies are never added.</p>"
    )
    return "".join(parts)


def positions(held: Sequence[Position], trust: Trust, names: Mapping[Source, str]) -> str:
    """What is held per currency, exactly."""
    rows = [
        Row(
            [
                Html(
                    f"{escape(one.currency + names[source_of(one)])}"
                    f" {_doubt(trust.currencies.get((source_of(one), one.currency))).text}"
                ),
                as_text(one.assets, places=one.precision, grouped=True),
                as_text(one.debts, places=one.precision, grouped=True),
                as_text(one.amount, places=one.precision, grouped=True),
                str(one.accounts),
                str(one.accounts_unknown or ""),
                "today" if not one.oldest_age_days else f"{one.oldest_age_days} d",
            ]
        )
        for one in held
    ]
    columns = [
        Column("Currency"),
        Column("Assets", figures=True),
        Column("Debts", figures=True),
        Column("Position", figures=True),
        Column("Accounts", figures=True),
        Column("Unknown", figures=True),
        Column("Oldest", figures=True),
    ]
    day = f" at the end of {held[0].day}" if held else ""
    return table(f"Cash position{day}", columns, rows)


def months(ends: Sequence[MonthEnd], names: Mapping[Source, str]) -> str:
    """The charts' figures at the end of each month."""
    rows = [
        Row(
            [
                f"{one.day}",
                one.currency + names[source_of(one)],
                as_text(one.amount, places=one.precision, grouped=True),
            ]
        )
        for one in ends
    ]
    columns = [Column("Day"), Column("In"), Column("Position", figures=True)]
    shown = table("Position at the end of each month", columns, rows)
    return f'<details class="pfo"><summary>The figures of the charts</summary>{shown}</details>'


def accounts(
    held: Sequence[Holding],
    lines: Mapping[AccountKey, Sequence[float]],
    trust: Trust,
    now: datetime,
    names: Mapping[Source, str],
) -> str:
    """Every account by institution, with the line of its last days and the age of its figure."""

    def rows() -> Iterator[Row]:
        before: object = object()
        for one in held:
            bank = (one.institution or "Unknown institution") + names[source_of(one)]
            if bank != before:
                before = bank
                yield Row([bank])
            label = f"Last {SPARKLINE_DAYS} days of {one.account_name}"
            amount = as_text(one.amount, places=one.precision, grouped=True)
            doubt = _doubt(trust.accounts.get(account_of(one)))
            yield Row(
                [
                    Html(f"{escape(one.account_name)} {doubt.text}"),
                    amount if one.amount is not None else "unknown",
                    one.currency or "?",
                    f"{age(one.as_of, now)} old",
                    _STATES.get(one.state, one.state),
                    Html(sparkline(lines.get(account_of(one), ()), label)),
                    one.account_type,
                    "" if one.in_totals else "not in totals",
                ],
                left_out=not one.in_totals,
            )

    # In a narrow window, the first columns are those that are seen without scrolling.
    columns = [
        Column("Account"),
        Column("Balance", figures=True),
        Column("In"),
        Column("Age"),
        Column("State"),
        Column(f"Last {SPARKLINE_DAYS} days"),
        Column("Type"),
        Column("Counts"),
    ]
    return table("Accounts", columns, rows())


def attention(known: Sequence[WaitingConnection], now: datetime) -> str:
    """The connections: what is stale, what needs whom, how long consents last."""
    rows = [
        Row(
            [
                one.institution,
                _STATES.get(one.state, one.state)
                + (f" ({one.state_detail})" if one.state_detail else ""),
                f"{age(one.last_update, now)} ago" if one.last_update else "never",
                _consent(one.days_left),
                "the account holder: pfo powens status --link" if one.needs_attention else "nobody",
            ]
        )
        for one in known
    ]
    columns = [Column(title) for title in ("Bank", "State", "Last data", "Consent", "Needs")]
    return table("Connections", columns, rows)


def movements(moved: Sequence[Movement]) -> str:
    """What changed over the last days, per account."""
    rows = [
        Row(
            [
                one.account_name,
                one.institution or "",
                as_text(one.before, places=one.precision, grouped=True),
                as_text(one.after, places=one.precision, grouped=True),
                ("+" if one.change > 0 else "")
                + as_text(one.change, places=one.precision, grouped=True),
                one.currency,
            ]
        )
        for one in moved
    ]
    columns = [
        Column("Account"),
        Column("Bank"),
        Column("Before", figures=True),
        Column("Now", figures=True),
        Column("Change", figures=True),
        Column("In"),
    ]
    caption = f"Changes of the last {RECENT_DAYS} days" + ("" if moved else ": none")
    return table(caption, columns, rows)


def reconciliation(trust: Trust) -> str:
    """What each trust check says."""
    rows = [
        Row(
            [
                "ok" if one.finding.passed else "DISPROVED" if one.blocking else "look",
                one.name.replace("_", " "),
                one.finding.summary,
            ]
        )
        for one in sorted(trust.verdicts, key=lambda one: (one.finding.passed, not one.blocking))
    ]
    return table(
        "Checks of the figures", [Column("Answer"), Column("Check"), Column("Finding")], rows
    )


def history(observed: pa.Table, precision: int) -> str:
    """The last observations of an account."""
    rows = [
        Row(
            [
                instant(row["as_of"]),
                as_text(row["amount"], places=precision, grouped=True),
                row["currency"] or "?",
                _STATES.get(str(row["state"]), str(row["state"])),
                instant(row["recorded_at"]),
            ]
        )
        for row in reversed(
            observed.slice(max(0, observed.num_rows - _OBSERVATIONS_SHOWN)).to_pylist()
        )
    ]
    columns = [
        Column("Of"),
        Column("Balance", figures=True),
        Column("In"),
        Column("State"),
        Column("Recorded"),
    ]
    return table(f"The last {len(rows)} of {observed.num_rows} observations", columns, rows)


def explanation(told: Explanation) -> str:
    """Where an account's figure comes from, as `pfo explain` tells it."""
    # A figure that is explained as known at an instant may be of an account that was closed then.
    counts = [("Counts", f"nowhere from {told.closed_on} on")] if told.closed_on else []
    amount = as_text(told.amount, places=told.precision, grouped=True)
    replaced = told.replacement
    return facts(
        [
            ("Figure", f"{amount} {told.currency or '?'}, {told.balance_type}"),
            *counts,
            ("What it is", f"{told.meaning} ({told.type_basis})"),
            ("Of", f"{instant(told.as_of)} ({told.as_of_basis})"),
            ("Asked", f"{instant(told.fetched_at)}; state {told.state}"),
            ("Recorded", f"{instant(told.recorded_at)}, commit {told.commit_number}"),
            ("Bank", f"{told.institution or '-'}, by {told.provider}"),
            ("Connection", f"{told.connection_decision or '-'}: {told.connection_reason or '-'}"),
            ("Run", told.run_id),
            ("Workflow", f"{told.workflow_key or '-'} {told.workflow_version or ''}"),
            ("Spec hash", told.workflow_digest or "-"),
            ("Step", f"{told.step_id or '-'}, attempt {told.attempt or '-'}"),
            ("Request", told.request_id or "-"),
            ("Payload hash", told.payload_hash or "-"),
            (
                "Replaced",
                "no, it is the last known"
                if replaced is None
                else f"{instant(replaced.at)}, by {as_text(replaced.amount)} ({replaced.kind})",
            ),
        ]
    )


def _doubt(names: Sequence[str] | None) -> Html:
    return said(f"disproved by {', '.join(names)}") if names else Html("")


def _consent(days_left: int | None) -> str:
    if days_left is None:
        return "no end known"
    if days_left < 0:
        return f"expired {-days_left} days ago"
    return f"{days_left} days left"
