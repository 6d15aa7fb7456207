-- An account that was deleted or disabled may come back. The days in between are kept, because its
-- newest version no longer tells of them: it counts nowhere on those days, then as now.

CREATE TABLE account_absences (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    closed_on DATE NOT NULL,
    returned_on DATE NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE account_absences IS 'When accounts that came back were gone: deleted or disabled on one day, and seen open again on a later one. They count nowhere from closed_on to the day before returned_on.';
COMMENT ON COLUMN account_absences.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN account_absences.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN account_absences.account_id IS 'The account.';
COMMENT ON COLUMN account_absences.closed_on IS 'The first day, in Europe/Paris, on which the account counts nowhere.';
COMMENT ON COLUMN account_absences.returned_on IS 'The day, in Europe/Paris, on which it was seen open again: the first one on which it counts again.';
COMMENT ON COLUMN account_absences.commit_number IS 'The ledger''s transaction that recorded the return.';
COMMENT ON COLUMN account_absences.recorded_at IS 'When the return was recorded (UTC).';

-- Here the day is taken from when it was recorded, which is moments after it was seen.
INSERT INTO account_absences
SELECT tenant_id, provider, account_id, closed_before, returned_on, commit_number, recorded_at
FROM (
    SELECT
        *,
        lag(closed_on) OVER (
            PARTITION BY tenant_id, provider, account_id ORDER BY commit_number
        ) AS closed_before,
        timezone('Europe/Paris', timezone('UTC', recorded_at))::DATE AS returned_on
    FROM history.accounts
)
WHERE closed_on IS NULL AND closed_before < returned_on;

CREATE VIEW history.days_absent AS
SELECT tenant_id, provider, account_id, list(DISTINCT day) AS days
FROM (
    SELECT *, unnest(range(closed_on, returned_on, INTERVAL 1 DAY))::DATE AS day
    FROM account_absences
)
GROUP BY ALL;
COMMENT ON VIEW history.days_absent IS 'All days on which accounts that came back were gone.';

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
    SELECT
        *,
        max(as_of) FILTER (balance_type = 'current') OVER (
            PARTITION BY tenant_id, provider, account_id
        ) AS current_as_of
    FROM (
        FROM balances
        WHERE commit_number <= (SELECT last_commit FROM known) AND (on_day IS NULL OR day <= on_day)
        QUALIFY row_number() OVER (
            PARTITION BY tenant_id, provider, account_id, balance_type
            ORDER BY (as_of, fetched_at, commit_number) DESC
        ) = 1
    )
)
SELECT
    observed.* EXCLUDE (current_as_of) REPLACE (coalesce(observed.currency, accounts.currency) AS currency),
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
ANTI JOIN (
    FROM account_absences
    WHERE commit_number <= (SELECT last_commit FROM known)
        AND closed_on <= on_day AND returned_on > on_day
) AS absent
    ON absent.tenant_id = observed.tenant_id
    AND absent.provider = observed.provider
    AND absent.account_id = observed.account_id
WHERE (accounts.closed_on IS NULL OR accounts.closed_on > on_day)
    AND (
        observed.balance_type = 'current'
        OR observed.as_of_basis = 'fetched'
        OR observed.current_as_of IS NULL
        OR observed.as_of >= observed.current_as_of
    );
COMMENT ON MACRO TABLE balances_at IS 'balances_at(day): the last observation per account and balance type up to the end of a day in Europe/Paris, without accounts that were deleted or disabled then, even if they came back later; columns and rows left out as in latest_balances. balances_at(day, known_at := instant) leaves out what was recorded after an instant (UTC); without a day (NULL) it is the latest of all.';

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

CREATE OR REPLACE MACRO daily_balances_between(first_day, last_day) AS TABLE
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
COMMENT ON VIEW daily_cash_position IS 'Sum of the current balances at the end of each day, per currency, with the last observation carried forward: from an account''s first observation to the last day on which any account was observed, and never to the day on which the account was deleted or disabled, nor beyond until it came back (account_absences). Displayed accounts only, cards and loans included; assets and debts show them apart. Providers are never mixed, so that sandbox money stays apart.';
COMMENT ON COLUMN accounts.closed_on IS 'The earlier of both as a day in Europe/Paris: the first day on which the account counts nowhere. account_absences has such days of accounts that came back.';
