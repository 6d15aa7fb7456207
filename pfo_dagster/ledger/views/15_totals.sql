-- Totals in one currency. No rate, no total: a sum from which an account is missing looks like a sum.
-- DuckDB divides decimals as floats, so rates are applied as integers: amounts in 1e-12 of a unit,
-- rates in 1e-6. Amounts beyond 1e13 units are an error, never a wrong figure.

CREATE MACRO history.unrounded(amount, rate, home_rate) AS
    (
        (amount * 1000000000000)::HUGEINT * (home_rate * 1000000)::HUGEINT
        // (rate * 1000000)::HUGEINT
    )::DECIMAL(38, 0) * 0.000000000001::DECIMAL(12, 12);
COMMENT ON MACRO history.unrounded IS 'amount * home_rate / rate, cut after 12 decimals.';

CREATE MACRO in_home_currency(amount, rate, home_rate, home) AS
    CASE
        WHEN home IN ('ISK', 'JPY', 'KRW')
            THEN round(history.unrounded(amount, rate, home_rate), 0)::DECIMAL(38, 12)
        ELSE round(history.unrounded(amount, rate, home_rate), 2)::DECIMAL(38, 12)
    END;
COMMENT ON MACRO in_home_currency IS 'in_home_currency(amount, rate, home_rate, home): amount * home_rate / rate, rounded half away from zero to the home currency''s decimals.';

CREATE MACRO positions_in(home, on_day, known_at := NULL, rates_on := NULL) AS TABLE
WITH held AS (
    SELECT tenant_id, provider, currency, sum(amount) AS amount, count(*) AS accounts
    FROM balances_at(on_day, known_at := known_at)
    WHERE in_totals
    GROUP BY ALL
),
valued_on AS (
    SELECT coalesce(rates_on, on_day, max(day)) AS last_day FROM balances
    WHERE balance_type = 'current' AND (known_at IS NULL OR recorded_at <= known_at)
),
known_rates AS (
    SELECT source, day, currency, rate
    FROM history.reference_rates
    WHERE known_at IS NULL OR recorded_at <= known_at
    QUALIFY row_number() OVER (PARTITION BY source, day, currency ORDER BY commit_number DESC) = 1
),
rates AS (
    FROM known_rates
    UNION ALL BY NAME SELECT DISTINCT source, day, 'EUR' AS currency, 1 AS rate FROM known_rates
),
crossed AS (
    SELECT given.source, given.currency, given.day, given.rate, homes.rate AS home_rate
    FROM rates AS given
    JOIN rates AS homes ON homes.source = given.source AND homes.day = given.day
    WHERE homes.currency = home
        AND given.day <= (SELECT last_day FROM valued_on)
        AND given.day >= (SELECT last_day FROM valued_on) - 7
    QUALIFY row_number() OVER (PARTITION BY given.source, given.currency ORDER BY given.day DESC) = 1
)
SELECT
    held.tenant_id,
    held.provider,
    held.currency,
    held.amount,
    held.accounts,
    home AS home_currency,
    CASE
        WHEN held.currency = home THEN held.amount
        ELSE in_home_currency(held.amount, crossed.rate, crossed.home_rate, home)
    END AS amount_in_home,
    CASE WHEN held.currency <> home THEN crossed.rate END AS rate,
    CASE WHEN held.currency <> home THEN crossed.home_rate END AS home_rate,
    CASE WHEN held.currency <> home THEN crossed.day END AS rate_day,
    CASE WHEN held.currency <> home THEN crossed.source END AS rate_source,
    held.currency <> home AND crossed.rate IS NULL AS rate_missing
FROM held
LEFT JOIN crossed
    ON crossed.currency = held.currency
    AND crossed.source = CASE held.provider WHEN 'sandbox' THEN 'sample' ELSE 'ecb' END;
COMMENT ON MACRO TABLE positions_in IS 'positions_in(home, day, known_at := instant, rates_on := other_day): the sum of each currency on a day, and what it was worth in a home currency: sum * home_rate / rate, both of the same publication (rate_day), the last one at or before the day and at most 7 days before it; rounded once, half away from zero, to the home currency''s decimals. Without a rate, rate_missing is true and there is no amount_in_home. Without a day (NULL), the latest balances at the rates of the last observed day, or of rates_on.';

CREATE MACRO total_in(home, on_day, known_at := NULL, rates_on := NULL) AS TABLE
SELECT
    tenant_id,
    provider,
    home_currency,
    CASE WHEN NOT bool_or(rate_missing) THEN sum(amount_in_home) END AS total,
    list(currency ORDER BY currency) FILTER (rate_missing) AS missing_rates,
    list(
        {'currency': currency, 'rate': rate, 'home_rate': home_rate, 'day': rate_day, 'source': rate_source}
        ORDER BY currency
    ) FILTER (rate IS NOT NULL) AS rates,
    sum(accounts)::BIGINT AS accounts
FROM positions_in(home, on_day, known_at := known_at, rates_on := rates_on)
GROUP BY ALL;
COMMENT ON MACRO TABLE total_in IS 'total_in(home, day, known_at := instant, rates_on := other_day): the total of each provider in a home currency, with the rates and days it was made with. It is NULL where any currency has no rate to the home currency; missing_rates names these.';
