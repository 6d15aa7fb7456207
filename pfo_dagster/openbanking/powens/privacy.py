"""What of a bank account's identity may be kept: a masked form, and a keyed hash. Pure.

Also keeps bank text out of the fields that hold a provider's code words.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

UNREADABLE: Final = "unreadable"
"""What stands in place of a code word that was none, and so may be the bank's text."""

_SHORTEST_MASKABLE: Final = 8
_SHORTEST_IBAN: Final = 15
_IBAN_DIGITS: Final = 8
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?:[\s.-][A-Z0-9]{4}){2,7}(?:[\s.-][A-Z0-9]{1,3})?)\b"
)
_BETWEEN_GROUPS = re.compile(r"[\s.-]+")
_CODE_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,49}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def mask_iban(iban: str) -> str:
    """Country, check digits and the last four characters: `FR76…0016`."""
    compact = _compact(iban)
    if len(compact) < _SHORTEST_IBAN:
        return mask_number(compact)
    return f"{compact[:4]}…{compact[-4:]}"


def mask_number(number: str) -> str:
    """The last four characters of an account number; nothing of a short one."""
    compact = _compact(number)
    return f"…{compact[-4:]}" if len(compact) >= _SHORTEST_MASKABLE else "…"


def identity_hash(iban: str, key: bytes) -> str:
    """HMAC-SHA256 of the IBAN in hexadecimal, the same however the bank spaces it.

    Recognises an account that comes back under a new id. Without the key it cannot be undone by
    trying all of a bank's IBANs.
    """
    return hmac.new(key, _compact(iban).encode(), hashlib.sha256).hexdigest()


def without_ibans(text: str) -> str:
    """Free text of the bank with the IBANs in it masked.

    Goes by the look of an IBAN, not by its check digits: a mistyped one is as personal.
    """
    return _IBAN.sub(_masked, text)


def code_word(value: object) -> str | None:
    """A code such as `SCARequired`, or None where the value is no code but might be bank text."""
    return value if isinstance(value, str) and _CODE_WORD.fullmatch(value) else None


def read_request_id(value: object) -> str | None:
    """The id of a request for Powens' support, which comes as an integer or as text."""
    text = str(value) if isinstance(value, int) else value
    return text if isinstance(text, str) and _REQUEST_ID.fullmatch(text) else None


def _compact(text: str) -> str:
    return _BETWEEN_GROUPS.sub("", text).upper()


def _masked(match: re.Match[str]) -> str:
    found = match.group()
    digits = sum(character.isdigit() for character in found)
    return mask_iban(found) if digits >= _IBAN_DIGITS else found
