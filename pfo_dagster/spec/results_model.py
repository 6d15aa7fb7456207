"""The outcomes that a workflow declares.

Source of the fields: `results/index.ts` of ContractSpec.
"""

from typing import Any, Literal

from pfo_dagster.spec.fields import Number, SpecPart


class SuccessOutcome(SpecPart):
    """A way to succeed."""

    status: Number
    """HTTP status."""
    state: Literal["accepted", "completed", "created", "empty", "partial", "queued"] | None = None
    """What became of the request."""
    description: str | None = None
    """What it means."""
    headers: dict[str, str] | None = None
    """HTTP headers."""


class FailureOutcome(SpecPart):
    """A way to fail."""

    status: Number | None = None
    """HTTP status."""
    description: str
    """What it means."""
    title: str | None = None
    """Name for people."""
    type: str | None = None
    """URI of the problem type."""
    category: (
        Literal[
            "auth",
            "conflict",
            "dependency",
            "internal",
            "integration",
            "job",
            "not_found",
            "payment",
            "policy",
            "rate_limit",
            "timeout",
            "validation",
            "workflow",
        ]
        | None
    ) = None
    """What kind of problem it is."""
    severity: Literal["error", "fatal", "info", "warning"] | None = None
    """How bad it is."""
    retryable: bool | None = None
    """Whether trying again can help."""
    retry_after: Number | None = None
    """Milliseconds to wait before trying again."""
    gql_code: str | None = None
    """Code for GraphQL."""
    http: Number | None = None
    """HTTP status, by its older name."""
    when: str | None = None
    """When it happens."""
    args: dict[str, Any] | None = None
    """Values that the description speaks of."""


class ResultCatalog(SpecPart):
    """Typed outcomes, by their codes."""

    success: dict[str, SuccessOutcome] | None = None
    """The ways to succeed."""
    errors: dict[str, FailureOutcome] | None = None
    """The ways to fail."""
