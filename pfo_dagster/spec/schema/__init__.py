"""JSON Schemas of workflow specs and of the app config, for completion in editors.

`python -m pfo_dagster.spec.schema` writes them to `specs/schema`, where spec files look for them.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pfo_dagster.spec.app import AppConfig
from pfo_dagster.spec.model import WorkflowSpec

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def workflow_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one workflow spec, generated from `WorkflowSpec`."""
    return _schema(WorkflowSpec)


def app_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the app config, generated from `AppConfig`."""
    return _schema(AppConfig)


def write_schemas(folder: Path) -> list[Path]:
    """Writes both schemas into `folder` and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, schema in (("workflow", workflow_schema()), ("app", app_schema())):
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **model.model_json_schema()}
