"""What a spec tells particular runtimes: adapters, ports and the workflow devkit.

Source of the fields: `workflow/spec.ts` and `workflow/workflow-devkit.ts` of ContractSpec.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, WithJsonSchema

from pfo_dagster.spec.fields import SpecPart

ADAPTERS: Final = ("langgraph", "langchain", "workflow-devkit")
PORTS: Final = ("checkpointStore", "suspension", "retryClassifier", "approvalGateway")
BEHAVIORS: Final = ("approvalWait", "hookWait", "sleep", "streamSession", "webhookWait")

Behavior: TypeAlias = Annotated[str, WithJsonSchema({"enum": list(BEHAVIORS)})]


class RuntimeCapabilities(SpecPart):
    """What the workflow expects of its runtime."""

    adapters: dict[str, bool | None] | None = Field(
        default=None,
        json_schema_extra={"propertyNames": {"enum": list(ADAPTERS)}},
    )
    """External runtimes that may execute the workflow."""
    checkpointing: bool | None = None
    """Whether progress is kept at checkpoints."""
    suspend_resume: bool | None = None
    """Whether the workflow can be suspended and resumed."""
    approval_gateway: bool | None = None
    """Whether approvals are asked for through a gateway."""


class SerializationConfig(SpecPart):
    """How strictly the devkit's data must be JSON."""

    enforce_hook_payloads: bool | None = None
    """Whether payloads of hooks are checked."""
    enforce_metadata: bool | None = None
    """Whether metadata and annotations are checked; they are by default."""
    enforce_workflow_state: bool | None = None
    """Whether the workflow's state is checked."""
    mode: Literal["passthrough", "strict"] | None = None
    """`strict` unless given."""


class RunIdentityConfig(SpecPart):
    """How runs are named."""

    prefix: str | None = None
    """What the names begin with."""
    strategy: Literal["meta-key-version", "trace-id", "workflow-id"] | None = None
    """What the names are made of."""


class HookTokenConfig(SpecPart):
    """How tokens of hooks are made."""

    prefix: str | None = None
    """What the tokens begin with."""
    strategy: Literal["deterministic", "session-scoped", "step-scoped"] | None = None
    """What the tokens are made of."""


class WorkflowDevkitConfig(SpecPart):
    """The workflow devkit's settings for a whole workflow."""

    host_target: Literal["generic", "next"] | None = None
    """What the workflow is generated for."""
    hook_tokens: HookTokenConfig | None = None
    """How tokens of hooks are made."""
    integration_mode: Literal["generated", "manual"] | None = None
    """Whether integrations are generated."""
    run_identity: RunIdentityConfig | None = None
    """How runs are named."""
    serialization: SerializationConfig | None = None
    """How strictly data must be JSON."""


class WorkflowRuntime(SpecPart):
    """Runtime settings of a workflow."""

    capabilities: RuntimeCapabilities | None = None
    """What the workflow expects of its runtime."""
    ports: dict[str, str] | None = Field(
        default=None,
        json_schema_extra={"propertyNames": {"enum": list(PORTS)}},
    )
    """Names of the adapters behind the runtime's ports."""
    workflow_devkit: WorkflowDevkitConfig | None = None
    """The workflow devkit's settings."""


class Sleep(SpecPart):
    """Wait for some time."""

    duration: str
    """How long, e.g. `5m`."""


class HookWait(SpecPart):
    """Wait for a hook."""

    collect: bool | None = None
    """Whether several payloads are collected."""
    payload_example: Any = None
    """What a payload looks like, in JSON."""
    resume_source: str | None = None
    """Must be `hook`."""
    token: str | None = None
    """The hook's token."""


class WebhookWait(SpecPart):
    """Wait for an HTTP request."""

    method: Literal["DELETE", "GET", "PATCH", "POST", "PUT"] | None = None
    """The request's method."""
    path: str | None = None
    """The request's path."""
    payload_example: Any = None
    """What a payload looks like, in JSON."""
    resume_source: str | None = None
    """Must be `webhook`."""
    token: str | None = None
    """The hook's token."""


class ApprovalWait(SpecPart):
    """Wait for an approval."""

    channel: str | None = None
    """Where the approval is asked for."""
    payload_example: Any = None
    """What a payload looks like, in JSON."""
    resume_source: str | None = None
    """Must be `approval`."""
    token: str | None = None
    """The approval's token."""


class StreamSession(SpecPart):
    """Keep a session open."""

    follow_up_token: str | None = None
    """Token of the follow-ups."""
    initial_state: Any = None
    """What the session begins with, in JSON."""
    keep_alive: bool | None = None
    """Whether the session stays open."""
    resume_source: str | None = None
    """Must be `stream`."""
    session_key: str | None = None
    """Name of the session."""


class StepDevkitConfig(SpecPart):
    """The workflow devkit's settings for a step."""

    approval_wait: ApprovalWait | None = None
    """Settings of `approvalWait`."""
    behavior: Behavior | None = None
    """What the step does in the devkit."""
    hook_wait: HookWait | None = None
    """Settings of `hookWait`."""
    idempotency_key: str | None = None
    """What makes a repeated attempt recognizable."""
    sleep: Sleep | None = None
    """Settings of `sleep`."""
    state_example: Any = None
    """What the step's state looks like, in JSON."""
    stream_session: StreamSession | None = None
    """Settings of `streamSession`."""
    webhook_wait: WebhookWait | None = None
    """Settings of `webhookWait`."""


class StepRuntime(SpecPart):
    """Runtime settings of a step."""

    workflow_devkit: StepDevkitConfig | None = None
    """The workflow devkit's settings."""
