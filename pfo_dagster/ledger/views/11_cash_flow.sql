-- What came in and went out. An account that came back under a new id is listed with its past again,
-- so what was booked under the earlier id counts only for the days before those.

CREATE VIEW cash_flow_by_type AS
WITH listed_again AS (
    SELECT earlier.tenant_id, earlier.provider, earlier.account_id, min(again.booked_on) AS first_day
    FROM account_lineage AS earlier
    JOIN account_lineage AS later
        ON later.tenant_id = earlier.tenant_id
        AND later.provider = earlier.provider
        AND later.current_account_id = earlier.current_account_id
        AND later.successions < earlier.successions
    JOIN transactions AS again
        ON again.tenant_id = later.tenant_id
        AND again.provider = later.provider
        AND again.account_id = later.account_id
    WHERE again.active AND NOT again.coming
    GROUP BY ALL
)
SELECT
    transactions.tenant_id,
    transactions.provider,
    transactions.booked_on AS day,
    accounts.currency,
    transactions.transaction_type,
    coalesce(sum(transactions.value) FILTER (transactions.value > 0), 0)::DECIMAL(38, 12) AS inflow,
    coalesce(sum(transactions.value) FILTER (transactions.value < 0), 0)::DECIMAL(38, 12) AS outflow,
    sum(transactions.value) AS net,
    count(*) AS transactions
FROM transactions
JOIN accounts USING (tenant_id, provider, account_id)
LEFT JOIN listed_again USING (tenant_id, provider, account_id)
WHERE transactions.active
    AND NOT transactions.coming
    AND transactions.value IS NOT NULL
    AND accounts.display
    AND accounts.currency IS NOT NULL
    AND (listed_again.first_day IS NULL OR transactions.booked_on < listed_again.first_day)
    AND NOT (
        transactions.transaction_type = 'summary_card'
        AND EXISTS (
            FROM accounts AS card
            WHERE card.tenant_id = transactions.tenant_id
                AND card.provider = transactions.provider
                AND card.parent_account_id = transactions.account_id
        )
    )
GROUP BY ALL;
COMMENT ON VIEW cash_flow_by_type IS 'What was booked per day, currency and type on displayed accounts. Left out: announced rows, rows that the provider does not count, and summary_card rows of accounts whose card is followed by itself, because they repeat the card''s rows; and rows of an account that came back under a new id, from the first day on of which the new id has any. Transfers between one''s own accounts are in both inflow and outflow.';
COMMENT ON COLUMN cash_flow_by_type.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN cash_flow_by_type.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN cash_flow_by_type.day IS 'The bank''s date of the transactions.';
COMMENT ON COLUMN cash_flow_by_type.currency IS 'Currency of the accounts.';
COMMENT ON COLUMN cash_flow_by_type.transaction_type IS 'The provider''s type: transfer, card, withdrawal and more.';
COMMENT ON COLUMN cash_flow_by_type.inflow IS 'Sum of the credits.';
COMMENT ON COLUMN cash_flow_by_type.outflow IS 'Sum of the debits; zero or negative.';
COMMENT ON COLUMN cash_flow_by_type.net IS 'inflow + outflow.';
COMMENT ON COLUMN cash_flow_by_type.transactions IS 'Transactions in the sums.';

CREATE VIEW cash_flow AS
SELECT
    tenant_id,
    provider,
    day,
    currency,
    sum(inflow) AS inflow,
    sum(outflow) AS outflow,
    sum(net) AS net,
    sum(transactions)::BIGINT AS transactions
FROM cash_flow_by_type
GROUP BY ALL;
COMMENT ON VIEW cash_flow IS 'What was booked per day and currency; cash_flow_by_type says what is left out.';
COMMENT ON COLUMN cash_flow.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN cash_flow.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN cash_flow.day IS 'The bank''s date of the transactions.';
COMMENT ON COLUMN cash_flow.currency IS 'Currency of the accounts.';
COMMENT ON COLUMN cash_flow.inflow IS 'Sum of the credits.';
COMMENT ON COLUMN cash_flow.outflow IS 'Sum of the debits; zero or negative.';
COMMENT ON COLUMN cash_flow.net IS 'inflow + outflow.';
COMMENT ON COLUMN cash_flow.transactions IS 'Transactions in the sums.';
