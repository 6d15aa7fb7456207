-- The same views, fast on 18 million observations (measured in benchmarks/). DuckDB turns "the newest
-- row of each group" into one hash aggregate if it is ordered by one key, hence the row (as_of,
-- fetched_at, commit_number); by three keys it sorts the whole table.

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
        ORDER BY (as_of, fetched_at, commit_number) DESC
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

CREATE OR REPLACE MACRO balances_at(on_day, known_at := NULL) AS TABLE
WITH known AS (
    SELECT max(commit_number) AS last_commit
    FROM history.commits
    WHERE known_at IS NULL OR committed_at <= known_at
),
known_accounts AS (
    FROM history.accounts
    WHERE commit_number <= (SELECT last_commit FROM known)
    QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, account_id ORDER BY commit_number DESC) = 1
),
known_connections AS (
    FROM history.connections
    WHERE commit_number <= (SELECT last_commit FROM known)
    QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, connection_id ORDER BY commit_number DESC) = 1
),
observed AS (
    FROM balances
    WHERE commit_number <= (SELECT last_commit FROM known) AND (on_day IS NULL OR day <= on_day)
    QUALIFY row_number() OVER (
        PARTITION BY tenant_id, provider, account_id, balance_type
        ORDER BY (as_of, fetched_at, commit_number) DESC
    ) = 1
)
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
FROM observed
JOIN known_accounts AS accounts USING (tenant_id, provider, account_id)
JOIN balance_types USING (balance_type)
LEFT JOIN account_types ON account_types.account_type = accounts.account_type
LEFT JOIN known_connections AS connections
    ON connections.tenant_id = observed.tenant_id
    AND connections.provider = observed.provider
    AND connections.connection_id = accounts.connection_id
WHERE accounts.closed_on IS NULL OR accounts.closed_on > on_day;
COMMENT ON MACRO TABLE balances_at IS 'balances_at(day): the last observation per account and balance type up to the end of a day in Europe/Paris, without accounts that were deleted or disabled by then; columns as in latest_balances. balances_at(day, known_at := instant) leaves out what was recorded after an instant (UTC); without a day (NULL) it is the latest of all.';

-- An observation is valid until the next one of its account; one that was replaced on the same day
-- is valid on no day. So a single window does, and each range is unrolled into its days.
CREATE OR REPLACE VIEW daily_balances AS
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
carried AS (
    SELECT
        observed.* REPLACE (coalesce(observed.currency, accounts.currency) AS currency),
        accounts.account_type,
        accounts.display,
        unnest(range(least(next_day, closed_on, last_day + 1) - observed.day))::INTEGER AS age_days
    FROM observed
    JOIN last_days USING (tenant_id, provider)
    JOIN accounts USING (tenant_id, provider, account_id)
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
carried AS (
    SELECT
        observed.* REPLACE (coalesce(observed.currency, accounts.currency) AS currency),
        accounts.account_type,
        accounts.display,
        greatest(observed.day, first_day::DATE) AS starts,
        unnest(
            range(
                least(next_day, closed_on, last_observed + 1, last_day::DATE + 1)
                - greatest(observed.day, first_day::DATE)
            )
        )::INTEGER AS number
    FROM observed
    JOIN last_days USING (tenant_id, provider)
    JOIN accounts USING (tenant_id, provider, account_id)
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
FROM carried;
COMMENT ON MACRO TABLE daily_balances_between IS 'daily_balances_between(first_day, last_day): daily_balances from one day to another, both included, without the work for the days before; columns as in daily_balances.';
