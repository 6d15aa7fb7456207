-- The newest version of each login at a bank.

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
