"""What an operation reports, as Dagster metadata."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

import dagster as dg

from pfo_dagster.operations import Markdown
from pfo_dagster.translate.betas import quiet_betas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pfo_dagster.spec import WorkflowSpec


def as_metadata(values: Mapping[str, object]) -> dict[str, dg.MetadataValue]:
    """Each value as the metadata type that Dagster's UI shows best."""
    return {name: _value(value) for name, value in values.items()}


def _value(value: object) -> dg.MetadataValue:
    if isinstance(value, dg.MetadataValue):
        return value
    if isinstance(value, Markdown):
        return dg.MetadataValue.md(value)
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, Decimal):
        # Dagster has no decimal metadata, and a float would not be the amount.
        return dg.MetadataValue.text(format(value, "f"))
    if isinstance(value, (list, tuple)) and value and all(isinstance(row, dict) for row in value):
        return _table(cast("Sequence[Mapping[str, object]]", value))
    if isinstance(value, (dict, list, tuple)):
        return dg.MetadataValue.json(value)
    return dg.MetadataValue.text(str(value))


def _table(rows: Sequence[Mapping[str, object]]) -> dg.MetadataValue:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    records = [
        dg.TableRecord({name: "" if row.get(name) is None else str(row[name]) for name in columns})
        for row in rows
    ]
    schema = dg.TableSchema([dg.TableColumn(name) for name in columns])
    return dg.MetadataValue.table(records, schema=schema)


def spec_metadata(spec: WorkflowSpec) -> dict[str, dg.MetadataValue]:
    """Where a definition comes from: the workflow and, in its file, the line it starts at."""
    metadata: dict[str, dg.MetadataValue] = {
        "workflow": dg.MetadataValue.text(spec.meta.key),
        "workflow version": dg.MetadataValue.text(spec.meta.version),
        "stability": dg.MetadataValue.text(str(spec.meta.stability)),
        "spec digest": dg.MetadataValue.text(spec.digest[:12]),
    }
    return metadata | code_reference(spec, ())


def code_reference(
    spec: WorkflowSpec, location: tuple[str | int, ...]
) -> dict[str, dg.MetadataValue]:
    """The link to the spec's file and line that Dagster's UI shows, where there is a file."""
    if spec.source is None:
        return {}
    with quiet_betas():
        reference = dg.LocalFileCodeReference(
            file_path=str(spec.source.path.resolve()),
            line_number=spec.source.locate(location).line,
            label=spec.meta.key,
        )
        references = dg.CodeReferencesMetadataValue(code_references=[reference])
    return {"dagster/code_references": references}
