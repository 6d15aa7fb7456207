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
