-- The newest version of each transaction.

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
