"""Reads the pages that ContractSpec generates: Markdown, and the text of its documentation site.

Everything that is not code is made blank, so the rest is TypeScript whose lines and columns are
those of the page. On Markdown pages the code is in a fence; in the text of the site it stands
without one, from the line that begins a definition to where its brackets are closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pfo_dagster.spec.readers.typescript import read_typescript
from pfo_dagster.spec.readers.typescript.brackets import end_of_brackets
from pfo_dagster.spec.readers.typescript.definitions import may_define

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pfo_dagster.spec.readers.reading import Reading
    from pfo_dagster.spec.source import SourceFile


def read_page(file: SourceFile, *, defines: Mapping[str, Any]) -> Reading:
    """Every workflow that a page defines. Never raises."""
    lines = file.text.split("\n")
    blocks = [block for block in _fenced(lines) if may_define(_joined(lines, block))]
    kept = {number for block in blocks or _unfenced(lines) for number in block}
    code = "\n".join(line if number in kept else "" for number, line in enumerate(lines))
    return read_typescript(file, defines=defines, code=code)


def _fenced(lines: list[str]) -> Iterator[range]:
    """The lines inside each fence of TypeScript, or of no language. The last may lack its end."""
    fence, start, is_code = "", 0, False
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if not fence and match:
            fence, start = match["fence"], number + 1
            is_code = match["language"].lower() in _LANGUAGES
        elif fence and match and not match["language"] and match["fence"].startswith(fence):
            if is_code:
                yield range(start, number)
            fence = ""
    if fence and is_code:
        yield range(start, len(lines))


def _unfenced(lines: list[str]) -> Iterator[range]:
    """The lines of each definition that stands between paragraphs."""
    end = 0
    for number, line in enumerate(lines):
        if number >= end and _BEGIN.match(line):
            end = _closed(lines, number)
            yield range(number, end)


def _closed(lines: list[str], start: int) -> int:
    """The number of the line after the one on which every bracket since `start` is closed."""
    rest = "\n".join(lines[start:])
    end = end_of_brackets(rest)
    return len(lines) if end is None else start + rest.count("\n", 0, end) + 1


def _joined(lines: list[str], block: range) -> str:
    return "\n".join(lines[block.start : block.stop])


_LANGUAGES: Final = {"", "ts", "typescript", "js", "javascript"}
_FENCE: Final = re.compile(r"[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`{]*)")
_BEGIN: Final = re.compile(
    r"[ \t]*(?:export[ \t]+)?"
    r"(?:(?:default|const[ \t]+\w+[ \t]*=)[ \t]*defineWorkflow[ \t]*\("
    r"|const[ \t]+\w+[ \t]*:[ \t]*WorkflowSpec[ \t]*=[ \t]*(?:defineWorkflow[ \t]*\(|\{))"
)
