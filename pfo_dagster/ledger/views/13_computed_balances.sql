-- What a provider works out for days on which nobody looked: apart from what was observed, and
-- together with it only where both are asked for.

CREATE VIEW computed_balances AS
FROM history.computed_balances
QUALIFY row_number() OVER (PARTITION BY tenant_id, provider, account_id, day ORDER BY commit_number DESC) = 1;
COMMENT ON VIEW computed_balances IS 'Balances at the end of days before the first observation, computed by the provider from the transactions that it knows. They are flat before the first known transaction, and wrong where transactions are not all that moves a balance; nobody saw them.';
COMMENT ON COLUMN computed_balances.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN computed_balances.provider IS 'Who computed it: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN computed_balances.account_id IS 'The account.';
COMMENT ON COLUMN computed_balances.day IS 'The day, as the provider names it.';
COMMENT ON COLUMN computed_balances.amount IS 'At the end of the day, in units of the currency with the provider''s sign.';
COMMENT ON COLUMN computed_balances.currency IS 'The account''s currency when it was asked for.';
COMMENT ON COLUMN computed_balances.sync_id IS 'The sync that brought it; see syncs for run and time.';
COMMENT ON COLUMN computed_balances.commit_number IS 'The ledger''s transaction that added this version.';
COMMENT ON COLUMN computed_balances.recorded_at IS 'When this version was recorded (UTC).';

CREATE VIEW daily_balances_with_computed AS
WITH first_observed AS (
    SELECT balances.tenant_id, balances.provider, lineage.current_account_id, min(balances.day) AS day
    FROM balances
    JOIN account_lineage AS lineage USING (tenant_id, provider, account_id)
    WHERE balances.balance_type = 'current'
    GROUP BY ALL
)
SELECT
    tenant_id, provider, day, account_id, account_type, display, currency, amount,
    'observed' AS basis
FROM daily_balances
UNION ALL
SELECT
    computed.tenant_id,
    computed.provider,
    computed.day,
    computed.account_id,
    accounts.account_type,
    accounts.display,
    computed.currency,
    computed.amount,
    'computed' AS basis
FROM computed_balances AS computed
JOIN accounts USING (tenant_id, provider, account_id)
JOIN account_lineage AS lineage USING (tenant_id, provider, account_id)
JOIN first_observed
    ON first_observed.tenant_id = computed.tenant_id
    AND first_observed.provider = computed.provider
    AND first_observed.current_account_id = lineage.current_account_id
WHERE computed.day < first_observed.day
    AND (accounts.closed_on IS NULL OR accounts.closed_on > computed.day);
COMMENT ON VIEW daily_balances_with_computed IS 'daily_balances, and computed_balances for the days before each account''s first observation: for those who ask for both. basis tells them apart.';
COMMENT ON COLUMN daily_balances_with_computed.tenant_id IS 'The household or family office.';
COMMENT ON COLUMN daily_balances_with_computed.provider IS 'Who delivered the data: powens:<domain>, or sandbox for made-up data.';
COMMENT ON COLUMN daily_balances_with_computed.day IS 'The day, in Europe/Paris.';
COMMENT ON COLUMN daily_balances_with_computed.account_id IS 'The account.';
COMMENT ON COLUMN daily_balances_with_computed.account_type IS 'The provider''s type: checking, savings, card, loan, market and more.';
COMMENT ON COLUMN daily_balances_with_computed.display IS 'Whether the user wants the account shown and counted in totals.';
COMMENT ON COLUMN daily_balances_with_computed.currency IS 'The currency of the amount.';
COMMENT ON COLUMN daily_balances_with_computed.amount IS 'In units of the currency with the provider''s sign; NULL where the provider gave none.';
COMMENT ON COLUMN daily_balances_with_computed.basis IS 'observed, or computed: worked out by the provider, seen by nobody.';
