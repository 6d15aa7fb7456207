-- Every day of every account, and what is added up from it.

CREATE VIEW daily_balances AS
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
        account_id,
        accounts.account_type,
        accounts.display,
        coalesce(last_of_day.currency, accounts.currency) AS currency,
        last_of_day.amount,
        last_of_day.day AS observed_on,
        last_of_day.commit_number,
        least(
            coalesce(lead(last_of_day.day) OVER next_observation, DATE '9999-12-31'),
            coalesce(accounts.closed_on, DATE '9999-12-31')
        ) AS valid_before
    FROM last_of_day
    JOIN accounts USING (tenant_id, provider, account_id)
    WINDOW next_observation AS (PARTITION BY tenant_id, provider, account_id ORDER BY last_of_day.day)
)
SELECT
    tenant_id,
    provider,
    days.day,
    valid.account_id,
    valid.account_type,
    valid.display,
    valid.currency,
    valid.amount,
    valid.observed_on,
    days.day - valid.observed_on AS age_days,
    valid.commit_number
FROM days
JOIN valid USING (tenant_id, provider)
WHERE days.day >= valid.observed_on AND days.day < valid.valid_before;
COMMENT ON VIEW daily_balances IS 'The current balance of each account at the end of each day, the last observation carried forward: from the account''s first observation to the last day on which any account was observed, and never to the day on which the account was deleted or disabled, nor beyond. To add up, take the rows with display, per currency.';
COMMENT ON COLUMN daily_balances.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN daily_balances.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN daily_balances.day IS 'The day, in Europe/Paris.';
COMMENT ON COLUMN daily_balances.account_id IS 'The account.';
COMMENT ON COLUMN daily_balances.account_type IS 'The provider''s type: checking, savings, card, loan, market and more.';
COMMENT ON COLUMN daily_balances.display IS 'Whether the user wants the account shown and counted in totals.';
COMMENT ON COLUMN daily_balances.currency IS 'The observation''s currency or, for want of one, the account''s.';
COMMENT ON COLUMN daily_balances.amount IS 'In units of the currency with the provider''s sign; NULL where the provider gave none.';
COMMENT ON COLUMN daily_balances.observed_on IS 'The day of the observation that was carried forward to this day.';
COMMENT ON COLUMN daily_balances.age_days IS 'How many days it was carried; 0 where it is of the day itself.';
COMMENT ON COLUMN daily_balances.commit_number IS 'The ledger''s transaction that added the observation.';

CREATE OR REPLACE VIEW daily_cash_position AS
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
