-- Schema `main` holds what readers see; schema `history` holds every version of it. Here are the
-- tables; the views and macros upon them are in views/.

CREATE TABLE history.commits (
    commit_number BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    committed_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.commits IS 'One row per transaction of the writer, numbered from 1; every other row carries its number.';

CREATE TABLE history.publication (published_at TIMESTAMP NOT NULL);
COMMENT ON TABLE history.publication IS 'One row: when the copy was made in which you read this.';
