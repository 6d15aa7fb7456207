-- Observations of balances.
-- No primary key and no index: a key makes loads 2.3 times slower, and uniqueness is the writer's
-- comparison with what was recorded last.

CREATE TABLE balances (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    connection_id VARCHAR,
    account_id VARCHAR NOT NULL,
    balance_type VARCHAR NOT NULL CHECK (balance_type IN ('current', 'coming', 'projected')),
    amount DECIMAL(38, 12),
    currency VARCHAR,
    as_of TIMESTAMP NOT NULL,
    as_of_basis VARCHAR NOT NULL CHECK (as_of_basis IN ('account', 'connection', 'fetched')),
    day DATE NOT NULL,
    fetched_at TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL,
    request_id VARCHAR,
    payload_hash VARCHAR,
    refresh_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE balances IS 'Every observation of a balance. Rows are only ever added, and only where the provider said something new.';
COMMENT ON COLUMN balances.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN balances.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN balances.connection_id IS 'The connection through which the account was seen.';
COMMENT ON COLUMN balances.account_id IS 'The account.';
COMMENT ON COLUMN balances.balance_type IS 'current (which of the bank''s balances is unspecified), coming (signed sum of what is not in it yet) or projected (both added; inferred).';
COMMENT ON COLUMN balances.amount IS 'In units of the currency with the provider''s sign; NULL where the provider gave none, which is not zero.';
COMMENT ON COLUMN balances.currency IS 'ISO 4217 code, or the provider''s code of a crypto currency.';
COMMENT ON COLUMN balances.as_of IS 'What moment the balance is of, as the provider says (UTC).';
COMMENT ON COLUMN balances.as_of_basis IS 'Where as_of comes from: the account''s or the connection''s last update, or, for want of both, the moment we asked.';
COMMENT ON COLUMN balances.day IS 'The day of as_of in Europe/Paris.';
COMMENT ON COLUMN balances.fetched_at IS 'When we asked and first got this answer (UTC).';
COMMENT ON COLUMN balances.state IS 'How far to trust it: ok, stale, unavailable, needs_user or failed.';
COMMENT ON COLUMN balances.request_id IS 'The provider''s id of the request that brought it.';
COMMENT ON COLUMN balances.payload_hash IS 'Hash of the provider''s record that it was read from.';
COMMENT ON COLUMN balances.refresh_id IS 'The refresh that added it; see refreshes for workflow and step.';
COMMENT ON COLUMN balances.run_id IS 'The run that added it.';
COMMENT ON COLUMN balances.commit_number IS 'The ledger''s transaction that added it.';
COMMENT ON COLUMN balances.recorded_at IS 'When it was recorded (UTC).';
