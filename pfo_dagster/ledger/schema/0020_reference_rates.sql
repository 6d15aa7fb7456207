-- Reference rates of currencies: units of each for one euro, as published.

CREATE TABLE history.reference_rates (
    source VARCHAR NOT NULL CHECK (source IN ('ecb', 'sample')),
    day DATE NOT NULL,
    currency VARCHAR NOT NULL,
    rate DECIMAL(18, 6) NOT NULL CHECK (rate > 0),
    document VARCHAR NOT NULL,
    document_hash VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    fetched_at TIMESTAMP NOT NULL,
    commit_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.reference_rates IS 'Every version of every reference rate that was ever published.';
