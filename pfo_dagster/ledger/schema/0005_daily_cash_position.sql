-- One row per day and currency. Each observation is valid until the next one of its account, the
-- account's end or the last day on which anything was observed: joining days to such ranges is
-- twice as fast as filling gaps with an ASOF join or a window.

CREATE VIEW daily_cash_position AS
WITH last_of_day AS (
    FROM balances
    WHERE balance_type = 'current'
    QUALIFY row_number() OVER (
        PARTITION BY tenant_id, provider, account_id, day
        ORDER BY as_of DESC, fetched_at DESC, commit_number DESC
    ) = 1
),
observed_days AS (
    SELECT tenant_id, provider, min(day) AS first_day, max(day) AS last_day
    FROM last_of_day
    GROUP BY ALL
),
days AS (
    SELECT tenant_id, provider, unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day
    FROM observed_days
),
valid AS (
    SELECT
        tenant_id,
        provider,
        coalesce(last_of_day.currency, accounts.currency) AS currency,
        last_of_day.amount,
        last_of_day.day AS observed_on,
        least(
            coalesce(lead(last_of_day.day) OVER next_observation, DATE '9999-12-31'),
            coalesce(accounts.closed_on, DATE '9999-12-31')
        ) AS valid_before
    FROM last_of_day
    JOIN accounts USING (tenant_id, provider, account_id)
    WHERE accounts.display
    WINDOW next_observation AS (PARTITION BY tenant_id, provider, account_id ORDER BY last_of_day.day)
)
SELECT
    tenant_id,
    provider,
    days.day,
    valid.currency,
    sum(valid.amount) AS amount,
    sum(valid.amount) FILTER (valid.amount > 0) AS assets,
    sum(valid.amount) FILTER (valid.amount < 0) AS debts,
    count(valid.amount) AS accounts,
    count(*) - count(valid.amount) AS accounts_unknown,
    count(valid.amount) FILTER (valid.observed_on < days.day) AS accounts_carried,
    max(days.day - valid.observed_on) AS oldest_age_days
FROM days
JOIN valid USING (tenant_id, provider)
WHERE days.day >= valid.observed_on AND days.day < valid.valid_before AND valid.currency IS NOT NULL
GROUP BY ALL;
COMMENT ON VIEW daily_cash_position IS 'Sum of the current balances at the end of each day, per currency, with the last observation carried forward: from an account''s first observation to the last day on which any account was observed, and never to the day on which the account was deleted or disabled, nor beyond. Displayed accounts only, cards and loans included; assets and debts show them apart. Providers are never mixed, so that sandbox money stays apart.';
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
