"""What can go wrong with the ledger, each with a text that says what to do about it."""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger could not be written or read. The text is meant for people."""


class LedgerBusyError(LedgerError):
    """Another process is writing and did not finish within the time we were given."""


class StorageError(LedgerError):
    """The disk or the file let us down: full, read-only, damaged or not a ledger."""


class SchemaError(LedgerError):
    """The file's schema and this program do not belong together."""


class PublishError(StorageError):
    """What was committed is safe, but the copy for readers could not be brought up to date.

    Readers keep the publication before; the next writer repairs it.
    """


class InvalidRowError(LedgerError):
    """A row that the ledger cannot hold exactly, or that contradicts another one.

    Nothing of its batch was written. Take the row out, hand it in as a `RejectedRow`, and record
    the rest again.
    """

    def __init__(self, message: str, *, relation: str, record_id: str) -> None:
        super().__init__(message)
        self.relation = relation
        self.record_id = record_id


class NotPublishedError(LedgerError):
    """There is no published file yet, so there is nothing to read."""


class QueryError(LedgerError):
    """A query that DuckDB, or the rule that readers only read, refuses."""
