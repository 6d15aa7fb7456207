-- Which of a provider's rows was refused, without keeping any of it.

ALTER TABLE rejected ADD COLUMN payload_hash VARCHAR;
COMMENT ON COLUMN rejected.payload_hash IS 'Keyed hash of the row as the provider sent it, keys sorted: the same row refused again has the same one. Nothing of the row itself is kept.';
