-- Banks' accounts come back under new ids. Who continued whom is kept beside the accounts; the
-- account that was continued gets a last version with its end, so that every view counts one.

CREATE TABLE account_successions (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    succeeded_by VARCHAR,
    recognised_by VARCHAR NOT NULL CHECK (recognised_by IN ('iban', 'connection, type and name')),
    candidates VARCHAR[] NOT NULL,
    since DATE,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE account_successions IS 'Accounts that went away and seem to have come back under a new id. Where it is not clear which one continues which, succeeded_by is NULL, nothing is joined, and somebody should look.';
COMMENT ON COLUMN account_successions.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN account_successions.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN account_successions.account_id IS 'The account that went away.';
COMMENT ON COLUMN account_successions.succeeded_by IS 'The account that continues it; NULL where several could.';
COMMENT ON COLUMN account_successions.recognised_by IS 'What both have in common: the keyed hash of the IBAN, or, for want of an IBAN, connection, type and name.';
COMMENT ON COLUMN account_successions.candidates IS 'The accounts that could continue it.';
COMMENT ON COLUMN account_successions.since IS 'The first day, in Europe/Paris, on which the successor counts in its place; NULL where it is not clear which one it is.';
COMMENT ON COLUMN account_successions.commit_number IS 'The ledger''s transaction that recorded it.';
COMMENT ON COLUMN account_successions.recorded_at IS 'When it was recorded (UTC).';
