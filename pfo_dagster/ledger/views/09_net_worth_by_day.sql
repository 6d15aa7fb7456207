-- What is owned less what is owed, by class of account.

CREATE VIEW net_worth_by_day AS
SELECT
    tenant_id,
    provider,
    day,
    currency,
    sum(amount) FILTER (asset_class = 'cash') AS cash,
    sum(amount) FILTER (asset_class = 'investments') AS investments,
    sum(amount) FILTER (asset_class = 'debts') AS debts,
    sum(amount) FILTER (asset_class IS NULL) AS other,
    sum(amount) AS net_worth,
    count(amount) AS accounts,
    count(*) - count(amount) AS accounts_unknown,
    max(age_days) AS oldest_age_days
FROM daily_balances
LEFT JOIN account_types USING (account_type)
WHERE display AND currency IS NOT NULL
GROUP BY ALL;
COMMENT ON VIEW net_worth_by_day IS 'What is owned less what is owed at the end of each day, per currency and by class of account. Currencies and providers are never added. Displayed accounts only, the last observation carried forward as in daily_balances.';
COMMENT ON COLUMN net_worth_by_day.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN net_worth_by_day.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN net_worth_by_day.day IS 'The day, in Europe/Paris.';
COMMENT ON COLUMN net_worth_by_day.currency IS 'Currency of the amounts.';
COMMENT ON COLUMN net_worth_by_day.cash IS 'Sum over accounts of the class cash, overdrafts included; NULL where none has a known amount.';
COMMENT ON COLUMN net_worth_by_day.investments IS 'Sum over accounts of the class investments; NULL where none has a known amount.';
COMMENT ON COLUMN net_worth_by_day.debts IS 'Sum over cards and loans, negative while something is owed; NULL where none has a known amount.';
COMMENT ON COLUMN net_worth_by_day.other IS 'Sum over accounts of a type that account_types does not list; NULL where none has a known amount.';
COMMENT ON COLUMN net_worth_by_day.net_worth IS 'Sum of all four; NULL where no amount is known.';
COMMENT ON COLUMN net_worth_by_day.accounts IS 'Accounts in the sum.';
COMMENT ON COLUMN net_worth_by_day.accounts_unknown IS 'Accounts of which the provider gave no amount; not in the sum.';
COMMENT ON COLUMN net_worth_by_day.oldest_age_days IS 'Age of the oldest observation that was carried forward.';
