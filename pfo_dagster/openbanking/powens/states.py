"""Powens' connection states: who must act, and what to tell that person. Pure.

`null` is the success value. The list is open; a state that we do not know is treated like `bug`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.records import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDS_USER: Final[Mapping[str, str]] = {
    "scarequired": "confirm access with strong authentication in the provider's webview",
    "webauthrequired": "give consent on the bank's own site, through the provider's webview",
    "additionalinformationneeded": "enter the code that the bank asks for, in the webview",
    "decoupled": "confirm access in the bank's app",
    "actionneeded": "log in to the bank's site and do what it asks for",
    "passwordexpired": "choose a new password at the bank, then enter it in the webview",
    "wrongpass": "enter the right password in the webview",
}
_OTHERS: Final[Mapping[str, ConnectionState]] = {
    "validating": ConnectionState.SYNCING,
    "ratelimiting": ConnectionState.UNAVAILABLE,
    "websiteunavailable": ConnectionState.UNAVAILABLE,
    "bug": ConnectionState.FAILED,
    "notsupported": ConnectionState.FAILED,
}


def connection_state(word: str | None) -> ConnectionState:
    """The class of a Powens state, whatever its case; None is success."""
    if word is None:
        return ConnectionState.OK
    if word.lower() in _NEEDS_USER:
        return ConnectionState.NEEDS_USER
    return _OTHERS.get(word.lower(), ConnectionState.FAILED)


def user_action(word: str | None) -> str | None:
    """What the account holder must do, as the end of "the account holder must …", if anything."""
    return None if word is None else _NEEDS_USER.get(word.lower())
