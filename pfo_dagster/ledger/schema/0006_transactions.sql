-- Account lists and transactions as synced outside of a refresh of balances.

CREATE TABLE syncs (
    sync_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    step_id VARCHAR,
    workflow_key VARCHAR,
    workflow_version VARCHAR,
    workflow_digest VARCHAR,
    attempt INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP NOT NULL,
    full_listing BOOLEAN NOT NULL,
    changed_records VARCHAR[] NOT NULL,
    unchanged_records INTEGER NOT NULL,
    vanished_records VARCHAR[] NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE syncs IS 'One row per sync of accounts or transactions, also when nothing had changed.';
COMMENT ON COLUMN syncs.sync_id IS 'Id of the sync; recording the same id again changes nothing.';
COMMENT ON COLUMN syncs.kind IS 'accounts or transactions.';
COMMENT ON COLUMN syncs.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN syncs.provider IS 'Who was asked: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN syncs.run_id IS 'The run that asked.';
COMMENT ON COLUMN syncs.step_id IS 'The workflow''s step that asked.';
COMMENT ON COLUMN syncs.workflow_key IS 'Key of the workflow spec.';
COMMENT ON COLUMN syncs.workflow_version IS 'Version of the workflow spec.';
COMMENT ON COLUMN syncs.workflow_digest IS 'Hash of the workflow spec as it was run.';
COMMENT ON COLUMN syncs.attempt IS 'Which attempt of the step this was, from 1.';
COMMENT ON COLUMN syncs.started_at IS 'When the step began (UTC).';
COMMENT ON COLUMN syncs.finished_at IS 'When the provider had answered everything (UTC).';
COMMENT ON COLUMN syncs.full_listing IS 'Whether the provider listed everything, so that a missing record is missed.';
COMMENT ON COLUMN syncs.changed_records IS 'Accounts or transactions of which a version was added.';
COMMENT ON COLUMN syncs.unchanged_records IS 'Accounts or transactions that were known as they are.';
COMMENT ON COLUMN syncs.vanished_records IS 'Known accounts, not deleted, that the provider no longer listed.';
COMMENT ON COLUMN syncs.commit_number IS 'The ledger''s transaction that recorded the sync.';
COMMENT ON COLUMN syncs.recorded_at IS 'When the sync was recorded (UTC).';

CREATE TABLE history.transactions (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    transaction_id VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    booked_on DATE NOT NULL,
    realised_on DATE,
    value DECIMAL(38, 12),
    original_value DECIMAL(38, 12),
    original_currency VARCHAR,
    transaction_type VARCHAR NOT NULL,
    wording VARCHAR NOT NULL,
    coming BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    last_update TIMESTAMP,
    deleted_at TIMESTAMP,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.transactions IS 'Every version of every transaction that was ever seen.';
