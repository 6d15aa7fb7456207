-- What currencies were worth, as last published.

CREATE VIEW reference_rates AS
FROM history.reference_rates
QUALIFY row_number() OVER (PARTITION BY source, day, currency ORDER BY commit_number DESC) = 1;
COMMENT ON VIEW reference_rates IS 'How many units of a currency one euro was worth, per business day, as last published by the European Central Bank. Those of source sample are made up, for the sandbox alone.';
COMMENT ON COLUMN reference_rates.source IS 'ecb, or sample for made-up rates, which are applied to the sandbox''s balances only.';
COMMENT ON COLUMN reference_rates.day IS 'The day that the rate is of; there is none for weekends and TARGET holidays.';
COMMENT ON COLUMN reference_rates.currency IS 'ISO 4217 code; the euro itself has no row.';
COMMENT ON COLUMN reference_rates.rate IS 'Units of the currency for one euro.';
COMMENT ON COLUMN reference_rates.document IS 'The file of the European Central Bank that it was read from.';
COMMENT ON COLUMN reference_rates.document_hash IS 'SHA-256 of that file.';
COMMENT ON COLUMN reference_rates.run_id IS 'The run that fetched it.';
COMMENT ON COLUMN reference_rates.fetched_at IS 'When the file was fetched (UTC).';
COMMENT ON COLUMN reference_rates.commit_number IS 'The ledger''s transaction that added this version.';
COMMENT ON COLUMN reference_rates.recorded_at IS 'When this version was recorded (UTC).';
