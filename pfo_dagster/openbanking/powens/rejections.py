"""What could not be trusted of a row, in words that quote none of its values. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.openbanking.powens.fields import read_id
from pfo_dagster.openbanking.powens.json_text import as_object, payload_hash
from pfo_dagster.openbanking.records import Rejected

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from pfo_dagster.openbanking.records import Relation


def rejection(
    relation: Relation,
    row: object,
    error: ValidationError,
    identity_key: bytes,
    *,
    record_id: str | None = None,
) -> Rejected:
    """A row that cannot be trusted, with the fields that are wrong. Its id, where it has none."""
    return Rejected(
        relation=relation,
        record_id=id_of(row) if record_id is None else record_id,
        reason=problems_of(error),
        payload_hash=payload_hash(row, identity_key),
    )


def left_out(relation: Relation, record_id: str, reason: str, digest: str | None) -> Rejected:
    """What was left out of a row that is trusted otherwise."""
    return Rejected(relation=relation, record_id=record_id, reason=reason, payload_hash=digest)


def problems_of(error: ValidationError) -> str:
    """The problems by field, without the refused values: they may be personal data."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'row'}: {_message(problem)}"
        for problem in problems
    )


def id_of(row: object) -> str | None:
    """The id of a row, if that much can be read."""
    try:
        return read_id((as_object(row) or {}).get("id"))
    except ValueError:
        return None


def _message(problem: ErrorDetails) -> str:
    if problem["type"] == "model_type":
        return "expected an object"
    return problem["msg"].removeprefix("Value error, ")
