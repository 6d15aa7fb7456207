"""`pfo explain`: from an account's figure to the run, the request and the spec that brought it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from pfo_dagster.cli.console import out, stop
from pfo_dagster.cli.exit_codes import CALLED_WRONGLY
from pfo_dagster.cli.sources import source_names
from pfo_dagster.config import load_settings
from pfo_dagster.ledger import Ledger, as_text, explain, known_accounts, renumberings, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from pfo_dagster.ledger import Explanation, KnownAccount, Renumbering

_KINDS = {
    "newer": "a newer balance",
    "corrected": "another amount for the same moment",
    "late": "a newer balance that was known already when this one came",
}
_BASES = {
    "account": "the provider's last update of the account",
    "connection": "the last update of the connection, for want of the account's",
    "fetched": "only the moment we asked: the provider does not say",
}


def print_explanation(account: str, on: date | None, balance_type: str) -> None:
    """Explain a balance of an account, by id or name, now or at the end of a day."""
    with Ledger(load_settings().data_dir).reader() as reader:
        account_id = _account_id(account, known_accounts(reader))
        explained = explain(reader, account_id, on=on)
        renumbered = renumberings(reader, account_id)
    explained = [one for one in explained if one.balance_type == balance_type]
    names = source_names(explained)
    if not explained:
        when = f"by {on}" if on else "yet"
        message = f"No {balance_type} balance of account {account_id} was observed {when}."
        raise stop("\n".join([message, *map(_renumbered, renumbered)]), CALLED_WRONGLY)
    for one in explained:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in _lines(one):
            table.add_row(name, escape(value))
        for step in renumbered:
            if source_of(step) == source_of(one):
                table.add_row("renumbered", escape(_renumbered(step)))
        whose = f" ({names[source_of(one)]})" if len(names) > 1 else ""
        title = f"[bold]{escape(one.account_name + whose)}[/]"
        out.print(f"{title}, {one.balance_type}: {_figure(one)}")
        out.print(table)
        out.print()


def _account_id(wanted: str, known: Sequence[KnownAccount]) -> str:
    """The id of the account that was asked for; stops the command unless there is exactly one."""
    ids = {one.account_id for one in known}
    if wanted in ids:
        return wanted
    # An account that came back under a new id is one, and mostly kept its name.
    named = {one.current_account_id for one in known if one.name.casefold() == wanted.casefold()}
    if len(named) == 1:
        return named.pop()
    names = source_names(known)
    listed = "\n".join(f"  {one.account_id}  {one.name} ({names[source_of(one)]})" for one in known)
    if named:
        message = f'{len(named)} accounts are called "{wanted}": say which by its id.\n{listed}'
        raise stop(message, CALLED_WRONGLY)
    near = difflib.get_close_matches(wanted, [*ids, *(one.name for one in known)], n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise stop(f'There is no account "{wanted}".{hint}\nThere are:\n{listed}', CALLED_WRONGLY)


def _figure(one: Explanation) -> str:
    if one.amount is None:
        return "[yellow]unknown: the provider gave none[/]"
    amount = as_text(one.amount, places=one.precision, grouped=True)
    return f"[bold]{amount} {one.currency or '(no currency)'}[/]"


def _lines(one: Explanation) -> Iterator[tuple[str, str]]:
    made_up = " (SANDBOX: made up)" if one.provider == "sandbox" else ""
    yield "from", f"{one.institution or 'unknown bank'}, by {one.provider}{made_up}"
    if one.closed_on:
        yield "closed", f"counts nowhere from {one.closed_on} on"
    if one.absence:
        gone, back = one.absence.closed_on, one.absence.returned_on
        yield "absent", f"counts nowhere from {gone} on, until it was back on {back}"
    yield "what it is", f"{one.meaning} ({one.type_basis})"
    yield "of", f"{_instant(one.as_of)}: {_BASES[one.as_of_basis]}"
    yield "asked", f"{_instant(one.fetched_at)}; state {one.state}"
    if one.connection_decision:
        yield "connection", _with_reason(one.connection_decision, one.connection_reason)
    if one.account_outcome:
        yield "account", _with_reason(one.account_outcome, one.account_reason)
    yield "recorded", f"{_instant(one.recorded_at)}, commit {one.commit_number}"
    yield "run", one.run_id
    if one.step_id:
        yield "step", f"{one.step_id}, attempt {one.attempt}"
    if one.workflow_key:
        yield "workflow", f"{one.workflow_key} {one.workflow_version or ''}".rstrip()
        yield "spec hash", one.workflow_digest or "not recorded"
    yield "request", one.request_id or "the provider gave no id"
    if one.payload_hash:
        yield "payload", one.payload_hash
    if one.confirmed_at:
        yield "confirmed", f"{_instant(one.confirmed_at)}, by the last refresh that saw it so"
    if one.replacement is None:
        yield "replaced", "not: it is the last known"
    else:
        by = one.replacement
        amount = as_text(by.amount, places=one.precision, grouped=True)
        yield "replaced", f"{_instant(by.at)} by {_KINDS[by.kind]}: {amount}"
        yield "", f"of {_instant(by.as_of)}, run {by.run_id}"


def _renumbered(step: Renumbering) -> str:
    if step.succeeded_by is None:
        return (
            f"account {step.account_id} went away, and any of {', '.join(step.candidates)} could be"
            f" it (same {step.recognised_by}): none was joined"
        )
    return (
        f"account {step.account_id} came back as {step.succeeded_by}, which counts from"
        f" {step.since} on (same {step.recognised_by})"
    )


def _with_reason(what: str, reason: str | None) -> str:
    return f"{what}: {reason}" if reason else what


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
