"""Asset checks: the ledger's own questions, asked of what was just published.

A failed blocking check stops whatever is downstream of the asset, dashboards first. All checks of
an asset run in one op, because opening the file costs more than any of them.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Collection, Iterator

import dagster as dg

from pfo_dagster.ledger import TRUST_CHECKS, Finding, Ledger, figures_are_fresh
from pfo_dagster.operations.banking.access import LEDGER, OPEN_BANKING, BankAccess
from pfo_dagster.operations.banking.catalog import LEDGER_BALANCES, PUBLISHED_LATEST_BALANCES
from pfo_dagster.translate.metadata import as_metadata

FRESHNESS = "figures_are_fresh"
_ROWS_KEPT = 50
"""Of what a check objects to: Dagster keeps the metadata of each run for good."""


def asset_checks(produced: Collection[dg.AssetKey]) -> list[dg.AssetChecksDefinition]:
    """The checks of the balances, where the assets they are about are produced."""
    wanted = {dg.AssetKey(LEDGER_BALANCES), dg.AssetKey(PUBLISHED_LATEST_BALANCES)}
    return [_trust(), _freshness()] if wanted <= set(produced) else []


def _trust() -> dg.AssetChecksDefinition:
    asset = dg.AssetKey(PUBLISHED_LATEST_BALANCES)

    @dg.multi_asset_check(
        name="trust_in_balances",
        description="Asks the published file whether its figures can be believed.",
        specs=[
            dg.AssetCheckSpec(
                check.name, asset=asset, description=check.description, blocking=check.blocking
            )
            for check in TRUST_CHECKS
        ],
        required_resource_keys={LEDGER},
    )
    def trust_in_balances(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        ledger: Ledger = getattr(context.resources, LEDGER)
        with ledger.reader() as reader:
            for check in TRUST_CHECKS:
                severity = (
                    dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN
                )
                yield _result(asset, check.name, check.find(reader, ledger.now()), severity)

    return trust_in_balances


def _freshness() -> dg.AssetChecksDefinition:
    asset = dg.AssetKey(PUBLISHED_LATEST_BALANCES)

    @dg.multi_asset_check(
        name="freshness_of_balances",
        description="Asks the published file how old its figures are.",
        specs=[
            dg.AssetCheckSpec(
                FRESHNESS,
                asset=asset,
                description="No shown balance is older than a refresh lets it become.",
            )
        ],
        required_resource_keys={LEDGER, OPEN_BANKING},
    )
    def freshness_of_balances(
        context: dg.AssetCheckExecutionContext,
    ) -> Iterator[dg.AssetCheckResult]:
        ledger: Ledger = getattr(context.resources, LEDGER)
        access: BankAccess = getattr(context.resources, OPEN_BANKING)
        with ledger.reader() as reader:
            finding = figures_are_fresh(
                reader, now=access.clock(), stale_after=access.policy.stale_after
            )
        # A stale figure is shown with its age, so it is a warning and holds nobody up.
        yield _result(asset, FRESHNESS, finding, dg.AssetCheckSeverity.WARN)

    return freshness_of_balances


def _result(
    asset: dg.AssetKey, name: str, finding: Finding, severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=finding.passed,
        asset_key=asset,
        check_name=name,
        severity=severity,
        description=finding.summary,
        metadata=as_metadata(
            {"objections": list(finding.rows[:_ROWS_KEPT])} if finding.rows else {}
        ),
    )
