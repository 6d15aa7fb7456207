"""Readers of file formats. Each turns text into `Document`s: plain JSON values with positions.

A new format is a function `(SourceFile) -> Reading` and a line in `READERS`.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pfo_dagster.spec.readers.json_reader import read_json
from pfo_dagster.spec.readers.reading import Reading
from pfo_dagster.spec.readers.yaml_reader import read_yaml
from pfo_dagster.spec.source import SourceFile

__all__ = ["READERS", "Reader", "Reading"]

Reader: TypeAlias = Callable[[SourceFile], Reading]

READERS: Mapping[str, Reader] = {".yaml": read_yaml, ".yml": read_yaml, ".json": read_json}
"""The reader of each suffix."""
