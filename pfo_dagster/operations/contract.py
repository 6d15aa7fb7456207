"""What an operation is: the unit of work that an automation step of a workflow calls.

An operation is a plain function, synchronous or asynchronous, of one argument, its
`OperationContext`. Everything that the translator needs to make a Dagster op and assets of it
stands in its `Operation` record; the function itself knows nothing of Dagster.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pfo_dagster.operations.errors import FailureKind, OperationError
from pfo_dagster.operations.threads import call_in_thread
from pfo_dagster.spec import UNDEFINED

if TYPE_CHECKING:
    import logging
    from collections.abc import Awaitable, Callable, Mapping

AssetPath = tuple[str, ...]
InputT = TypeVar("InputT")


class NoInput(BaseModel):
    """The input of an operation that reads nothing from the workflow's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducedAsset:
    """A table, file or page that an operation leaves behind, shown as an asset in Dagster."""

    key: AssetPath
    description: str
    kinds: frozenset[str] = frozenset()
    """What it is made of or stored in, e.g. `duckdb`; at most three are shown."""
    derived_from: tuple[AssetPath, ...] = ()
    """The assets that it is computed from, of this workflow or of others."""


class Markdown(str):
    """Text to be shown rendered where metadata is displayed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneStep:
    """A completed step that an operation is called to undo."""

    step_id: str
    output: object = UNDEFINED
    """What the step's operation returned, or a person answered; `UNDEFINED` if nothing."""
    input: object = UNDEFINED
    """What a person answered; `UNDEFINED` for a step that calls an operation."""

    def as_input(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The step by the names under which ContractSpec hands it to compensating operations."""
        given = {
            "stepId": self.step_id,
            "originalInput": self.input,
            "originalOutput": self.output,
            "workflowData": dict(data),
        }
        return {name: value for name, value in given.items() if value is not UNDEFINED}


@dataclass(slots=True, kw_only=True)
class OperationContext(Generic[InputT]):
    """All that an operation is given.

    `data` is the workflow's own and live: changes are kept, also when the operation then fails.
    """

    input: InputT
    data: dict[str, Any]
    run_id: str
    workflow_key: str
    workflow_version: str
    workflow_digest: str
    step_id: str
    attempt: int
    """1 for the first execution of the step in this run."""
    resources: Mapping[str, Any]
    """What the operation asked for in `Operation.requires`, by name."""
    log: logging.Logger
    undoes: UndoneStep | None = None
    """What is to be undone; None for an operation that a step calls."""
    asset_metadata: dict[AssetPath, dict[str, object]] = field(default_factory=dict)
    """What `describe` collected."""

    def describe(self, asset: AssetPath, **metadata: object) -> None:
        """Attach figures to this materialization of a produced asset.

        Numbers are plotted over time by Dagster's UI, `Markdown` is rendered, a list of flat
        mappings becomes a table. An amount of money is passed as text, to stay exact.
        """
        self.asset_metadata.setdefault(asset, {}).update(metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One version of an operation and its contract."""

    key: str
    version: str
    run: Callable[[OperationContext[Any]], Any | Awaitable[Any]]
    description: str
    input_model: type[BaseModel] = NoInput
    """Filled from the workflow's data by field name; other keys of the data are not looked at."""
    output_model: type[BaseModel] | None = None
    produces: tuple[ProducedAsset, ...] = ()
    requires: frozenset[str] = frozenset()
    """Names of the resources it is handed."""
    pool: str | None = None
    """Dagster pool that bounds how many such steps run at once, across runs."""
    error_kinds: frozenset[FailureKind] = frozenset({FailureKind.FATAL})
    """The kinds of failure that a caller must expect."""

    @property
    def name(self) -> str:
        """How messages name it: `key@version`."""
        return f"{self.key}@{self.version}"

    def read_input(self, data: Mapping[str, Any]) -> BaseModel:
        """The operation's input, taken from the workflow's data.

        Raises `OperationError` (fatal) that names each field that is missing or wrong.
        """
        wanted = {
            name: data[key]
            for name, model_field in self.input_model.model_fields.items()
            for key in (model_field.alias or name,)
            if key in data
        }
        try:
            return self.input_model.model_validate(wanted, by_name=True)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False)
            )
            message = f"{self.name} cannot use the workflow's data: {problems}"
            raise OperationError(message, kind=FailureKind.FATAL) from error

    async def execute(self, context: OperationContext[Any], *, may_stop: bool = False) -> object:
        """Call the operation and return its output as JSON-like data.

        None is JSON's null; `UNDEFINED` is no output at all, which conditions can tell from null.
        A declared `output_model` is enforced: what the next step reads is what was promised.
        A failure returned in ContractSpec's form is raised as the `OperationError` that it is.

        With `may_stop` the caller may cancel, and is not held up: an asynchronous operation is
        really cancelled; a synchronous one is called in a thread, which is left to itself.
        """
        if may_stop and not inspect.iscoroutinefunction(self.run):
            result = await call_in_thread(self.run, context)
        else:
            result = self.run(context)
        if inspect.isawaitable(result):
            result = await result
        if failure := OperationError.from_result(result):
            raise failure
        if self.output_model is not None and not isinstance(result, self.output_model):
            result = self.output_model.model_validate(result)
        if isinstance(result, BaseModel):
            return result.model_dump(mode="json", by_alias=True)
        return result
