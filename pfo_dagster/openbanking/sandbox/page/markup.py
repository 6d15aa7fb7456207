"""The page as HTML, from an `Overview`: no script, and nothing from elsewhere. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox.controls import how_far
from pfo_dagster.openbanking.sandbox.faults import BREAKAGES, CODES
from pfo_dagster.openbanking.sandbox.interventions import STATE_WORDS, WORKS
from pfo_dagster.openbanking.sandbox.page.elements import (
    choice,
    form,
    hidden,
    section,
    table,
    text_field,
)
from pfo_dagster.openbanking.sandbox.scenarios import SCENARIOS
from pfo_dagster.openbanking.sandbox.unreachable import BEFORE_ANY_ANSWER

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from pfo_dagster.openbanking.sandbox.page.overview import AccountRow, ConnectionRow, Overview

_STYLE: Final = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
STYLE_HASH: Final = f"sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}"
"""The one style that the page's policy allows."""

_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class Message:
    """What the last form did, or why it did not."""

    text: str
    failed: bool = False


def page(shown: Overview, said: Message | None) -> str:
    """The whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Powens sandbox</title><style>{_STYLE}</style></head><body>"
        '<header><h1>Powens sandbox</h1><span class="quiet">Nothing here is real.</span>'
        '<a href="/">Look again</a></header><main>'
        f"{_message(said)}"
        f'<div class="grid">{_clock(shown)}{_scenario(shown)}{_quota(shown)}</div>'
        f"{_connections(shown)}{_rules(shown)}{_calls(shown)}{_accounts(shown)}{_reset()}"
        "</main></body></html>"
    )


def _message(said: Message | None) -> str:
    if said is None:
        return ""
    role, look = ("alert", "message failed") if said.failed else ("status", "message")
    return f'<p class="{look}" role="{role}">{escape(said.text)}</p>'


def _clock(shown: Overview) -> str:
    ahead = shown.controls.clock_ahead
    moved = f"Moved by {how_far(ahead)}." if ahead else "Not moved."
    if shown.read_until and shown.now < shown.read_until:
        moved += f" Runs refuse it: figures of {shown.read_until:%Y-%m-%d %H:%M} UTC were read."
    steps = "".join(
        form("clock", hidden("to", to), button=label)
        for to, label in (("+1h", "+1 hour"), ("+1d", "+1 day"), ("+7d", "+7 days"))
    )
    back = form("clock", hidden("to", "reset"), button="Put back") if ahead else ""
    to = text_field("to", "Move by, or to a time in Paris", value="+3d")
    return section(
        "Clock",
        f'<p class="large">{_in_paris(shown.now)}</p>'
        f'<p class="quiet">Paris; {shown.now:%Y-%m-%d %H:%M} UTC. {moved}</p>'
        f'<div class="buttons">{steps}{back}</div>{form("clock", to, button="Move", main=True)}',
    )


def _scenario(shown: Overview) -> str:
    chosen = shown.controls.scenario
    names = choice("name", "Scenario", {name: name for name in SCENARIOS}, chosen)
    listed = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(scenario.summary)}</dd>"
        for name, scenario in SCENARIOS.items()
    )
    return section(
        "Scenario",
        f'<p class="large">{escape(chosen)}</p>'
        f'<p class="quiet">{escape(SCENARIOS[chosen].summary)}</p>'
        f"{form('scenario', names, button='Begin', main=True)}"
        f"<details><summary>What there is</summary><dl>{listed}</dl></details>",
    )


def _quota(shown: Overview) -> str:
    most, used = shown.controls.calls_per_minute, shown.calls_in_the_last_minute
    text = f"{used} of {most}" if most else "No limit"
    calls = text_field("calls", "Calls a minute, or off", value=f"{most or 30}")
    notify = shown.controls.notify
    if not shown.sends_webhooks:
        told = "None is sent: POWENS_WEBHOOK_SECRET is not set for this server."
    elif notify is None:
        told = "None is sent by itself: <code>pfo sandbox notify</code> says where to."
    else:
        late = ", each sync followed by the one before" if notify.late else ""
        told = f"To {escape(notify.to)}, {notify.copies} of each{late}."
    return section(
        "Quota and webhooks",
        f'<p class="large">{text}</p><p class="quiet">Calls in the last minute.</p>'
        f"{form('limit', calls, button='Limit', main=True)}"
        f'<p class="quiet">Webhooks: {told}</p>',
    )


def _connections(shown: Overview) -> str:
    rows = [
        [
            f"{row.connection_id}",
            escape(row.institution),
            _state(row.state),
            _in_paris(row.last_update),
            _in_paris(row.next_try) if row.next_try else "none",
            f"{row.accounts}",
            f"{row.forced_today}",
            _connection_forms(row, sends_webhooks=shown.sends_webhooks),
        ]
        for row in shown.connections
    ]
    headers = ["Id", "Bank", "State", "Last update", "Next try", "#Accounts", "#Forced, 24 h", ""]
    caption = _counted(len(rows), shown.connections_in_all, "connections; times are of Paris")
    user = (
        '<p class="bad">The user was deleted: the token is refused.</p>'
        if shown.controls.user_deleted
        else form("delete", hidden("connection", "user"), button="Delete the user")
    )
    return section("Connections", table(caption, headers, rows) + user)


def _connection_forms(row: ConnectionRow, *, sends_webhooks: bool) -> str:
    fields = hidden("connection", f"{row.connection_id}")
    about = f"connection {row.connection_id}"
    words = {word: word for word in STATE_WORDS}
    states = choice("state", f"State of {about}", words, row.state or WORKS, label_shown=False)
    webhook = form("webhook", fields, button="Webhook", about=f"about {about}")
    forms = (
        form("state", fields + states, button="Put", about=about)
        + (webhook if sends_webhooks else "")
        + form("delete", fields, button="Delete", about=about)
    )
    return f'<div class="buttons">{forms}</div>'


def _rules(shown: Overview) -> str:
    rows = [
        [
            escape(rule.breakage),
            escape(rule.method),
            f"<code>{escape(rule.path)}</code>",
            "always" if rule.times is None else f"{rule.times} more",
            form(
                "mend",
                hidden("rule", rule.model_dump_json()),
                button="Take away",
                about=escape(rule.breakage),
            ),
        ]
        for rule in shown.controls.rules
    ]
    headers = ["What happens", "Method", "Path", "Times", ""]
    rules = table("Rules; the first that fits a call is taken", headers, rows) if rows else ""
    named = {name: f"{name}: {summary}" for name, (summary, _) in BREAKAGES.items()}
    before = {name: f"{name}: {what} (pfo run)" for name, what in BEFORE_ANY_ANSWER.items()}
    coded = {f"code:{code}": f"code:{code} ({status})" for code, status in CODES.items()}
    fields = (
        choice("breakage", "What goes wrong", named | before | coded, "html-page")
        + text_field("path", "Calls to paths like, after /2.0", value="/users/me/accounts*")
        + text_field("method", "Method", value="*")
        + text_field("times", "Times, 0 for always", value="1")
    )
    elsewhere = (
        '<p class="quiet">What comes before any answer is done to <code>pfo run</code>, where it'
        " reads the sandbox without a network. Other clients meet it at the addresses that"
        " <code>pfo sandbox serve</code> printed.</p>"
    )
    broken = form("break", fields, button="Break", main=True)
    return section("What goes wrong", rules + broken + elsewhere)


def _calls(shown: Overview) -> str:
    rows = [
        [
            _in_paris(call.at, seconds=True),
            escape(call.method),
            f"<code>{escape(call.path)}</code>",
            _status(call.status),
            escape(call.because_of or ""),
        ]
        for call in shown.calls
    ]
    if not rows:
        return section("Calls", '<p class="quiet">Nobody has called this server yet.</p>')
    headers = ["At", "Method", "Path", "Answer", "Because of"]
    caption = "The last calls to this server, newest first; without queries and headers"
    return section("Calls", table(caption, headers, rows))


def _accounts(shown: Overview) -> str:
    rows = [
        [
            f"{row.account_id}",
            f"{row.connection_id}",
            escape(row.kind),
            _amount(row.balance, row),
            _amount(row.coming, row),
            row.standing,
        ]
        for row in shown.accounts
    ]
    headers = ["Id", "Connection", "Type", "#Balance", "#Coming", ""]
    caption = _counted(len(rows), shown.accounts_in_all, "accounts, as of their last update")
    return section("Accounts", table(caption, headers, rows))


def _reset() -> str:
    note = '<p class="quiet">Syncs that were forced stay; so does what was read from here.</p>'
    return section("Begin again", form("reset", "", button="Put everything back") + note)


def _state(state: str | None) -> str:
    if state is None:
        return f'<span class="good">{WORKS}</span>'
    return f'<span class="bad">{escape(state)}</span>'


def _status(status: int | None) -> str:
    if status is None:
        return '<span class="bad">dropped</span>'
    return f'<span class="bad">{status}</span>' if status >= _ERROR else f"{status}"


def _amount(amount: Decimal | None, row: AccountRow) -> str:
    return "unknown" if amount is None else f"{amount:,f} {escape(row.currency)}"


def _in_paris(instant: datetime, *, seconds: bool = False) -> str:
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return instant.astimezone(PARIS).strftime(form)


def _counted(shown: int, in_all: int, what: str) -> str:
    return f"The first {shown} of {in_all:,} {what}" if shown < in_all else f"{shown} {what}"
