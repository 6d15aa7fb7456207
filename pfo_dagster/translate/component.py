"""`pfo_dagster.WorkflowComponent`: workflows of another Dagster project, from a `defs.yaml`.

    type: pfo_dagster.WorkflowComponent
    attributes:
      specs: specs
      operations: shop.operations:registry

A thin shell over `translate_all`; `dg` lists it, offers its schema to editors, and checks the file.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of the attributes.
import importlib
from collections.abc import Callable, Mapping
from typing import Annotated

import dagster as dg

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import SpecError, check, read_app, read_workflows
from pfo_dagster.translate.steps.guards import Guards
from pfo_dagster.translate.workflow import translate_all


class WorkflowComponent(dg.Component, dg.Model, dg.Resolvable):
    """ContractSpec workflows as jobs and graph-backed assets.

    The resources that the operations require come from the project's own definitions.
    """

    specs: Annotated[
        str,
        dg.Resolver.default(
            description="A spec file or a folder of specs (YAML, JSON, TypeScript), "
            "relative to the file of this component.",
            examples=["specs", "../../workflows/orders.ts"],
        ),
    ]
    operations: Annotated[
        str,
        dg.Resolver.default(
            description="What the steps call: an OperationRegistry, or a function without "
            "arguments that returns one, as module:attribute.",
            examples=["shop.operations:registry"],
        ),
    ]
    app: Annotated[
        str | None,
        dg.Resolver.default(
            description="The app config (bound slots, enabled capabilities), relative to the file "
            "of this component. Without it, requirements are not checked before a run.",
            examples=["specs/app.yaml"],
        ),
    ] = None
    guards: Annotated[
        str | None,
        dg.Resolver.default(
            description="The evaluators of the specs' policy guards, as module:attribute: a "
            "mapping by policy name, or one function for every guard.",
            examples=["shop.policies:guards"],
        ),
    ] = None

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """What `dg list components` says of the component."""
        return dg.ComponentTypeSpec(
            description="ContractSpec workflows as jobs and graph-backed assets.",
            produces=["job", "asset", "asset_check", "sensor"],
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Translate the specs.

        Raises `SpecError` with every problem of every spec, `TranslationError` for what has no
        place in Dagster, and `DagsterInvalidDefinitionError` for what cannot be imported.
        """
        folder = context.path if context.path.is_dir() else context.path.parent
        app = read_app(folder / self.app) if self.app else None
        specs = read_workflows(folder / self.specs, defines=app.defines if app else None)
        diagnostics = [diagnostic for spec in specs for diagnostic in check(spec)]
        if any(diagnostic.level == "error" for diagnostic in diagnostics):
            raise SpecError(diagnostics)
        translated = translate_all(specs, self._operations(), app, self._guards())
        return dg.Definitions.merge(*(workflow.definitions for workflow in translated))

    def _operations(self) -> OperationRegistry:
        found = _imported("operations", self.operations)
        registry = found() if callable(found) else found
        if not isinstance(registry, OperationRegistry):
            problem = (
                f"operations: {self.operations} is a {type(registry).__name__}, not an "
                "OperationRegistry or a function that returns one"
            )
            raise dg.DagsterInvalidDefinitionError(problem)
        return registry

    def _guards(self) -> Guards | None:
        if self.guards is None:
            return None
        found = _imported("guards", self.guards)
        if not isinstance(found, Mapping | Callable):
            problem = f"guards: {self.guards} is neither a mapping nor a function"
            raise dg.DagsterInvalidDefinitionError(problem)
        return found


def _imported(attribute: str, reference: str) -> object:
    module, _, name = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        problem = (
            f"{attribute}: {reference!r} cannot be imported ({error}); expected module:attribute "
            "of something that this project can import, e.g. shop.operations:registry"
        )
        raise dg.DagsterInvalidDefinitionError(problem) from error
