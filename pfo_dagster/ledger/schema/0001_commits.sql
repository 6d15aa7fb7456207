-- Schema `main` holds what readers see; schema `history` holds every version of it.

CREATE TABLE history.commits (
    commit_number BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    committed_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.commits IS 'One row per transaction of the writer, numbered from 1; every other row carries its number.';

CREATE TABLE history.publication (published_at TIMESTAMP NOT NULL);
COMMENT ON TABLE history.publication IS 'One row: when the copy was made in which you read this.';

CREATE VIEW meta AS
SELECT
    (SELECT max(published_at) FROM history.publication) AS published_at,
    (SELECT max(commit_number) FROM history.commits) AS commit_number,
    (SELECT max(committed_at) FROM history.commits) AS last_commit_at,
    (SELECT max(version) FROM history.schema_migrations) AS schema_version;
COMMENT ON VIEW meta IS 'One row about this file: how current it is and which schema it has.';
COMMENT ON COLUMN meta.published_at IS 'When this copy of the ledger was made (UTC).';
COMMENT ON COLUMN meta.commit_number IS 'The last transaction of the ledger that this copy holds; NULL before the first.';
COMMENT ON COLUMN meta.last_commit_at IS 'When that transaction was recorded (UTC).';
COMMENT ON COLUMN meta.schema_version IS 'Number of the last schema file applied.';
