-- The newest version of each account, and what an account that came back under a new id is now.

CREATE VIEW accounts AS
SELECT * RENAME (recorded_at AS changed_at)
FROM history.accounts
QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, account_id ORDER BY commit_number DESC) = 1;
COMMENT ON VIEW accounts IS 'The accounts, as last seen, deleted and disabled ones included.';
COMMENT ON COLUMN accounts.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN accounts.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN accounts.account_id IS 'The provider''s id of the account.';
COMMENT ON COLUMN accounts.connection_id IS 'The connection through which the account is seen.';
COMMENT ON COLUMN accounts.parent_account_id IS 'The account that this one belongs to, such as the checking account of a card.';
COMMENT ON COLUMN accounts.name IS 'What the bank or the user calls the account.';
COMMENT ON COLUMN accounts.account_type IS 'The provider''s type: checking, savings, card, loan, market and more.';
COMMENT ON COLUMN accounts.usage IS 'The provider''s word for whose money it is, such as PRIV or ORGA.';
COMMENT ON COLUMN accounts.currency IS 'ISO 4217 code, or the provider''s code of a crypto currency.';
COMMENT ON COLUMN accounts.currency_precision IS 'Decimals that the currency has.';
COMMENT ON COLUMN accounts.iban_masked IS 'The IBAN with its middle hidden; the whole is never stored.';
COMMENT ON COLUMN accounts.iban_hash IS 'Keyed hash of the IBAN, to recognise an account that came back under a new id.';
COMMENT ON COLUMN accounts.number_masked IS 'The account number with its beginning hidden.';
COMMENT ON COLUMN accounts.display IS 'Whether the user wants the account shown and counted in totals.';
COMMENT ON COLUMN accounts.disabled_at IS 'Since when the account is no longer followed (UTC).';
COMMENT ON COLUMN accounts.deleted_at IS 'Since when the account is gone at the bank (UTC).';
COMMENT ON COLUMN accounts.closed_on IS 'The earlier of both as a day in Europe/Paris: the first day on which the account counts nowhere. account_absences has such days of accounts that came back.';
COMMENT ON COLUMN accounts.error IS 'The provider''s code of what keeps this account from being updated.';
COMMENT ON COLUMN accounts.commit_number IS 'The ledger''s transaction that added this version.';
COMMENT ON COLUMN accounts.changed_at IS 'When this version was recorded (UTC).';

CREATE VIEW account_lineage AS
WITH RECURSIVE lineage AS (
    SELECT tenant_id, provider, account_id, account_id AS current_account_id, 0 AS successions
    FROM accounts
    UNION ALL
    SELECT
        lineage.tenant_id,
        lineage.provider,
        lineage.account_id,
        step.succeeded_by AS current_account_id,
        lineage.successions + 1 AS successions
    FROM lineage
    JOIN account_successions AS step
        ON step.tenant_id = lineage.tenant_id
        AND step.provider = lineage.provider
        AND step.account_id = lineage.current_account_id
        AND step.succeeded_by IS NOT NULL
)
SELECT tenant_id, provider, account_id, current_account_id, successions
FROM lineage
QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, account_id ORDER BY successions DESC) = 1;
COMMENT ON VIEW account_lineage IS 'Every account with the one that it has become: itself, unless it came back under a new id. Join balances or transactions on account_id and group by current_account_id to see one history.';
COMMENT ON COLUMN account_lineage.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN account_lineage.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN account_lineage.account_id IS 'The account under the id that it had.';
COMMENT ON COLUMN account_lineage.current_account_id IS 'The id that it has now.';
COMMENT ON COLUMN account_lineage.successions IS 'How often it came back under a new id since; 0 where this is its newest.';
