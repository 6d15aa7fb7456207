-- Overviews of a period: small tables of figures that a workflow computed and people read.

CREATE TABLE history.overviews (
    tenant_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    run_id VARCHAR NOT NULL,
    generated_at TIMESTAMP NOT NULL,
    commit_number BIGINT NOT NULL
);
COMMENT ON TABLE history.overviews IS 'Every overview that was generated and differed from the one before.';

CREATE TABLE history.overview_rows (
    currency VARCHAR,
    measure VARCHAR NOT NULL,
    category VARCHAR,
    amount DECIMAL(38, 12),
    item_count BIGINT,
    commit_number BIGINT NOT NULL
);
COMMENT ON TABLE history.overview_rows IS 'The figures of each overview, joined to it by commit_number.';
