"""What goes with every job and graph asset, whoever starts it."""

import dagster as dg


@dg.failure_hook
def keep_permanent_failures_permanent(context: dg.HookContext) -> None:
    """Stop run-level retries after a failure that must not be retried.

    Dagster's run retries ignore `Failure(allow_retries=False)`: with `dagster/max_retries=2` such a
    run was executed three times. The tag on the run is what they do respect.
    """
    failure = context.op_exception
    if isinstance(failure, dg.Failure) and not failure.allow_retries:
        tags = {"dagster/retry_on_asset_or_op_failure": "false"}
        context.instance.add_run_tags(context.run_id, tags)
