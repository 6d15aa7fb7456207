"""A project that uses the translator hears of the betas that it uses itself, and of no others."""

from __future__ import annotations

import warnings
from pathlib import Path

import dagster as dg

from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import read_app, read_workflows
from pfo_dagster.translate import translate_all

SPECS = Path(__file__).parents[2] / "specs"
UNFINISHED = (dg.BetaWarning, dg.PreviewWarning)


@dg.op
def own() -> None:
    """An op of the other project."""


@dg.graph
def own_graph() -> None:
    """A graph of the other project."""
    own()


def test_only_the_users_own_betas_are_told() -> None:
    app, operations = read_app(SPECS / "app.yaml"), open_banking_operations()
    needed = {name for operation in operations for name in operation.requires}
    nothing = dict.fromkeys(needed, dg.ResourceDefinition.none_resource())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        translated = translate_all(read_workflows(SPECS, defines=app.defines), operations, app)
        parts = (one.definitions for one in translated)
        merged = dg.Definitions.merge(dg.Definitions(resources=nothing), *parts)
        for one in translated:
            assert merged.resolve_job_def(one.name).owners
        ours = [str(one.message) for one in told if issubclass(one.category, UNFINISHED)]
        own_graph.to_job(owners=["team:shop"])
    theirs = [one for one in told if issubclass(one.category, dg.BetaWarning)]
    assert ours == []
    assert Path(__file__).name in {Path(one.filename).name for one in theirs}
