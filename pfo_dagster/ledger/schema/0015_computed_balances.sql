-- What a provider works out for days on which nobody looked. Never in `balances`: it is no
-- observation, and whoever wants both has to say so.

CREATE TABLE history.computed_balances (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    day DATE NOT NULL,
    amount DECIMAL(38, 12) NOT NULL,
    currency VARCHAR NOT NULL,
    sync_id VARCHAR NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.computed_balances IS 'Every version of every computed balance.';
COMMENT ON COLUMN syncs.kind IS 'accounts, transactions or computed balances.';
COMMENT ON COLUMN syncs.changed_records IS 'Accounts or transactions of which a version was added; accounts of which computed balances were.';
COMMENT ON COLUMN syncs.unchanged_records IS 'Accounts, transactions or computed balances that were known as they are.';
