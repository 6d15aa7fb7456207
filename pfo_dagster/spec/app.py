"""`AppConfig`: what a tenant's app gives its workflows - integrations and capabilities.

Source of the rules: the resolved app config of ContractSpec's `WorkflowRunner`.
"""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import WithJsonSchema

from pfo_dagster.spec.fields import Many, SourcedPart, SpecPart
from pfo_dagster.spec.forms import FormSpec

STATUSES: Final = ("connected", "unknown", "error", "disconnected")

Status: TypeAlias = Annotated[str, WithJsonSchema({"enum": list(STATUSES)})]


class Tenant(SpecPart):
    """Whose data it is."""

    id: str
    """Key of the tenant, e.g. `family-office`; it is in every row of the ledger."""
    name: str
    """Name for people."""


class IntegrationBinding(SpecPart):
    """What an integration slot is bound to."""

    slot_id: str
    """The slot, as workflows name it in `requiredIntegrations`."""
    status: Status | None = None
    """Health of the connection. `error` and `disconnected` keep workflows from starting."""
    provider: str | None = None
    """The provider behind it, e.g. `powens`."""
    connection_id: str | None = None
    """The connection at the provider."""
    settings: dict[str, Any] | None = None
    """Anything that the provider needs to know; never a secret."""


class CapabilityKey(SpecPart):
    """A capability in one version."""

    key: str
    """Key of the capability, e.g. `openbanking.balances.read`."""
    version: str
    """Its version, e.g. "1.0.0"."""


class Capabilities(SpecPart):
    """Which capabilities workflows may rely on."""

    enabled: Many[CapabilityKey]
    """The capabilities that are on. One that is not listed is off."""
    disabled: Many[CapabilityKey] | None = None
    """The capabilities that are known and off, for people to see."""


class AppConfig(SourcedPart):
    """The app config of one tenant."""

    tenant: Tenant | None = None
    """Whose data it is."""
    integrations: Many[IntegrationBinding]
    """The bound slots. Of two with the same `slotId` the last one counts."""
    capabilities: Capabilities
    """What is enabled."""
    forms: Many[FormSpec] | None = None
    """What people fill in at human steps. A step whose form is not here takes any JSON."""
    defines: dict[str, Any] | None = None
    """JSON values for names that TypeScript specs and generated pages use and do not define."""

    jobs_only: Many[str] | None = None
    """Keys of workflows that leave assets to others: they run as jobs, and report what they make.

    An asset has one producer, so of two workflows that make the same one must be named here.
    """

    def binding(self, slot_id: str) -> IntegrationBinding | None:
        """What a slot is bound to; None if it is not bound."""
        bound = (one for one in reversed(self.integrations) if one.slot_id == slot_id)
        return next(bound, None)

    def is_job_only(self, key: str) -> bool:
        """Whether the workflow of that key has no assets of its own."""
        return key in (self.jobs_only or ())

    def enables(self, key: str, version: str | None) -> bool:
        """Whether a capability is on, in exactly this version."""
        return any((one.key, one.version) == (key, version) for one in self.capabilities.enabled)
