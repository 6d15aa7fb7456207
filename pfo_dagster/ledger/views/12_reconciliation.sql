-- How a balance moved against what was booked. Banks date a booking a day before or after it shows
-- in the balance, so a difference that one day's bookings at either end explain is no contradiction.

CREATE VIEW reconciliation AS
WITH last_of_day AS (
    SELECT balances.*, accounts.currency_precision
    FROM balances
    JOIN accounts USING (tenant_id, provider, account_id)
    JOIN account_types USING (account_type)
    WHERE balance_type = 'current' AND amount IS NOT NULL AND asset_class = 'cash'
    QUALIFY row_number() OVER (
        PARTITION BY tenant_id, provider, account_id, day
        ORDER BY as_of DESC, fetched_at DESC, balances.commit_number DESC
    ) = 1
),
moves AS (
    SELECT
        tenant_id, provider, account_id, currency, as_of, day,
        lag(day) OVER observed AS from_day,
        amount - lag(amount) OVER observed AS change,
        (10.0 ** -coalesce(currency_precision, 2))::DECIMAL(38, 12) AS tolerance
    FROM last_of_day
    WINDOW observed AS (PARTITION BY tenant_id, provider, account_id ORDER BY day)
    QUALIFY lag(day) OVER observed IS NOT NULL
        AND currency IS NOT DISTINCT FROM lag(currency) OVER observed
),
booked_by_day AS (
    SELECT
        tenant_id, provider, account_id, booked_on,
        sum(value) AS value,
        sum(sum(value)) OVER (
            PARTITION BY tenant_id, provider, account_id ORDER BY booked_on
        ) AS value_so_far
    FROM transactions
    WHERE active AND NOT coming AND value IS NOT NULL
    GROUP BY tenant_id, provider, account_id, booked_on
),
synced AS (
    SELECT tenant_id, provider, max(finished_at) AS synced_at
    FROM syncs
    WHERE kind = 'transactions'
    GROUP BY ALL
),
compared AS (
    SELECT
        moves.*,
        coalesce(until_end.value_so_far, 0) - coalesce(until_start.value_so_far, 0) AS booked,
        coalesce(first_day.value, 0) AS on_first_day,
        coalesce(second_day.value, 0) AS on_second_day,
        coalesce(last_day.value, 0) AS on_last_day,
        coalesce(next_day.value, 0) AS on_next_day,
        until_start.booked_on IS NOT NULL AND coalesce(synced.synced_at >= moves.as_of, false) AS is_synced
    FROM moves
    ASOF LEFT JOIN booked_by_day AS until_start
        ON until_start.tenant_id = moves.tenant_id AND until_start.provider = moves.provider
        AND until_start.account_id = moves.account_id AND until_start.booked_on <= moves.from_day
    ASOF LEFT JOIN booked_by_day AS until_end
        ON until_end.tenant_id = moves.tenant_id AND until_end.provider = moves.provider
        AND until_end.account_id = moves.account_id AND until_end.booked_on <= moves.day
    LEFT JOIN booked_by_day AS first_day
        ON first_day.tenant_id = moves.tenant_id AND first_day.provider = moves.provider
        AND first_day.account_id = moves.account_id AND first_day.booked_on = moves.from_day
    LEFT JOIN booked_by_day AS second_day
        ON second_day.tenant_id = moves.tenant_id AND second_day.provider = moves.provider
        AND second_day.account_id = moves.account_id AND second_day.booked_on = moves.from_day + 1
    LEFT JOIN booked_by_day AS last_day
        ON last_day.tenant_id = moves.tenant_id AND last_day.provider = moves.provider
        AND last_day.account_id = moves.account_id AND last_day.booked_on = moves.day
    LEFT JOIN booked_by_day AS next_day
        ON next_day.tenant_id = moves.tenant_id AND next_day.provider = moves.provider
        AND next_day.account_id = moves.account_id AND next_day.booked_on = moves.day + 1
    LEFT JOIN synced
        ON synced.tenant_id = moves.tenant_id AND synced.provider = moves.provider
)
SELECT
    tenant_id,
    provider,
    account_id,
    currency,
    from_day,
    day,
    change,
    booked,
    change - booked AS difference,
    CASE
        WHEN NOT is_synced THEN 'not synced'
        WHEN abs(change - booked) <= tolerance THEN 'matches'
        WHEN least(
            abs(change - booked - on_first_day),
            abs(change - booked + on_second_day),
            abs(change - booked - on_next_day),
            abs(change - booked + on_last_day),
            abs(change - booked - on_first_day - on_next_day),
            abs(change - booked - on_first_day + on_last_day),
            abs(change - booked + on_second_day - on_next_day)
        ) <= tolerance THEN 'a day off'
        ELSE 'unexplained'
    END AS status
FROM compared;
COMMENT ON VIEW reconciliation IS 'How the current balance of each cash account moved from one observed day to the next, against what was booked in between. Not for accounts: a bank may report last evening''s balance or one of now, and only what was synced can be compared.';
COMMENT ON COLUMN reconciliation.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN reconciliation.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN reconciliation.account_id IS 'The account.';
COMMENT ON COLUMN reconciliation.currency IS 'Currency of the amounts, the same on both days.';
COMMENT ON COLUMN reconciliation.from_day IS 'The observed day before.';
COMMENT ON COLUMN reconciliation.day IS 'The observed day.';
COMMENT ON COLUMN reconciliation.change IS 'How much the balance moved between the ends of both days.';
COMMENT ON COLUMN reconciliation.booked IS 'Sum of the transactions dated after from_day and up to day.';
COMMENT ON COLUMN reconciliation.difference IS 'change - booked.';
COMMENT ON COLUMN reconciliation.status IS 'matches (to the currency''s smallest unit), a day off (the bookings of one day at either end explain the difference), not synced (the transactions of the time are not known) or unexplained.';
