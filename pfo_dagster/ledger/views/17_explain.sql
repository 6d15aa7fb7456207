-- Where the figures of an account come from.

CREATE MACRO explain(explained_account) AS TABLE
WITH ranked AS (
    SELECT
        *,
        min(commit_number) OVER (
            PARTITION BY tenant_id, provider, balance_type
            ORDER BY as_of, fetched_at, commit_number
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS replaced_by_commit
    FROM balances
    WHERE account_id = explained_account
)
SELECT
    ranked.tenant_id,
    ranked.provider,
    ranked.account_id,
    ranked.balance_type,
    balance_types.type_basis,
    balance_types.meaning,
    ranked.amount,
    ranked.currency,
    ranked.state,
    ranked.day,
    ranked.as_of,
    ranked.as_of_basis,
    ranked.fetched_at,
    ranked.recorded_at,
    ranked.commit_number,
    ranked.connection_id,
    asked.decision AS connection_decision,
    asked.reason AS connection_reason,
    told.outcome AS account_outcome,
    told.reason AS account_reason,
    ranked.refresh_id,
    ranked.run_id,
    refreshes.step_id,
    refreshes.attempt,
    refreshes.workflow_key,
    refreshes.workflow_version,
    refreshes.workflow_digest,
    ranked.request_id,
    ranked.payload_hash,
    (
        SELECT max(version) FROM history.schema_migrations
        WHERE applied_at <= ranked.recorded_at
    ) AS schema_version,
    (
        SELECT max(again.finished_at)
        FROM refresh_accounts AS seen
        JOIN refreshes AS again USING (refresh_id)
        WHERE seen.tenant_id = ranked.tenant_id
            AND seen.provider = ranked.provider
            AND seen.account_id = ranked.account_id
            AND seen.outcome = 'observed'
            AND seen.commit_number >= ranked.commit_number
            AND seen.commit_number < coalesce(ranked.replaced_by_commit, 9223372036854775807)
    ) AS confirmed_at,
    CASE
        WHEN replacement.commit_number IS NULL THEN NULL
        WHEN replacement.commit_number < ranked.commit_number THEN 'late'
        WHEN replacement.as_of = ranked.as_of THEN 'corrected'
        ELSE 'newer'
    END AS replacement,
    CASE
        WHEN replacement.commit_number IS NOT NULL
            THEN greatest(replacement.recorded_at, ranked.recorded_at)
    END AS replaced_at,
    replacement.amount AS replaced_by_amount,
    replacement.as_of AS replaced_by_as_of,
    replacement.run_id AS replaced_by_run_id
FROM ranked
JOIN balance_types USING (balance_type)
LEFT JOIN refreshes ON refreshes.refresh_id = ranked.refresh_id
LEFT JOIN refresh_connections AS asked
    ON asked.refresh_id = ranked.refresh_id AND asked.connection_id = ranked.connection_id
LEFT JOIN refresh_accounts AS told
    ON told.refresh_id = ranked.refresh_id AND told.account_id = ranked.account_id
LEFT JOIN balances AS replacement
    ON replacement.tenant_id = ranked.tenant_id
    AND replacement.provider = ranked.provider
    AND replacement.account_id = ranked.account_id
    AND replacement.balance_type = ranked.balance_type
    AND replacement.commit_number = ranked.replaced_by_commit
ORDER BY ranked.balance_type, ranked.as_of DESC, ranked.fetched_at DESC, ranked.commit_number DESC;
COMMENT ON MACRO TABLE explain IS 'explain(account): every observation of an account, the newest first, with its evidence: the run, step and attempt, the workflow spec''s key, version and hash, the provider''s request, the decision about the connection, when it was last confirmed (confirmed_at), and what took its place as the latest: replacement is newer (of a later moment), corrected (of the same moment) or late (it was recorded when a newer one was known).';
