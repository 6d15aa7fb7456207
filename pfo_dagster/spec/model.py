"""`WorkflowSpec`: ContractSpec's workflow, every field of it.

Source of the fields: `workflow/spec.ts` and `ownership.ts` of `@contractspec/lib.contracts-spec`.
The model accepts what ContractSpec's engine gives a meaning to, including null for an absent value
and words that its types do not allow; whether that is sensible is for `check` to say.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, WithJsonSchema

from pfo_dagster.spec.fields import Many, Number, SourcedPart, SpecPart, SpecRef, demanded
from pfo_dagster.spec.results_model import ResultCatalog
from pfo_dagster.spec.runtime_model import StepRuntime, WorkflowRuntime

STEP_TYPES: Final = ("human", "automation", "decision")
BACKOFFS: Final = ("linear", "exponential")
GUARD_TYPES: Final = ("policy", "expression")
STABILITIES: Final = ("idea", "in_creation", "experimental", "beta", "stable", "deprecated")

StepType: TypeAlias = Annotated[str, WithJsonSchema({"enum": list(STEP_TYPES)})]
Backoff: TypeAlias = Annotated[str, WithJsonSchema({"enum": list(BACKOFFS)})]
GuardType: TypeAlias = Annotated[str, WithJsonSchema({"enum": list(GUARD_TYPES)})]
Stability: TypeAlias = Annotated[str, WithJsonSchema({"enum": list(STABILITIES)})]


class Meta(SpecPart):
    """Who a workflow is, who owns it and how ripe it is (ContractSpec's `OwnerShipMeta`)."""

    model_config = demanded("key", "version", "description", "stability", "owners", "tags")

    key: str = ""
    """Fully qualified name, unique among workflows, e.g. `pfo.workflow.refresh-balances`."""
    version: str = ""
    """Semantic version, in quotes: "1.0.0"."""
    title: str | None = None
    """Name for people."""
    description: str = ""
    """What the workflow does, in one or two sentences."""
    domain: str | None = None
    """Business domain, e.g. `finance`."""
    stability: Stability | None = None
    """Stage of the life cycle."""
    owners: Many[str] = ()
    """Teams or people who answer for it, e.g. `platform.finance`."""
    tags: Many[str] = ()
    """Words to find it by."""
    doc_id: Many[str] | None = None
    """Documentation pages that belong to it."""


class StepAction(SpecPart):
    """What a step does."""

    operation: SpecRef | None = None
    """The operation that an automation step calls."""
    form: SpecRef | None = None
    """The form that a human step shows."""


class GuardCondition(SpecPart):
    """What must hold before a step may run."""

    model_config = demanded("type", "value")

    type: GuardType = ""
    """`expression`, or `policy` for the name of a policy."""
    value: str
    """The expression or the policy's name. A guard sees `data` and `input`, never `output`."""


class RetryPolicy(SpecPart):
    """How a failed step is tried again."""

    model_config = demanded("maxAttempts", "backoff", "delayMs")

    max_attempts: Number | None = None
    """Number of RETRIES: the step runs at most once more than this. None when missing."""
    backoff: Backoff | None = None
    """`exponential` doubles the delay each time; `linear` keeps it. Missing means exponential."""
    delay_ms: Number | None = None
    """Milliseconds before the first retry; 1000 when missing."""
    max_delay_ms: Number | None = None
    """Upper bound of any delay, in milliseconds."""


class ModelPriority(SpecPart):
    """How much one benchmark dimension counts."""

    dimension: str
    """The benchmark dimension."""
    weight: Number
    """Its weight among the others."""


class ModelHints(SpecPart):
    """Hints for choosing an AI model for a step."""

    dimension: str | None = None
    """The benchmark dimension that counts most."""
    priorities: Many[ModelPriority] | None = None
    """Weights of several dimensions."""
    constraints: dict[str, Any] | None = None
    """Hard limits on the choice."""


class Step(SpecPart):
    """One step of a workflow."""

    model_config = demanded("id", "type", "label")

    id: str
    """Short name, unique in the workflow, e.g. `refresh-balances`."""
    type: StepType
    """`automation` calls an operation, `human` waits for input, `decision` passes it on."""
    label: str = ""
    """Name for people."""
    description: str | None = None
    """What the step is for."""
    action: StepAction | None = None
    """The operation or the form."""
    guard: GuardCondition | None = None
    """What must hold before the step may run."""
    timeout_ms: Number | None = None
    """Milliseconds that one attempt may take; none for 0 and less."""
    retry: RetryPolicy | None = None
    """How a failure is tried again; never, when missing."""
    required_integrations: Many[str] | None = None
    """Integration slots that must be bound before the workflow may start."""
    required_capabilities: Many[SpecRef] | None = None
    """Capabilities that must be enabled before the workflow may start."""
    model_hints: ModelHints | None = None
    """Hints for choosing an AI model."""
    runtime: StepRuntime | None = None
    """What particular runtimes need to know."""

    @property
    def behavior(self) -> str:
        """What the step does in the workflow devkit; nothing in particular where it is empty."""
        config = self.runtime.workflow_devkit if self.runtime else None
        return (config and config.behavior) or ""

    @property
    def sleeps(self) -> bool:
        """Whether the step only lets time pass. In the devkit it then does nothing else."""
        return self.behavior == "sleep"

    @property
    def asks(self) -> bool:
        """Whether a person, or a program in their place, must answer before the step is done."""
        return self.type == "human" and not self.sleeps

    @property
    def calls(self) -> bool:
        """Whether the step calls an operation. A decision never does, whatever it names."""
        return self.type == "automation" and not self.sleeps

    @property
    def waits(self) -> bool:
        """Whether a run ends at the step, and another goes on after an answer or some time."""
        return self.asks or self.sleeps


class Transition(SpecPart):
    """An edge between two steps. Of those that leave a step, the first that matches is taken."""

    from_: str = Field(alias="from")
    """Id of the step that the edge leaves."""
    to: str
    """Id of the step that it enters."""
    label: str | None = None
    """Name for people."""
    condition: str | None = None
    """Expression over `data`, `input` and `output`; without one the edge always matches."""


class ServiceLevel(SpecPart):
    """How long a workflow may take (ContractSpec's `SLA`)."""

    total_duration_ms: Number | None = None
    """Milliseconds for the whole workflow."""
    step_duration_ms: dict[str, Number | None] | None = None
    """Milliseconds for single steps, by their ids."""


class CompensationStep(SpecPart):
    """How one step's effect is undone."""

    model_config = demanded("stepId", "operation")

    step_id: str
    """Id of the step that is undone."""
    operation: SpecRef | None = None
    """The operation that undoes it."""
    description: str | None = None
    """What undoing means here."""


class Compensation(SpecPart):
    """What is called when a workflow fails or is rolled back."""

    trigger: Literal["on_failure", "manual"] | None = None
    """When it runs by itself; never, when missing."""
    steps: Many[CompensationStep]
    """The steps that can be undone. They are undone in the reverse order of their completion."""


class WorkflowDefinition(SpecPart):
    """The steps and how they follow each other."""

    steps: Many[Step]
    """The steps. The first is the entry where `entryStepId` is left out."""
    transitions: Many[Transition]
    """The edges. A step that none leaves ends the workflow."""
    entry_step_id: str | None = None
    """Id of the step that runs first."""
    sla: ServiceLevel | None = None
    """How long the workflow may take."""
    compensation: Compensation | None = None
    """How steps are undone."""


class WorkflowPolicy(SpecPart):
    """Policy of a workflow as a whole."""

    flags: Many[str] | None = None
    """Feature flags that it depends on."""


class WorkflowSpec(SourcedPart):
    """A workflow as specified. Two specs are equal when their content is, wherever it was read."""

    meta: Meta
    """Who the workflow is."""
    definition: WorkflowDefinition
    """What it does."""
    results: ResultCatalog | None = None
    """Typed outcomes of the workflow."""
    runtime: WorkflowRuntime | None = None
    """What particular runtimes need to know."""
    metadata: dict[str, Any] | None = None
    """Anything; merged by composition overlays."""
    annotations: dict[str, Any] | None = None
    """Anything; merged by composition overlays."""
    policy: WorkflowPolicy | None = None
    """Policy of the workflow."""
    experiments: Many[SpecRef] | None = None
    """Experiments that it takes part in."""

    @property
    def entry_step_id(self) -> str | None:
        """Id of the step that runs first; None only if there are no steps and no `entryStepId`."""
        explicit = self.definition.entry_step_id
        if explicit is not None:
            return explicit
        return self.definition.steps[0].id if self.definition.steps else None

    def step(self, step_id: str) -> Step:
        """The step of that id, the first if there are several. Raises `KeyError`."""
        for step in self.definition.steps:
            if step.id == step_id:
                return step
        ids = ", ".join(step.id for step in self.definition.steps)
        msg = f"workflow {self.meta.key} has no step {step_id!r}; its steps are: {ids}"
        raise KeyError(msg)

    def transitions_from(self, step_id: str) -> tuple[Transition, ...]:
        """The edges that leave a step, in the order in which they are tried."""
        return tuple(edge for edge in self.definition.transitions if edge.from_ == step_id)
