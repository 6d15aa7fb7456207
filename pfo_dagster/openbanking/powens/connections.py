"""From rows of Powens' answers to connections. Pure: no clock, no network.

An odd field is left out and told of; only a row without an id spoils the listing, because what is
missing from it is taken for deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from pfo_dagster.openbanking.errors import ErrorKind, ProviderError
from pfo_dagster.openbanking.powens.json_text import as_object, payload_hash
from pfo_dagster.openbanking.powens.models import WireConnection
from pfo_dagster.openbanking.powens.privacy import UNREADABLE, code_word, without_ibans
from pfo_dagster.openbanking.powens.rejections import id_of, left_out, problems_of
from pfo_dagster.openbanking.powens.states import connection_state
from pfo_dagster.openbanking.powens.times import impossible_times
from pfo_dagster.openbanking.records import Connection, ConnectionListing, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def read_connections(
    rows: Iterable[object], *, provider: str, identity_key: bytes, now: datetime
) -> ConnectionListing:
    """The connections, each once: of one that is listed twice, the later row counts.

    Raises `ProviderError` for a row without an id.
    """
    connections: dict[str, Connection] = {}
    rejected: list[Rejected] = []
    for row in rows:
        connection, problems = _read(row, provider, now)
        connections[connection.connection_id] = connection
        if problems:
            digest = payload_hash(row, identity_key)
            rejected += (
                left_out("connections", connection.connection_id, problem, digest)
                for problem in problems
            )
    return ConnectionListing(connections=tuple(connections.values()), rejected=tuple(rejected))


def read_connection(row: object, *, provider: str, now: datetime | None = None) -> Connection:
    """One connection; a `last_update` that cannot have been by `now` is left out.

    Raises `ProviderError` for a row without an id.
    """
    return _read(row, provider, now)[0]


def _read(row: object, provider: str, now: datetime | None) -> tuple[Connection, list[str]]:
    """The connection, and what of the row could not be read."""
    wire, problems, unread = _wire(row)
    impossible = {} if now is None else impossible_times(wire, now)
    problems += (f"{name}: {why}" for name, why in impossible.items())
    wire = wire.model_copy(update=dict.fromkeys(impossible))
    # `error` is an old copy of `state`; where both are sent, only `state` is looked at.
    word = (wire.state if "state" in wire.model_fields_set else wire.error) or None
    if "state" in unread or (word is None and "error" in unread):
        word = UNREADABLE
    institution = wire.connector and wire.connector.name
    connection = Connection(
        provider=provider,
        connection_id=wire.id,
        user_id=wire.id_user,
        institution=institution and without_ibans(institution),
        state=connection_state(word),
        state_detail=word and (code_word(word) or UNREADABLE),
        last_update=wire.last_update,
        next_try=wire.next_try,
        consent_expires=wire.expire,
        active=wire.active is not False,
    )
    return connection, problems


def _wire(row: object) -> tuple[WireConnection, list[str], set[str]]:
    """The row as far as it can be read, what is wrong with it, and which fields are left out."""
    try:
        return WireConnection.model_validate(row), [], set()
    except ValidationError as error:
        members = as_object(row) or {}
        if id_of(row) is None:
            raise ProviderError(
                "The provider lists a connection that cannot be told apart from others "
                f"({problems_of(error)}). Nothing can be refreshed, since a connection that is not "
                "listed counts as deleted; the provider's support has to look at it.",
                kind=ErrorKind.FATAL,
            ) from None
        unread = {str(problem["loc"][0]) for problem in error.errors(include_input=False)}
        readable = {name: value for name, value in members.items() if name not in unread}
        return WireConnection.model_validate(readable), [problems_of(error)], unread
