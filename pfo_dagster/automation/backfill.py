"""Daily history for the time before the first refresh: a partitioned asset, backfilled in one run.

Materialize any range of days in Dagster's UI; the provider is asked once per account for the whole
range. What comes is computed, and stays apart from what was observed.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from pfo_dagster.automation.schedules import HOUSEHOLD_TIME_ZONE
from pfo_dagster.operations.banking.access import LEDGER, LEDGER_POOL, OPEN_BANKING, BankAccess
from pfo_dagster.operations.banking.catalog import LEDGER_ACCOUNTS, LEDGER_COMPUTED_BALANCES
from pfo_dagster.operations.banking.history import backfill_balances
from pfo_dagster.operations.errors import OperationError
from pfo_dagster.translate.steps.deadline import run_to_end

if TYPE_CHECKING:
    from pfo_dagster.ledger import Ledger

FIRST_DAY = "2020-01-01"
"""Before any history that a bank gives: they go back a few months, seldom years."""


def computed_balances_asset() -> dg.AssetsDefinition:
    """The asset of computed balances, one partition for each day up to yesterday (Paris)."""

    @dg.asset(
        key=dg.AssetKey(LEDGER_COMPUTED_BALANCES),
        deps=[dg.AssetKey(LEDGER_ACCOUNTS)],
        partitions_def=dg.DailyPartitionsDefinition(FIRST_DAY, timezone=HOUSEHOLD_TIME_ZONE),
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={OPEN_BANKING, LEDGER},
        pool=LEDGER_POOL,
        group_name="backfill",
        kinds={"powens", "duckdb", "ledger"},
        description=(
            "Balances at the end of days before each cash account was first observed, as the "
            "provider computes them from its transactions. Read them in `computed_balances` or "
            "`daily_balances_with_computed`; `balances` never has them. Refresh the balances once "
            "before: days from the first observation on are not asked for."
        ),
    )
    def computed_balances(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        access: BankAccess = getattr(context.resources, OPEN_BANKING)
        ledger: Ledger = getattr(context.resources, LEDGER)
        days = {date.fromisoformat(key) for key in context.partition_keys}
        try:
            done = run_to_end(
                backfill_balances(access, ledger, days=days, run_id=context.run.run_id)
            )
        except OperationError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        return dg.MaterializeResult(metadata=asdict(done))

    return computed_balances
