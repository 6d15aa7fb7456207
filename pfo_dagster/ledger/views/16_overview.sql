-- The figures of the newest overview of each period.

CREATE VIEW overview AS
SELECT
    tenant_id,
    provider,
    period_start,
    period_end,
    overview_rows.currency,
    overview_rows.measure,
    overview_rows.category,
    overview_rows.amount,
    overview_rows.item_count,
    newest.run_id,
    newest.generated_at,
    commit_number
FROM (
    FROM history.overviews
    QUALIFY row_number() OVER (
        PARTITION BY tenant_id, provider, period_start, period_end ORDER BY commit_number DESC
    ) = 1
) AS newest
JOIN history.overview_rows USING (commit_number);
COMMENT ON VIEW overview IS 'The figures of the newest overview of each period.';
COMMENT ON COLUMN overview.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN overview.provider IS 'Whose data it is made of: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN overview.period_start IS 'First day of the period.';
COMMENT ON COLUMN overview.period_end IS 'Last day of the period, inclusive.';
COMMENT ON COLUMN overview.currency IS 'Currency of the amount; NULL for a plain count.';
COMMENT ON COLUMN overview.measure IS 'What is measured, such as balance, inflow or outflow.';
COMMENT ON COLUMN overview.category IS 'What it is broken down by, such as a type of transaction; NULL for the whole.';
COMMENT ON COLUMN overview.amount IS 'In units of the currency.';
COMMENT ON COLUMN overview.item_count IS 'How many accounts or transactions are behind it.';
COMMENT ON COLUMN overview.run_id IS 'The run that computed it.';
COMMENT ON COLUMN overview.generated_at IS 'When it was computed (UTC).';
COMMENT ON COLUMN overview.commit_number IS 'The ledger''s transaction that recorded it.';
