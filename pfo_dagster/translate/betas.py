"""Quiet about the beta parts of Dagster that a translation uses on purpose, and about no others."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quiet_betas() -> Iterator[None]:
    """Let our own definitions be made without a warning for each owner of a job.

    What a project that uses the translator defines itself is outside, and warns as ever.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield


class OwnedAssetJob(UnresolvedAssetJobDefinition):
    """An asset job with owners, of which Dagster warns only when it loads the code location."""

    def resolve(self, *args: Any, **more: Any) -> dg.JobDefinition:  # noqa: ANN401 - as Dagster's
        """The job, as Dagster makes it."""
        with quiet_betas():
            return super().resolve(*args, **more)
