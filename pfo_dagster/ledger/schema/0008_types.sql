-- What the words in the data mean. Providers add types of accounts when they like, so the list of
-- them is open: a type that is not in it is neither asset nor debt, and its class is other.

CREATE VIEW balance_types AS
FROM (VALUES
    ('current', 'unspecified', NULL, 'The provider''s balance of the account. Powens does not say whether it is booked, closing or available.'),
    ('coming', 'stated', NULL, 'Signed sum of what the bank announced and the balance does not hold yet; not a balance.'),
    ('projected', 'inferred', 'XPCD', 'current + coming, added by us: what the balance would be if all of it were booked.')
) AS listed (balance_type, type_basis, iso_20022_code, meaning);
COMMENT ON VIEW balance_types IS 'What each type of balance is, in the terms of ISO 20022. There is no available balance: no provider gives one.';
COMMENT ON COLUMN balance_types.balance_type IS 'current, coming or projected; as in balances.';
COMMENT ON COLUMN balance_types.type_basis IS 'How it is known what the amount is: stated by the provider, unspecified by it, or inferred by us.';
COMMENT ON COLUMN balance_types.iso_20022_code IS 'Code of the type of balance in ISO 20022 (ExternalBalanceType1Code); NULL where none can be claimed.';
COMMENT ON COLUMN balance_types.meaning IS 'What the amount is.';

CREATE VIEW account_types AS
FROM (VALUES
    ('checking', 'cash', 'asset'), ('joint', 'cash', 'asset'), ('savings', 'cash', 'asset'),
    ('deposit', 'cash', 'asset'), ('livret_a', 'cash', 'asset'), ('livret_b', 'cash', 'asset'),
    ('ldds', 'cash', 'asset'), ('cel', 'cash', 'asset'), ('csl', 'cash', 'asset'),
    ('cat', 'cash', 'asset'), ('pel', 'cash', 'asset'),
    ('market', 'investments', 'asset'), ('pea', 'investments', 'asset'),
    ('pee', 'investments', 'asset'), ('per', 'investments', 'asset'),
    ('perco', 'investments', 'asset'), ('perp', 'investments', 'asset'),
    ('rsp', 'investments', 'asset'), ('madelin', 'investments', 'asset'),
    ('article83', 'investments', 'asset'), ('capitalisation', 'investments', 'asset'),
    ('lifeinsurance', 'investments', 'asset'), ('crowdlending', 'investments', 'asset'),
    ('real_estate', 'investments', 'asset'),
    ('card', 'debts', 'debt'), ('loan', 'debts', 'debt'), ('mortgage', 'debts', 'debt')
) AS listed (account_type, asset_class, normal_side);
COMMENT ON VIEW account_types IS 'What each type of account is for its holder.';
COMMENT ON COLUMN account_types.account_type IS 'The provider''s type, as in accounts.';
COMMENT ON COLUMN account_types.asset_class IS 'cash, investments or debts: the part of net_worth_by_day in which it counts.';
COMMENT ON COLUMN account_types.normal_side IS 'asset, where an amount is ordinarily positive, or debt, where it is ordinarily negative. Amounts keep the provider''s sign either way.';

CREATE OR REPLACE VIEW latest_balances AS
SELECT
    observed.* REPLACE (coalesce(observed.currency, accounts.currency) AS currency),
    accounts.name AS account_name,
    accounts.account_type,
    accounts.parent_account_id,
    connections.institution,
    observed.balance_type = 'current'
        AND accounts.display
        AND observed.amount IS NOT NULL
        AND coalesce(observed.currency, accounts.currency) IS NOT NULL AS in_totals,
    balance_types.type_basis,
    CASE observed.as_of_basis WHEN 'fetched' THEN 'unknown' ELSE 'second' END AS as_of_precision,
    account_types.normal_side
FROM (
    FROM balances
    QUALIFY row_number() OVER (
        PARTITION BY tenant_id, provider, account_id, balance_type
        ORDER BY as_of DESC, fetched_at DESC, commit_number DESC
    ) = 1
) AS observed
JOIN accounts USING (tenant_id, provider, account_id)
JOIN balance_types USING (balance_type)
LEFT JOIN account_types ON account_types.account_type = accounts.account_type
LEFT JOIN connections
    ON connections.tenant_id = observed.tenant_id
    AND connections.provider = observed.provider
    AND connections.connection_id = accounts.connection_id
WHERE accounts.deleted_at IS NULL AND accounts.disabled_at IS NULL;
COMMENT ON VIEW latest_balances IS 'The last observation per account and balance type, without deleted and disabled accounts. To add up, take the rows with in_totals, per currency: they are current balances of displayed accounts, the provider''s own rule, with cards and loans in it. Never add coming or projected balances across accounts: what a deferred-debit card owes may be in the card''s and in its parent''s.';
COMMENT ON COLUMN latest_balances.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN latest_balances.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN latest_balances.connection_id IS 'The connection through which the account was seen.';
COMMENT ON COLUMN latest_balances.account_id IS 'The account.';
COMMENT ON COLUMN latest_balances.balance_type IS 'current, coming or projected; see balances.';
COMMENT ON COLUMN latest_balances.amount IS 'In units of the currency with the provider''s sign; NULL where the provider gave none.';
COMMENT ON COLUMN latest_balances.currency IS 'The observation''s currency or, for want of one, the account''s.';
COMMENT ON COLUMN latest_balances.as_of IS 'What moment the balance is of, as the provider says (UTC).';
COMMENT ON COLUMN latest_balances.as_of_basis IS 'Where as_of comes from: account, connection or fetched.';
COMMENT ON COLUMN latest_balances.day IS 'The day of as_of in Europe/Paris.';
COMMENT ON COLUMN latest_balances.fetched_at IS 'When we asked and first got this answer (UTC).';
COMMENT ON COLUMN latest_balances.state IS 'How far to trust it: ok, stale, unavailable, needs_user or failed.';
COMMENT ON COLUMN latest_balances.request_id IS 'The provider''s id of the request that brought it.';
COMMENT ON COLUMN latest_balances.payload_hash IS 'Hash of the provider''s record that it was read from.';
COMMENT ON COLUMN latest_balances.refresh_id IS 'The refresh that added it.';
COMMENT ON COLUMN latest_balances.run_id IS 'The run that added it.';
COMMENT ON COLUMN latest_balances.commit_number IS 'The ledger''s transaction that added it.';
COMMENT ON COLUMN latest_balances.recorded_at IS 'When it was recorded (UTC).';
COMMENT ON COLUMN latest_balances.account_name IS 'What the bank or the user calls the account.';
COMMENT ON COLUMN latest_balances.account_type IS 'The provider''s type: checking, savings, card, loan, market and more.';
COMMENT ON COLUMN latest_balances.parent_account_id IS 'The account that this one belongs to, such as the checking account of a card.';
COMMENT ON COLUMN latest_balances.institution IS 'Name of the bank.';
COMMENT ON COLUMN latest_balances.in_totals IS 'Whether the amount is part of daily_cash_position on the last day.';
COMMENT ON COLUMN latest_balances.type_basis IS 'How it is known what the amount is: stated, unspecified or inferred; see balance_types.';
COMMENT ON COLUMN latest_balances.as_of_precision IS 'second, as the provider writes it; unknown where as_of is only the moment we asked.';
COMMENT ON COLUMN latest_balances.normal_side IS 'asset or debt, by the type of the account; NULL for a type that account_types does not list.';
