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

CREATE VIEW history.current_transactions AS
FROM history.transactions
QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, transaction_id ORDER BY commit_number DESC) = 1;
COMMENT ON VIEW history.current_transactions IS 'The newest version of each transaction, deleted ones included.';

CREATE VIEW transactions AS
SELECT * EXCLUDE (deleted_at) RENAME (recorded_at AS changed_at)
FROM history.current_transactions
WHERE deleted_at IS NULL;
COMMENT ON VIEW transactions IS 'The transactions, as last seen, without deleted ones.';
COMMENT ON COLUMN transactions.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN transactions.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN transactions.transaction_id IS 'The provider''s id of the transaction.';
COMMENT ON COLUMN transactions.account_id IS 'The account.';
COMMENT ON COLUMN transactions.booked_on IS 'The bank''s date of the transaction, never shifted.';
COMMENT ON COLUMN transactions.realised_on IS 'The date on which it was made, as for a card payment.';
COMMENT ON COLUMN transactions.value IS 'In units of the account''s currency; negative for a debit.';
COMMENT ON COLUMN transactions.original_value IS 'In units of original_currency, where it was made in another one.';
COMMENT ON COLUMN transactions.original_currency IS 'The currency it was made in.';
COMMENT ON COLUMN transactions.transaction_type IS 'The provider''s type: transfer, card, withdrawal and more.';
COMMENT ON COLUMN transactions.wording IS 'What the bank says it is.';
COMMENT ON COLUMN transactions.coming IS 'Whether it is announced but not booked yet.';
COMMENT ON COLUMN transactions.active IS 'Whether the provider counts it.';
COMMENT ON COLUMN transactions.last_update IS 'When the provider last touched it (UTC).';
COMMENT ON COLUMN transactions.commit_number IS 'The ledger''s transaction that added this version.';
COMMENT ON COLUMN transactions.changed_at IS 'When this version was recorded (UTC).';

CREATE VIEW cash_flow_by_type AS
SELECT
    transactions.tenant_id,
    transactions.provider,
    transactions.booked_on AS day,
    accounts.currency,
    transactions.transaction_type,
    coalesce(sum(transactions.value) FILTER (transactions.value > 0), 0)::DECIMAL(38, 12) AS inflow,
    coalesce(sum(transactions.value) FILTER (transactions.value < 0), 0)::DECIMAL(38, 12) AS outflow,
    sum(transactions.value) AS net,
    count(*) AS transactions
FROM transactions
JOIN accounts USING (tenant_id, provider, account_id)
WHERE transactions.active
    AND NOT transactions.coming
    AND transactions.value IS NOT NULL
    AND accounts.display
    AND accounts.currency IS NOT NULL
    AND NOT (
        transactions.transaction_type = 'summary_card'
        AND EXISTS (
            FROM accounts AS card
            WHERE card.tenant_id = transactions.tenant_id
                AND card.provider = transactions.provider
                AND card.parent_account_id = transactions.account_id
        )
    )
GROUP BY ALL;
COMMENT ON VIEW cash_flow_by_type IS 'What was booked per day, currency and type on displayed accounts. Left out: announced rows, rows that the provider does not count, and summary_card rows of accounts whose card is followed by itself, because they repeat the card''s rows. Transfers between one''s own accounts are in both inflow and outflow.';
COMMENT ON COLUMN cash_flow_by_type.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN cash_flow_by_type.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN cash_flow_by_type.day IS 'The bank''s date of the transactions.';
COMMENT ON COLUMN cash_flow_by_type.currency IS 'Currency of the accounts.';
COMMENT ON COLUMN cash_flow_by_type.transaction_type IS 'The provider''s type: transfer, card, withdrawal and more.';
COMMENT ON COLUMN cash_flow_by_type.inflow IS 'Sum of the credits.';
COMMENT ON COLUMN cash_flow_by_type.outflow IS 'Sum of the debits; zero or negative.';
COMMENT ON COLUMN cash_flow_by_type.net IS 'inflow + outflow.';
COMMENT ON COLUMN cash_flow_by_type.transactions IS 'Transactions in the sums.';

CREATE VIEW cash_flow AS
SELECT
    tenant_id,
    provider,
    day,
    currency,
    sum(inflow) AS inflow,
    sum(outflow) AS outflow,
    sum(net) AS net,
    sum(transactions)::BIGINT AS transactions
FROM cash_flow_by_type
GROUP BY ALL;
COMMENT ON VIEW cash_flow IS 'What was booked per day and currency; cash_flow_by_type says what is left out.';
COMMENT ON COLUMN cash_flow.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN cash_flow.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN cash_flow.day IS 'The bank''s date of the transactions.';
COMMENT ON COLUMN cash_flow.currency IS 'Currency of the accounts.';
COMMENT ON COLUMN cash_flow.inflow IS 'Sum of the credits.';
COMMENT ON COLUMN cash_flow.outflow IS 'Sum of the debits; zero or negative.';
COMMENT ON COLUMN cash_flow.net IS 'inflow + outflow.';
COMMENT ON COLUMN cash_flow.transactions IS 'Transactions in the sums.';
