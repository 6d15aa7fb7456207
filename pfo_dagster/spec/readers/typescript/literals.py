"""What TypeScript's texts and numbers stand for (ECMAScript, sections 12.9.3 to 12.9.6)."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final


def text_value(written: str) -> str | None:
    """The value of a text with its quotes or backticks; None for an escape that JavaScript forbids.

    A template must have no substitutions.
    """
    inner = written[1:-1]
    if written.startswith("`"):
        inner = inner.replace("\r\n", "\n").replace("\r", "\n")
    if _FORBIDDEN_ESCAPE.search(_ESCAPED_BACKSLASH.sub("", inner)):
        return None
    value = _ESCAPE.sub(_unescaped, inner)
    # Two escapes of a surrogate pair are one character; a lone surrogate is none.
    try:
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None


def number_value(written: str) -> int | float | None:
    """The value of a number; None for a bigint, an octal of old, or one beyond all bounds.

    JavaScript has one kind of number: `1e3` is the whole number 1000, and digits beyond its
    precision are lost.
    """
    digits = written.replace("_", "").lower()
    try:
        if digits.startswith(("0x", "0o", "0b")):
            value = float(int(digits, 0))
        elif _DECIMAL.fullmatch(digits):
            value = float(digits)
        else:
            return None
    except (OverflowError, ValueError):  # ValueError: more digits than Python converts
        return None
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    if escape[0] in "xu" and len(escape) > 1:
        return chr(int(escape[1:].strip("{}"), 16))
    return _SINGLE.get(escape, escape)


_CONTROLS: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_LINE_ENDS: Final = ("\n", "\r\n", "\r", "\u2028", "\u2029")
_SINGLE: Final = _CONTROLS | dict.fromkeys(_LINE_ENDS, "")
_CODE_POINT: Final = r"u\{0*(?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4}\}"
_ESCAPE: Final = re.compile(
    rf"\\(x[0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}}|{_CODE_POINT}|\r\n|.)", re.DOTALL
)
_ESCAPED_BACKSLASH: Final = re.compile(r"\\\\")
_FORBIDDEN_ESCAPE: Final = re.compile(
    rf"\\(?:[1-9]|0[0-9]|x(?![0-9a-fA-F]{{2}})|u(?![0-9a-fA-F]{{4}}|{_CODE_POINT[1:]}))"
)
_DECIMAL: Final = re.compile(r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?")
