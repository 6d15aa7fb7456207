# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""The dashboard as a marimo notebook: `pfo dashboard` serves it, `marimo edit` opens it.

Cells only fetch and place; what they show is made by the modules beside this one.
"""

import marimo

app = marimo.App(width="medium", app_title="Household ledger")


@app.cell
def _():
    from datetime import timedelta

    import marimo as mo

    from pfo_dagster.config import load_settings
    from pfo_dagster.dashboard import figures, sections, tables
    from pfo_dagster.dashboard.page import current_page
    from pfo_dagster.dashboard.watching import mark_of, watch
    from pfo_dagster.installed_ledger import open_ledger
    from pfo_dagster.ledger import LedgerError, account_of, explain, source_of

    return (
        LedgerError,
        account_of,
        explain,
        figures,
        load_settings,
        mark_of,
        mo,
        open_ledger,
        current_page,
        sections,
        source_of,
        tables,
        timedelta,
        watch,
    )


@app.cell
def _(load_settings, mark_of, mo, open_ledger, tables, timedelta):
    _settings = load_settings()
    ledger = open_ledger(_settings)
    stale_after = timedelta(hours=_settings.stale_after_hours)
    mark, set_mark = mo.state(mark_of(ledger.published_path))
    chosen, set_chosen = mo.state(None)
    mo.Html(tables.STYLE)
    return chosen, ledger, mark, set_chosen, set_mark, stale_after


@app.cell
def _(ledger, mo, set_mark, watch):
    # Bound here: when its window is closed, the notebook's names are gone before the thread is.
    def _has_ended(current_thread=mo.current_thread) -> bool:
        return current_thread().should_exit

    mo.Thread(target=watch, args=(ledger.published_path, set_mark, _has_ended), daemon=True).start()


@app.cell
def _(LedgerError, current_page, ledger, mark, mo, stale_after, tables):
    mark()
    try:
        page, _problem = current_page(ledger, stale_after), None
    except LedgerError as error:
        page, _problem = None, str(error)
    mo.stop(
        page is None,
        mo.vstack([mo.md("# Household ledger"), mo.Html(tables.notice(f"{_problem}", "plain"))]),
    )
    return (page,)


@app.cell
def _(mo, page, sections):
    mo.vstack(
        [
            mo.md("# Household ledger"),
            mo.Html(sections.banner(page.publication, page.trust, page.read_at)),
            mo.Html(sections.positions(page.positions, page.trust, page.names)),
        ]
    )


@app.cell
def _(mo, page, sections):
    # Imported here, since the figures above need not wait for it.
    from pfo_dagster.dashboard import charts

    mo.vstack(
        [
            mo.md("## Cash position over time"),
            *(
                charts.position_chart(days, currency + page.names[source])
                for (source, currency), days in page.cash.items()
            ),
            mo.Html(sections.months(page.month_ends, page.names)),
        ]
    )
    return (charts,)


@app.cell
def _(mo, page, sections):
    mo.vstack(
        [
            mo.md("## Accounts"),
            mo.Html(
                sections.accounts(
                    page.accounts, page.sparklines, page.trust, page.read_at, page.names
                )
            ),
            mo.md("## Banks"),
            mo.Html(sections.attention(page.connections, page.read_at)),
            mo.md("## Changes"),
            mo.Html(sections.movements(page.movements)),
            mo.md("## Can it be believed?"),
            mo.Html(sections.reconciliation(page.trust)),
        ]
    )


@app.cell
def _(account_of, chosen, mo, page, sections, set_chosen, source_of):
    _labels = {
        f"{one.account_name} ({one.institution or one.provider}, {one.account_id})"
        f"{page.names[source_of(one)]}": account_of(one)
        for one in page.accounts
    }
    _before = [label for label, key in _labels.items() if key == chosen()]
    account = mo.ui.dropdown(
        _labels,
        value=_before[0] if _before else next(iter(_labels), None),
        label="Account",
        on_change=set_chosen,
    )
    _refreshes = len(page.instants)
    known = mo.ui.slider(
        start=1,
        stop=max(_refreshes, 2),
        value=max(_refreshes, 1),
        label=f"As known after refresh number (the last, {_refreshes}, is of"
        f" {sections.instant(page.instants[-1])})"
        if page.instants
        else "As known after refresh number",
        debounce=True,
        full_width=True,
        disabled=_refreshes < 2,  # noqa: PLR2004 - nothing to choose from
    )
    mo.vstack([mo.md("## One account"), account, known])
    return account, known


@app.cell
def _(account, account_of, charts, explain, figures, known, ledger, mo, page, sections, source_of):
    mo.stop(account.value is None or not page.instants, mo.md("There is no account yet."))
    _at = page.instants[min(known.value, len(page.instants)) - 1]
    (_one,) = [one for one in page.accounts if account_of(one) == account.value]
    with ledger.reader() as _reader:
        _observed = figures.observations(_reader, account.value, _at)
        _told = [
            one
            for one in explain(_reader, _one.account_id, known_at=_at)
            if source_of(one) == source_of(_one)
        ]
    _which = "its latest figure" if _at == page.instants[-1] else "the figure that was known then"
    mo.vstack(
        [
            mo.Html(f'<p role="status">As it was known at <b>{sections.instant(_at)}</b></p>'),
            charts.account_chart(_observed, _one.account_name, _one.currency or "?"),
            mo.Html(sections.history(_observed, _one.precision)),
            mo.md(f"### Where {_which} comes from"),
            mo.Html("".join(sections.explanation(one) for one in _told[:1])),
        ]
    )


if __name__ == "__main__":
    app.run()
