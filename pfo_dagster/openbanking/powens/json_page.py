"""One page of a listing, of which each row is handed on as soon as it is decoded.

A listing may hold thousands of accounts in one answer, and decoded they take six times its size:
so the two outermost levels are read here, and each row by the standard decoder. (Streaming parsers
refuse a document for one NaN; here that refuses its row.) Called by `client`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.json_text import (
    JSON,
    as_list,
    as_object,
    decode,
    printable_for,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SPACE: Final = re.compile(r"[ \t\n\r]*")


def decode_page(body: bytes, rows: str, take: Callable[[object], None]) -> tuple[object, str]:
    """The JSON object in `body` with the list `rows` emptied, and what tells its rows from others.

    It is None if the JSON is no object. Values are as `json_text.decode` gives them; `take` gets
    the rows in their order. The text is empty where there are none. Raises `ValueError` where there
    is no JSON, be it after some rows.
    """
    if not body.startswith(b"{"):
        return _decode_whole(body, rows, take)
    printable = printable_for(body)
    page = _Cursor(text_of(body))
    content: dict[str, object] = {}
    identity = ""
    try:
        for name in page.members():
            if name != rows or page.peek() != "[":
                content[name] = page.value()
                continue
            if rows in content:
                raise ValueError("the rows are listed twice")
            content[rows] = []
            began = page.at
            for row in page.items():
                identity = "some"
                take(printable(row))
            if identity:
                listed = page.text[began : page.at].encode(errors="surrogatepass")
                identity = hashlib.sha256(listed).hexdigest()
        page.end()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return printable(content), identity


def _decode_whole(body: bytes, rows: str, take: Callable[[object], None]) -> tuple[object, str]:
    """The same of a body that begins with a space, or is no object."""
    content = as_object(decode(body))
    found = as_list(content.get(rows)) if content is not None else None
    if content is None or found is None:
        return content, ""
    for row in found:
        take(row)
    return {**content, rows: []}, hashlib.sha256(body).hexdigest() if found else ""


@dataclass(slots=True)
class _Cursor:
    """Reads JSON from `text` on from `at`. Each method raises `ValueError` for what is none."""

    text: str
    at: int = 0

    def members(self) -> Iterator[str]:
        """The names of an object's members; the caller reads each value before the next name."""
        self._pass("{")
        if self.peek() == "}":
            self._pass("}")
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise ValueError("expected a name")  # noqa: TRY004 - no JSON
            self._pass(":")
            yield name
            if self._pass(",}") == "}":
                return

    def items(self) -> Iterator[object]:
        """The values of an array."""
        self._pass("[")
        if self.peek() == "]":
            self._pass("]")
            return
        while True:
            yield self.value()
            if self._pass(",]") == "]":
                return

    def value(self) -> object:
        """The next value, whole."""
        self.peek()
        value, self.at = JSON.raw_decode(self.text, self.at)
        return value

    def peek(self) -> str:
        """The next character that is no space; nothing at the end."""
        space = _SPACE.match(self.text, self.at)
        assert space is not None, "it matches nothing, too"  # noqa: S101 - narrows
        self.at = space.end()
        return self.text[self.at : self.at + 1]

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            raise ValueError("something follows the value")

    def _pass(self, marks: str) -> str:
        """Go past the next character, which has to be one of `marks`."""
        found = self.peek()
        if not found or found not in marks:
            raise ValueError(f"expected one of {marks}")
        self.at += 1
        return found
