"""All recorded cases of a folder, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from tests.conformance import expressions, runs, validations
from tests.conformance.outcome import Outcome
from tests.conformance.recordings import read_cases


def replay_all(folder: Path) -> Iterator[Outcome]:
    """The outcome of each case in `folder`; a case that makes us raise has failed."""
    for case in read_cases(folder, "expressions.json"):
        yield expressions.replay(case)
    for case in read_cases(folder, "validation.json"):
        yield validations.replay(case)
    with dg.DagsterInstance.ephemeral() as instance:
        for case in read_cases(folder, "runs.json"):
            try:
                yield runs.replay(case, instance)
            except Exception as error:  # noqa: BLE001 - one case must not hide the others
                yield Outcome(f"runs {case['id']}", (f"{type(error).__name__}: {error}",))
