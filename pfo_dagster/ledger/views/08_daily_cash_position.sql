-- What all accounts add up to per day and currency. Parquet files are made by month, and a refresh
-- changes the last one: hence the macro beside the view.

CREATE VIEW daily_cash_position AS
SELECT
    tenant_id,
    provider,
    day,
    currency,
    sum(amount) AS amount,
    sum(amount) FILTER (amount > 0) AS assets,
    sum(amount) FILTER (amount < 0) AS debts,
    count(amount) AS accounts,
    count(*) - count(amount) AS accounts_unknown,
    count(amount) FILTER (age_days > 0) AS accounts_carried,
    max(age_days) AS oldest_age_days
FROM daily_balances
WHERE display AND currency IS NOT NULL
GROUP BY ALL;
COMMENT ON VIEW daily_cash_position IS 'Sum of the current balances at the end of each day, per currency, with the last observation carried forward: from an account''s first observation to the last day on which any account was observed, and never to the day on which the account was deleted or disabled, nor beyond until it came back (account_absences). Displayed accounts only, cards and loans included; assets and debts show them apart. Providers are never mixed, so that sandbox money stays apart.';
COMMENT ON COLUMN daily_cash_position.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN daily_cash_position.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN daily_cash_position.day IS 'The day, in Europe/Paris.';
COMMENT ON COLUMN daily_cash_position.currency IS 'Currency of the amounts.';
COMMENT ON COLUMN daily_cash_position.amount IS 'Sum of the known balances in units of the currency; NULL where none is known.';
COMMENT ON COLUMN daily_cash_position.assets IS 'The positive part of the amount.';
COMMENT ON COLUMN daily_cash_position.debts IS 'The negative part of the amount.';
COMMENT ON COLUMN daily_cash_position.accounts IS 'Accounts in the sum.';
COMMENT ON COLUMN daily_cash_position.accounts_unknown IS 'Accounts of which the provider gave no amount; not in the sum.';
COMMENT ON COLUMN daily_cash_position.accounts_carried IS 'Accounts in the sum whose balance is of an earlier day.';
COMMENT ON COLUMN daily_cash_position.oldest_age_days IS 'Age of the oldest observation that was carried forward.';

CREATE MACRO daily_cash_position_between(first_day, last_day) AS TABLE
SELECT
    tenant_id,
    provider,
    day,
    currency,
    sum(amount) AS amount,
    sum(amount) FILTER (amount > 0) AS assets,
    sum(amount) FILTER (amount < 0) AS debts,
    count(amount) AS accounts,
    count(*) - count(amount) AS accounts_unknown,
    count(amount) FILTER (age_days > 0) AS accounts_carried,
    max(age_days) AS oldest_age_days
FROM daily_balances_between(first_day, last_day)
WHERE display AND currency IS NOT NULL
GROUP BY ALL;
COMMENT ON MACRO TABLE daily_cash_position_between IS 'daily_cash_position_between(first_day, last_day): daily_cash_position from one day to another, both included, without the work for the other days; columns as in daily_cash_position.';
