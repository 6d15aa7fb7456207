-- The cash position of some days without reading all others: a refresh changes the last month, and
-- Parquet files are made by month.

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
