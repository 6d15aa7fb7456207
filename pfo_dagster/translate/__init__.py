"""From a workflow spec to Dagster definitions.

`workflow.translate` is the way in: it refuses what it cannot carry over (`coverage`), plans one op
for each step (`steps`), wires them (`graph`), and puts the same graph behind the assets that the
steps' operations declare (`assets`). Where people are asked it cuts the workflow (`human`).

Beside it, `planning` tells people what a translation means without running anything, and
`component` is the way in for `dg`. Knows nothing of open banking or DuckDB.
"""

from pfo_dagster.translate.coverage import FieldCoverage, Treatment
from pfo_dagster.translate.errors import TranslationError
from pfo_dagster.translate.guards import GuardContext, GuardEvaluator, Guards
from pfo_dagster.translate.hooks import keep_permanent_failures_permanent
from pfo_dagster.translate.human.step import Forms
from pfo_dagster.translate.planning.diff import Change, ChangeKind, compare_workflows
from pfo_dagster.translate.planning.plan import Plan, PlannedField, plan_workflow
from pfo_dagster.translate.retries import SpecRetryPolicy, describe_retries, retry_policy
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
