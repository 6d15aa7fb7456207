-- What a dashboard says about itself: whose data it shows, and how far behind it is.

CREATE VIEW meta AS
SELECT
    (SELECT max(published_at) FROM history.publication) AS published_at,
    (SELECT max(commit_number) FROM history.commits) AS commit_number,
    (SELECT max(committed_at) FROM history.commits) AS last_commit_at,
    (SELECT max(version) FROM history.schema_migrations) AS schema_version,
    (
        SELECT list(DISTINCT provider ORDER BY provider)
        FROM (SELECT provider FROM refreshes UNION ALL SELECT provider FROM syncs)
    ) AS sources,
    (SELECT max(finished_at) FROM refreshes) AS refreshed_at,
    date_diff(
        'second',
        (SELECT max(finished_at) FROM refreshes),
        (SELECT max(published_at) FROM history.publication)
    ) AS lag_seconds;
COMMENT ON VIEW meta IS 'One row about this file: whose data it holds, how current it is and which schema it has.';
COMMENT ON COLUMN meta.published_at IS 'When this copy of the ledger was made (UTC).';
COMMENT ON COLUMN meta.commit_number IS 'The last transaction of the ledger that this copy holds; NULL before the first.';
COMMENT ON COLUMN meta.last_commit_at IS 'When that transaction was recorded (UTC).';
COMMENT ON COLUMN meta.schema_version IS 'Number of the last schema file applied.';
COMMENT ON COLUMN meta.sources IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN meta.refreshed_at IS 'When the last refresh of balances had all answers (UTC).';
COMMENT ON COLUMN meta.lag_seconds IS 'How old the last refresh was when this copy was made, in seconds.';
