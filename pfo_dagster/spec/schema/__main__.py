"""Writes the schemas: `python -m pfo_dagster.spec.schema [FOLDER]`, by default `specs/schema`."""

import sys
from pathlib import Path

from pfo_dagster.spec.schema import write_schemas

if __name__ == "__main__":
    for path in write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "specs/schema")):
        sys.stdout.write(f"{path}\n")
