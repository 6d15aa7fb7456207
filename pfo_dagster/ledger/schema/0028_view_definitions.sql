-- Which of the definitions in views/ a ledger has.

CREATE TABLE history.view_definitions (
    checksum VARCHAR NOT NULL,
    schema_version INTEGER NOT NULL,
    made_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.view_definitions IS 'One row: which definitions of views and macros this file has, and with which schema version they came.';
