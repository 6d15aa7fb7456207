-- An account that was deleted or disabled may come back. The days in between are kept, because its
-- newest version no longer tells of them: it counts nowhere on those days, then as now.

CREATE TABLE account_absences (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    closed_on DATE NOT NULL,
    returned_on DATE NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE account_absences IS 'When accounts that came back were gone: deleted or disabled on one day, and seen open again on a later one. They count nowhere from closed_on to the day before returned_on.';
COMMENT ON COLUMN account_absences.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN account_absences.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN account_absences.account_id IS 'The account.';
COMMENT ON COLUMN account_absences.closed_on IS 'The first day, in Europe/Paris, on which the account counts nowhere.';
COMMENT ON COLUMN account_absences.returned_on IS 'The day, in Europe/Paris, on which it was seen open again: the first one on which it counts again.';
COMMENT ON COLUMN account_absences.commit_number IS 'The ledger''s transaction that recorded the return.';
COMMENT ON COLUMN account_absences.recorded_at IS 'When the return was recorded (UTC).';

-- Here the day is taken from when it was recorded, which is moments after it was seen.
INSERT INTO account_absences
SELECT tenant_id, provider, account_id, closed_before, returned_on, commit_number, recorded_at
FROM (
    SELECT
        *,
        lag(closed_on) OVER (
            PARTITION BY tenant_id, provider, account_id ORDER BY commit_number
        ) AS closed_before,
        timezone('Europe/Paris', timezone('UTC', recorded_at))::DATE AS returned_on
    FROM history.accounts
)
WHERE closed_on IS NULL AND closed_before < returned_on;
