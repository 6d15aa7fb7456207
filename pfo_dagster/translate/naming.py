"""From a spec's keys to names that Dagster accepts.

ContractSpec keys hold dots and dashes (`pfo.workflow.refresh-openbanking-balances`), Dagster names
only letters, digits and underscores. The keys themselves stay visible as tags and metadata.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from pfo_dagster.spec.rules.translation import SAME_STEP_NAME
from pfo_dagster.translate.errors import TranslationError, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.operations import AssetPath
    from pfo_dagster.spec import Diagnostic, WorkflowSpec

PRE_FLIGHT = "pre_flight"
"""The op that runs before the first step."""
SETTLE = "settle"
"""The op in which every end of the workflow meets."""

# Names that Dagster keeps for itself where ops are called and configured.
_RESERVED = frozenset({
    "input", "output", "type", "config", "context", "meta", "arg_dict", "dict", "input_arg_dict",
    "output_arg_dict", "int", "str", "float", "bool", "input_type", "output_type",
    PRE_FLIGHT, SETTLE,
})  # fmt: skip


def dagster_name(key: str) -> str:
    """The name of the job, graph or op made from `key`."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", key) or "_"
    return f"{name}_" if name in _RESERVED or keyword.iskeyword(name) else name


def steps_graph_name(key: str) -> str:
    """The name under which a workflow's steps stand behind its assets.

    The last part of the key, because it begins the name of every step in the UI, where there is
    little room; Dagster allows no graph the name of its own job.
    """
    short = dagster_name(key.rpartition(".")[2])
    return f"{short}_steps" if short == dagster_name(key) else short


def asset_output_name(asset: AssetPath) -> str:
    """The name of the op output, and of the graph output, that stands for a produced asset."""
    return "asset__" + "__".join(dagster_name(part) for part in asset)


def step_names(spec: WorkflowSpec, steps: frozenset[str]) -> dict[str, str]:
    """The op name of each of `steps`; raises `TranslationError` where two would share one."""
    if problems := list(_shared_names(spec, steps)):
        raise TranslationError(problems)
    return {step_id: dagster_name(step_id) for step_id in steps}


def _shared_names(spec: WorkflowSpec, steps: frozenset[str]) -> Iterator[Diagnostic]:
    taken: dict[str, str] = {}
    for index, step in enumerate(spec.definition.steps):
        name = dagster_name(step.id)
        if step.id in steps and taken.setdefault(name, step.id) != step.id:
            message = (
                f'The steps "{taken[name]}" and "{step.id}" would both become the op "{name}"; '
                "rename one of them"
            )
            yield refusal(spec, SAME_STEP_NAME, message, ("definition", "steps", index, "id"))


def dagster_owner(owner: str) -> str:
    """An owner as Dagster takes it: an e-mail address as it is, anything else as a team."""
    return owner if "@" in owner else f"team:{owner}"
