"""From a workflow spec to Dagster definitions.

`workflow.translate` is the way in, and its story is the order of the packages: it refuses what it
cannot carry over (`coverage`, with `waits` for the devkit's settings), makes an op of each step
(`steps`), wires them and puts assets in front (`graphs`), cuts the workflow where people are asked
(`human`), and adds what undoes it (`compensation`) and what watches how long it takes
(`service_levels`). The result is `translated`; `collisions` judges several of them together.

All of them share `naming`, `metadata`, `errors`, `reachability`, `betas`, the words of `treatment`,
and `executions`, which reads runs from Dagster's log. Beside the way in stand `planning`, which
tells people what a translation means without running anything, and `component`, the way in for
`dg`. Knows nothing of open banking or DuckDB.
"""

from pfo_dagster.translate.coverage import FieldCoverage, Treatment
from pfo_dagster.translate.errors import TranslationError
from pfo_dagster.translate.graphs.hooks import keep_permanent_failures_permanent
from pfo_dagster.translate.human.step import Forms
from pfo_dagster.translate.planning.diff import Change, ChangeKind, compare_workflows
from pfo_dagster.translate.planning.plan import Plan, PlannedField, plan_workflow
from pfo_dagster.translate.steps.guards import GuardContext, GuardEvaluator, Guards
from pfo_dagster.translate.steps.retries import SpecRetryPolicy, describe_retries, retry_policy
from pfo_dagster.translate.translated import TranslatedWorkflow
from pfo_dagster.translate.workflow import translate, translate_all

__all__ = [
    "Change",
    "ChangeKind",
    "FieldCoverage",
    "Forms",
    "GuardContext",
    "GuardEvaluator",
    "Guards",
    "Plan",
    "PlannedField",
    "SpecRetryPolicy",
    "TranslatedWorkflow",
    "TranslationError",
    "Treatment",
    "compare_workflows",
    "describe_retries",
    "keep_permanent_failures_permanent",
    "plan_workflow",
    "retry_policy",
    "translate",
    "translate_all",
]
