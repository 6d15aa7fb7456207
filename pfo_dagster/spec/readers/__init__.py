"""Readers of file formats. Each turns text into `Document`s: plain JSON values with positions.

A new format is a function `(SourceFile, *, defines) -> Reading` and a line in `READERS`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from pfo_dagster.spec.readers.json_reader import read_json
from pfo_dagster.spec.readers.page_reader import read_page
from pfo_dagster.spec.readers.reading import Reading
from pfo_dagster.spec.readers.typescript import read_typescript
from pfo_dagster.spec.readers.yaml_reader import read_yaml
from pfo_dagster.spec.source import SourceFile

__all__ = ["MIXED", "READERS", "Reader", "Reading"]


class Reader(Protocol):
    """Reads one file. `defines` gives values to names that the file uses and does not define."""

    def __call__(self, file: SourceFile, *, defines: Mapping[str, Any]) -> Reading:
        """What the file holds and what is wrong with it. Never raises."""
        ...


def _plain(read: Callable[[SourceFile], Reading]) -> Reader:
    """The reader of a format that has no names."""

    def reader(file: SourceFile, *, defines: Mapping[str, Any]) -> Reading:
        del defines
        return read(file)

    return reader


READERS: Final[Mapping[str, Reader]] = {
    ".yaml": _plain(read_yaml),
    ".yml": _plain(read_yaml),
    ".json": _plain(read_json),
    ".ts": read_typescript,
    ".md": read_page,
    ".txt": read_page,
}
"""The reader of each suffix."""

MIXED: Final = frozenset({".ts", ".md", ".txt"})
"""Suffixes of files of which many are no specs: a folder may hold such files beside its specs."""
