"""The asset of the European Central Bank's reference rates, and when it is made."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import dagster as dg

from pfo_dagster.ledger import Ledger, LedgerError
from pfo_dagster.operations.banking.access import LEDGER, LEDGER_POOL
from pfo_dagster.operations.reference_rates import REFERENCE_RATES, update_reference_rates
from pfo_dagster.rates import RatesError, RateSource

# The bank publishes at about 16:00 on working days, by its own clock.
_CRON = "20 16 * * 1-5"
_TIME_ZONE = "Europe/Berlin"


@dg.asset(
    name="ecb_reference_rates",
    group_name="reference_data",
    kinds={"duckdb"},
    pool=LEDGER_POOL,
    required_resource_keys={LEDGER, REFERENCE_RATES},
    retry_policy=dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL),
    description=(
        "Euro reference rates of the European Central Bank, in the ledger's relation"
        " `reference_rates`; made-up ones while the sandbox stands in for the banks. Retried 3"
        " times, after 1, 2 and 4 minutes."
    ),
)
def ecb_reference_rates(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Fetch the rates that the ledger lacks."""
    ledger: Ledger = getattr(context.resources, LEDGER)
    source: RateSource = getattr(context.resources, REFERENCE_RATES)
    try:
        updated = update_reference_rates(ledger, source, context.run.run_id)
    except (RatesError, LedgerError) as error:
        raise dg.Failure(str(error)) from None
    return dg.MaterializeResult(
        metadata={
            "source": updated.source,
            "document": updated.document,
            "rates_read": updated.read,
            "rates_added": updated.added,
            "newest_day": str(updated.newest_day),
        }
    )


def rates_automation(*, running: bool) -> dg.Definitions:
    """The asset, its job and its schedule, which is on from the start if `running`."""
    job = dg.define_asset_job(
        "ecb_reference_rates_job",
        selection=[ecb_reference_rates],
        executor_def=dg.in_process_executor,
        description="Fetches the reference rates that the ledger lacks.",
    )
    schedule = dg.ScheduleDefinition(
        name="ecb_reference_rates_schedule",
        job=job,
        cron_schedule=_CRON,
        execution_timezone=_TIME_ZONE,
        default_status=(
            dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
        ),
        description="Fetches reference rates after the European Central Bank published them.",
        tags={"pfo/started_by": "schedule"},
    )
    return dg.Definitions(assets=[ecb_reference_rates], jobs=[job], schedules=[schedule])
