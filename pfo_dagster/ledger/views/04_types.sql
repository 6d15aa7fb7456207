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
