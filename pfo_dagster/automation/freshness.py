"""How often assets are expected to be made again, for Dagster to say when they were not."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from datetime import timedelta

import dagster as dg

from pfo_dagster.operations.banking.catalog import (
    LEDGER_BALANCES,
    LEDGER_TRANSACTIONS,
    PUBLISHED_DAILY_CASH_POSITION,
    PUBLISHED_LATEST_BALANCES,
    PUBLISHED_TRANSACTIONS,
)

# The schedules refresh balances three times and transactions once a day: a night without a refresh
# is nothing, a day without one is worth a word, a day and a half is a failure.
DAILY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=38)
)

EXPECTED = {
    dg.AssetKey(key): DAILY
    for key in (
        LEDGER_BALANCES,
        PUBLISHED_LATEST_BALANCES,
        PUBLISHED_DAILY_CASH_POSITION,
        LEDGER_TRANSACTIONS,
        PUBLISHED_TRANSACTIONS,
    )
}


def expect_freshness(definitions: dg.Definitions) -> dg.Definitions:
    """The same definitions, with a freshness policy on each asset that a schedule refreshes."""

    def expected(spec: dg.AssetSpec) -> dg.AssetSpec:
        policy = EXPECTED.get(spec.key)
        return spec if policy is None else spec.replace_attributes(freshness_policy=policy)

    return definitions.map_asset_specs(func=expected)
