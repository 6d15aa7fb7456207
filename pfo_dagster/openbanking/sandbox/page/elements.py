"""The few HTML elements that the page is made of. Labels and contents are HTML, values are text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def section(title: str, content: str) -> str:
    """A part of the page under a heading."""
    return f"<section><h2>{title}</h2>{content}</section>"


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; the header of a column of numbers begins with #."""
    looks = [' class="number"' if header.startswith("#") else "" for header in headers]
    titles = (
        header.removeprefix("#") or '<span class="sight">Actions</span>' for header in headers
    )
    head = "".join(
        f'<th scope="col"{look}>{title}</th>' for look, title in zip(looks, titles, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{look}>{cell}</td>" for look, cell in zip(looks, row, strict=True))
        + "</tr>"
        for row in rows
    )
    head_and_body = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<table><caption>{caption}</caption>{head_and_body}</table>"


def form(action: str, fields: str, *, button: str, about: str = "", main: bool = False) -> str:
    """A form that posts its fields to `/_sandbox/<action>` by a button.

    `about` is read aloud after the button's text, where several have the same.
    """
    look = ' class="main"' if main else ""
    more = f'<span class="sight"> {about}</span>' if about else ""
    return (
        f'<form method="post" action="/_sandbox/{action}">{fields}'
        f"<button{look}>{button}{more}</button></form>"
    )


def hidden(name: str, value: str) -> str:
    """A field that is not seen."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def text_field(name: str, label: str, *, value: str) -> str:
    """A labelled line to write in."""
    return f'<label>{label}<input name="{name}" value="{escape(value)}" required></label>'


def choice(
    name: str, label: str, options: Mapping[str, str], chosen: str, *, label_shown: bool = True
) -> str:
    """A labelled choice: what is posted, and what people read of it."""
    listed = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(text)}</option>"
        for value, text in options.items()
    )
    look = "" if label_shown else ' class="sight"'
    return f'<label><span{look}>{label}</span><select name="{name}">{listed}</select></label>'
