"""Everything that Dagster shows and runs, put together in one place.

`workspace.yaml` and `dg` load `defs` from here. Start reading at `build`: specs are read and
translated with the operations that they may call, and joined by what runs them (`automation`) and
what their operations need (`resources`).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from pfo_dagster.automation import (
    automation,
    expect_freshness,
    rates_automation,
    refuse_overspending,
)
from pfo_dagster.config import Settings, load_settings
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.resources import alert_sender, refresh_policy, resources
from pfo_dagster.spec import (
    AppConfig,
    SpecError,
    WorkflowSpec,
    check,
    read_app,
    read_workflows,
)
from pfo_dagster.translate import TranslatedWorkflow, translate_all

APP_FILE = "app.yaml"

# Owners of jobs and links to source code are beta in Dagster. We mean to use them, and a line for
# each use in every log would hide what matters there.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)


@dataclass(frozen=True)
class Project:
    """The workflows of one specs folder, and all that Dagster needs to run them."""

    settings: Settings
    app: AppConfig
    workflows: Mapping[str, TranslatedWorkflow]
    """By workflow key."""
    definitions: dg.Definitions


def build(settings: Settings) -> Project:
    """Read, check and translate the specs, and join them with resources and automation.

    Raises `SettingsError`, `SpecError` or `TranslationError`, each with everything that is wrong.
    """
    app = read_app(settings.specs_dir / APP_FILE)
    specs = read_workflows(settings.specs_dir, defines=app.defines)
    _refuse_errors(specs)
    translated = translate_all(specs, open_banking_operations(), app)
    workflows = {workflow.spec.meta.key: workflow for workflow in translated}
    agreed = settings.forced_syncs_agreed
    refuse_overspending(workflows, refresh_policy(settings), agreed=agreed)
    definitions = dg.Definitions.merge(
        *(expect_freshness(workflow.definitions) for workflow in translated),
        automation(workflows, running=settings.schedules_on, send_alert=alert_sender(settings)),
        rates_automation(running=settings.schedules_on),
        # The job that Dagster makes up for the asset page runs in one process too, as ours do.
        dg.Definitions(resources=resources(settings, app), executor=dg.in_process_executor),
    )
    return Project(settings, app, workflows, definitions)


def _refuse_errors(specs: Sequence[WorkflowSpec]) -> None:
    """Load nothing while any spec has an error; what pre-flight says is said when a run starts."""
    diagnostics = [diagnostic for spec in specs for diagnostic in check(spec)]
    if any(diagnostic.level == "error" for diagnostic in diagnostics):
        raise SpecError(diagnostics)


@dg.definitions
def defs() -> dg.Definitions:
    """The code location."""
    return build(load_settings()).definitions
