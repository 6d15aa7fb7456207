"""ContractSpec workflow specs: the model, the readers, the checks, the expression language.

    specs = read_workflows(Path("specs"))            # or SpecError, with everything that is wrong
    problems = check(specs[0], app=read_app(...))    # what can be read but makes no sense
    print(render(problems))                          # file:line:column, the line, what to do
    evaluate("output?.confirmed === true", data={}, output={"confirmed": True})

The package knows nothing of Dagster, of open banking or of the rest of the project. Where to go
on: `model` for what a spec can say, `reader` for how files become specs, `checks` for what is
judged and `rules` for why, `expressions` for the language of conditions.
"""

from pfo_dagster.spec.app import AppConfig, IntegrationBinding, Tenant
from pfo_dagster.spec.checks import (
    check,
    check_app,
    check_compensation,
    check_comprehensive,
    check_consistency,
    check_jobs_only,
    check_retries,
    check_service_level,
    check_structure,
)
from pfo_dagster.spec.diagnostics import Diagnostic, SpecError, render, to_json
from pfo_dagster.spec.expressions import (
    UNDEFINED,
    ExplainedAtom,
    Explanation,
    Expression,
    ExpressionContext,
    ExpressionError,
    evaluate,
    parse_expression,
)
from pfo_dagster.spec.fields import SpecRef
from pfo_dagster.spec.model import (
    Compensation,
    CompensationStep,
    GuardCondition,
    Meta,
    RetryPolicy,
    ServiceLevel,
    Step,
    StepAction,
    Transition,
    WorkflowDefinition,
    WorkflowSpec,
)
from pfo_dagster.spec.reader import LoadResult, load_workflows, read_app, read_workflows
from pfo_dagster.spec.rules import RULES, Rule
from pfo_dagster.spec.sarif import to_sarif
from pfo_dagster.spec.schema import app_schema, workflow_schema
from pfo_dagster.spec.source import Position, SourceMap

__all__ = [
    "RULES",
    "UNDEFINED",
    "AppConfig",
    "Compensation",
    "CompensationStep",
    "Diagnostic",
    "ExplainedAtom",
    "Explanation",
    "Expression",
    "ExpressionContext",
    "ExpressionError",
    "GuardCondition",
    "IntegrationBinding",
    "LoadResult",
    "Meta",
    "Position",
    "RetryPolicy",
    "Rule",
    "ServiceLevel",
    "SourceMap",
    "SpecError",
    "SpecRef",
    "Step",
    "StepAction",
    "Tenant",
    "Transition",
    "WorkflowDefinition",
    "WorkflowSpec",
    "app_schema",
    "check",
    "check_app",
    "check_compensation",
    "check_comprehensive",
    "check_consistency",
    "check_jobs_only",
    "check_retries",
    "check_service_level",
    "check_structure",
    "evaluate",
    "load_workflows",
    "parse_expression",
    "read_app",
    "read_workflows",
    "render",
    "to_json",
    "to_sarif",
    "workflow_schema",
]
