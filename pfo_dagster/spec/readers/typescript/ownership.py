"""The values of ContractSpec's ownership enums, which specs use by name.

Source: `ownership.ts` of `@contractspec/lib.contracts-spec`. `Owners` and `Tags` are its older
names of the same enums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.spec.model import STABILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

_STABILITY: Final = {
    "".join(word.capitalize() for word in stability.split("_")): stability
    for stability in STABILITIES
}
_OWNERS: Final = {
    "PlatformCore": "platform.core",
    "PlatformSigil": "platform.sigil",
    "PlatformMarketplace": "platform.marketplace",
    "PlatformMessaging": "platform.messaging",
    "PlatformContent": "platform.content",
    "PlatformFeatureFlags": "platform.featureflags",
    "PlatformFinance": "platform.finance",
}
_TAGS: Final = {
    "Spots": "spots",
    "Collectivity": "collectivity",
    "Marketplace": "marketplace",
    "Sellers": "sellers",
    "Auth": "auth",
    "Login": "login",
    "Signup": "signup",
    "Guide": "guide",
    "Docs": "docs",
    "I18n": "i18n",
    "Incident": "incident",
    "Automation": "automation",
    "Hygiene": "hygiene",
}

ENUMS: Final[Mapping[str, Mapping[str, str]]] = {
    "OwnersEnum": _OWNERS,
    "Owners": _OWNERS,
    "StabilityEnum": _STABILITY,
    "TagsEnum": _TAGS,
    "Tags": _TAGS,
}
"""Each enum's members by their names."""
