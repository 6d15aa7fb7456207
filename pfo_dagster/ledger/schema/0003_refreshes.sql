-- What each run did and decided. These rows are added once and never change.

CREATE TABLE refreshes (
    refresh_id VARCHAR NOT NULL,
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
    new_balances INTEGER NOT NULL,
    unchanged_balances INTEGER NOT NULL,
    failed_connections INTEGER NOT NULL,
    changed_accounts VARCHAR[] NOT NULL,
    changed_connections VARCHAR[] NOT NULL,
    vanished_accounts VARCHAR[] NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE refreshes IS 'One row per refresh of balances, also when nothing had changed.';
COMMENT ON COLUMN refreshes.refresh_id IS 'Id of the refresh; recording the same id again changes nothing.';
COMMENT ON COLUMN refreshes.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN refreshes.provider IS 'Who was asked: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN refreshes.run_id IS 'The run that asked.';
COMMENT ON COLUMN refreshes.step_id IS 'The workflow''s step that asked.';
COMMENT ON COLUMN refreshes.workflow_key IS 'Key of the workflow spec.';
COMMENT ON COLUMN refreshes.workflow_version IS 'Version of the workflow spec.';
COMMENT ON COLUMN refreshes.workflow_digest IS 'Hash of the workflow spec as it was run.';
COMMENT ON COLUMN refreshes.attempt IS 'Which attempt of the step this was, from 1.';
COMMENT ON COLUMN refreshes.started_at IS 'When the step began (UTC).';
COMMENT ON COLUMN refreshes.finished_at IS 'When the provider had answered everything (UTC).';
COMMENT ON COLUMN refreshes.full_listing IS 'Whether the provider listed all accounts, so that a missing one is missed.';
COMMENT ON COLUMN refreshes.new_balances IS 'Observations that this refresh added.';
COMMENT ON COLUMN refreshes.unchanged_balances IS 'Observations that were known already.';
COMMENT ON COLUMN refreshes.failed_connections IS 'Connections whose data could not be refreshed.';
COMMENT ON COLUMN refreshes.changed_accounts IS 'Accounts of which a new version was added.';
COMMENT ON COLUMN refreshes.changed_connections IS 'Connections of which a new version was added.';
COMMENT ON COLUMN refreshes.vanished_accounts IS 'Known accounts, not deleted, that the provider no longer listed.';
COMMENT ON COLUMN refreshes.commit_number IS 'The ledger''s transaction that recorded the refresh.';
COMMENT ON COLUMN refreshes.recorded_at IS 'When the refresh was recorded (UTC).';

CREATE TABLE refresh_accounts (
    refresh_id VARCHAR NOT NULL,
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    reason VARCHAR,
    commit_number BIGINT NOT NULL
);
COMMENT ON TABLE refresh_accounts IS 'What a refresh came to for each account.';
COMMENT ON COLUMN refresh_accounts.refresh_id IS 'The refresh.';
COMMENT ON COLUMN refresh_accounts.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN refresh_accounts.provider IS 'Who was asked.';
COMMENT ON COLUMN refresh_accounts.account_id IS 'The account.';
COMMENT ON COLUMN refresh_accounts.outcome IS 'observed, or excused: no observation was to be had, for the reason given.';
COMMENT ON COLUMN refresh_accounts.reason IS 'Why the account was excused, or what is odd about the observation.';
COMMENT ON COLUMN refresh_accounts.commit_number IS 'The ledger''s transaction that recorded it.';

CREATE TABLE refresh_connections (
    refresh_id VARCHAR NOT NULL,
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    connection_id VARCHAR NOT NULL,
    decision VARCHAR NOT NULL,
    reason VARCHAR,
    failed BOOLEAN NOT NULL,
    commit_number BIGINT NOT NULL
);
COMMENT ON TABLE refresh_connections IS 'What a refresh decided to do about each connection, and why.';
COMMENT ON COLUMN refresh_connections.refresh_id IS 'The refresh.';
COMMENT ON COLUMN refresh_connections.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN refresh_connections.provider IS 'Who was asked.';
COMMENT ON COLUMN refresh_connections.connection_id IS 'The connection.';
COMMENT ON COLUMN refresh_connections.decision IS 'read (what the provider had), forced (the bank was asked) or skipped.';
COMMENT ON COLUMN refresh_connections.reason IS 'Why.';
COMMENT ON COLUMN refresh_connections.failed IS 'Whether the connection''s data could not be refreshed.';
COMMENT ON COLUMN refresh_connections.commit_number IS 'The ledger''s transaction that recorded it.';

CREATE TABLE provider_totals (
    refresh_id VARCHAR NOT NULL,
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    amount DECIMAL(38, 12),
    commit_number BIGINT NOT NULL
);
COMMENT ON TABLE provider_totals IS 'The provider''s own totals per currency at a refresh: to check ours against, not to show.';
COMMENT ON COLUMN provider_totals.refresh_id IS 'The refresh.';
COMMENT ON COLUMN provider_totals.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN provider_totals.provider IS 'Whose total it is.';
COMMENT ON COLUMN provider_totals.currency IS 'Currency of the total.';
COMMENT ON COLUMN provider_totals.amount IS 'The total in units of the currency; NULL where the provider gives none.';
COMMENT ON COLUMN provider_totals.commit_number IS 'The ledger''s transaction that recorded it.';

CREATE TABLE rejected (
    source_id VARCHAR NOT NULL,
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    relation VARCHAR NOT NULL,
    record_id VARCHAR,
    reason VARCHAR NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE rejected IS 'Rows of a provider''s answer that could not be trusted and were left out.';
COMMENT ON COLUMN rejected.source_id IS 'The refresh or sync that met the row.';
COMMENT ON COLUMN rejected.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN rejected.provider IS 'Who sent the row.';
COMMENT ON COLUMN rejected.relation IS 'What it would have become: accounts, connections, balances or transactions.';
COMMENT ON COLUMN rejected.record_id IS 'The provider''s id of the row, if it has one.';
COMMENT ON COLUMN rejected.reason IS 'What is wrong with it.';
COMMENT ON COLUMN rejected.commit_number IS 'The ledger''s transaction that recorded it.';
COMMENT ON COLUMN rejected.recorded_at IS 'When it was recorded (UTC).';

CREATE TABLE sync_attempts (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    connection_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    attempted_at TIMESTAMP NOT NULL,
    commit_number BIGINT NOT NULL
);
COMMENT ON TABLE sync_attempts IS 'Every time a bank was asked for new data, recorded before it was asked: a scarce right.';
COMMENT ON COLUMN sync_attempts.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN sync_attempts.provider IS 'Who was asked to sync.';
COMMENT ON COLUMN sync_attempts.connection_id IS 'The connection to sync.';
COMMENT ON COLUMN sync_attempts.run_id IS 'The run that asked.';
COMMENT ON COLUMN sync_attempts.attempted_at IS 'When (UTC).';
COMMENT ON COLUMN sync_attempts.commit_number IS 'The ledger''s transaction that recorded it.';
