-- What was held on a day, and what was known of it at an instant: `latest_balances` with a parameter.
-- Names in a macro are looked up in the current database, so a file that is attached beside others
-- has to be the one in USE.

CREATE MACRO balances_at(on_day, known_at := NULL) AS TABLE
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

CREATE MACRO balances_as_known_at(instant) AS TABLE
FROM balances_at(NULL, known_at := instant);
COMMENT ON MACRO TABLE balances_as_known_at IS 'balances_as_known_at(instant): what latest_balances showed at an instant (UTC), before anything that was recorded later; columns as in latest_balances.';
