-- A version is added when something changed; the views show the newest version of each record.

CREATE TABLE history.connections (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    connection_id VARCHAR NOT NULL,
    user_id VARCHAR,
    institution VARCHAR,
    state VARCHAR NOT NULL,
    state_detail VARCHAR,
    last_update TIMESTAMP,
    next_try TIMESTAMP,
    consent_expires TIMESTAMP,
    active BOOLEAN NOT NULL,
    needs_attention BOOLEAN NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.connections IS 'Every version of every connection that was ever seen.';

CREATE VIEW connections AS
SELECT * RENAME (recorded_at AS changed_at)
FROM history.connections
QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, connection_id ORDER BY commit_number DESC) = 1;
COMMENT ON VIEW connections IS 'The logins at banks, as last seen.';
COMMENT ON COLUMN connections.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN connections.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN connections.connection_id IS 'The provider''s id of the connection.';
COMMENT ON COLUMN connections.user_id IS 'The provider''s id of the user whose connection it is.';
COMMENT ON COLUMN connections.institution IS 'Name of the bank.';
COMMENT ON COLUMN connections.state IS 'ok, syncing, unavailable (the bank is down), needs_user (somebody must act) or failed.';
COMMENT ON COLUMN connections.state_detail IS 'The provider''s own word for the state.';
COMMENT ON COLUMN connections.last_update IS 'When the bank''s data last moved, as the provider says (UTC).';
COMMENT ON COLUMN connections.next_try IS 'When the provider will try again by itself (UTC).';
COMMENT ON COLUMN connections.consent_expires IS 'When the account holder must renew the consent (UTC).';
COMMENT ON COLUMN connections.active IS 'Whether the provider keeps the connection up to date.';
COMMENT ON COLUMN connections.needs_attention IS 'Whether somebody must do something before data moves again.';
COMMENT ON COLUMN connections.commit_number IS 'The ledger''s transaction that added this version.';
COMMENT ON COLUMN connections.changed_at IS 'When this version was recorded (UTC).';

CREATE TABLE history.accounts (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    connection_id VARCHAR,
    parent_account_id VARCHAR,
    name VARCHAR NOT NULL,
    account_type VARCHAR NOT NULL,
    usage VARCHAR,
    currency VARCHAR,
    currency_precision INTEGER,
    iban_masked VARCHAR,
    iban_hash VARCHAR,
    number_masked VARCHAR,
    display BOOLEAN NOT NULL,
    disabled_at TIMESTAMP,
    deleted_at TIMESTAMP,
    closed_on DATE,
    error VARCHAR,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.accounts IS 'Every version of every account that was ever seen.';

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
COMMENT ON COLUMN accounts.closed_on IS 'The earlier of both as a day in Europe/Paris: the first day on which the account counts nowhere.';
COMMENT ON COLUMN accounts.error IS 'The provider''s code of what keeps this account from being updated.';
COMMENT ON COLUMN accounts.commit_number IS 'The ledger''s transaction that added this version.';
COMMENT ON COLUMN accounts.changed_at IS 'When this version was recorded (UTC).';
