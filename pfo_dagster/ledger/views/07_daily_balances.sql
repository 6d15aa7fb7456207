-- Every day of every account. An observation is valid until the next one of its account; one that
-- was replaced on the same day is valid on no day. So a single window does, and each range is
-- unrolled into its days.

CREATE VIEW history.days_absent AS
SELECT tenant_id, provider, account_id, list(DISTINCT day) AS days
FROM (
    SELECT *, unnest(range(closed_on, returned_on, INTERVAL 1 DAY))::DATE AS day
    FROM account_absences
)
GROUP BY ALL;
COMMENT ON VIEW history.days_absent IS 'All days on which accounts that came back were gone.';

CREATE VIEW daily_balances AS
WITH observed AS (
    SELECT
        *,
        lead(day) OVER (
            PARTITION BY tenant_id, provider, account_id ORDER BY as_of, fetched_at, commit_number
        ) AS next_day
    FROM balances
    WHERE balance_type = 'current'
),
last_days AS (
    SELECT tenant_id, provider, max(day) AS last_day
    FROM balances
    WHERE balance_type = 'current'
    GROUP BY ALL
),
known_accounts AS (
    SELECT accounts.*, days_absent.days AS absent
    FROM accounts
    LEFT JOIN history.days_absent USING (tenant_id, provider, account_id)
),
carried AS (
    SELECT
        observed.* REPLACE (coalesce(observed.currency, accounts.currency) AS currency),
        accounts.account_type,
        accounts.display,
        range(least(next_day, closed_on, last_day + 1) - observed.day) AS ages,
        unnest(
            CASE
                WHEN absent IS NULL THEN ages
                ELSE list_filter(ages, lambda age: NOT list_contains(absent, observed.day + age::INTEGER))
            END
        )::INTEGER AS age_days
    FROM observed
    JOIN last_days USING (tenant_id, provider)
    JOIN known_accounts AS accounts USING (tenant_id, provider, account_id)
)
SELECT
    tenant_id,
    provider,
    day + age_days AS day,
    account_id,
    account_type,
    display,
    currency,
    amount,
    day AS observed_on,
    age_days::BIGINT AS age_days,
    commit_number
FROM carried;
COMMENT ON VIEW daily_balances IS 'The current balance of each account at the end of each day, the last observation carried forward: from the account''s first observation to the last day on which any account was observed, and never to the day on which the account was deleted or disabled, nor beyond until it came back (account_absences). To add up, take the rows with display, per currency.';
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

CREATE MACRO daily_balances_between(first_day, last_day) AS TABLE
WITH before AS (
    FROM balances
    WHERE balance_type = 'current' AND day < first_day
    QUALIFY row_number() OVER (
        PARTITION BY tenant_id, provider, account_id
        ORDER BY (as_of, fetched_at, commit_number) DESC
    ) = 1
),
observed AS (
    SELECT
        *,
        lead(day) OVER (
            PARTITION BY tenant_id, provider, account_id ORDER BY as_of, fetched_at, commit_number
        ) AS next_day
    FROM (
        FROM before
        UNION ALL
        FROM balances WHERE balance_type = 'current' AND day BETWEEN first_day AND last_day
    )
),
last_days AS (
    SELECT tenant_id, provider, max(day) AS last_observed
    FROM balances
    WHERE balance_type = 'current'
    GROUP BY ALL
),
known_accounts AS (
    SELECT accounts.*, days_absent.days AS absent
    FROM accounts
    LEFT JOIN history.days_absent USING (tenant_id, provider, account_id)
),
carried AS (
    SELECT
        observed.* REPLACE (coalesce(observed.currency, accounts.currency) AS currency),
        accounts.account_type,
        accounts.display,
        accounts.absent,
        greatest(observed.day, first_day::DATE) AS starts,
        least(next_day, closed_on, last_observed + 1, last_day::DATE + 1) AS ends
    FROM observed
    JOIN last_days USING (tenant_id, provider)
    JOIN known_accounts AS accounts USING (tenant_id, provider, account_id)
),
unrolled AS (
    SELECT
        *,
        range(ends - starts) AS numbers,
        unnest(
            CASE
                WHEN absent IS NULL THEN numbers
                ELSE list_filter(numbers, lambda number: NOT list_contains(absent, starts + number::INTEGER))
            END
        )::INTEGER AS number
    FROM carried
)
SELECT
    tenant_id,
    provider,
    starts + number AS day,
    account_id,
    account_type,
    display,
    currency,
    amount,
    day AS observed_on,
    starts + number - day AS age_days,
    commit_number
FROM unrolled;
COMMENT ON MACRO TABLE daily_balances_between IS 'daily_balances_between(first_day, last_day): daily_balances from one day to another, both included, without the work for the days before; columns as in daily_balances.';
