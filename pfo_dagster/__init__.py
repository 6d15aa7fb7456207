"""ContractSpec workflows on Dagster, with a DuckDB ledger of open-banking balances.

Start reading at `pfo_dagster.definitions`, which puts everything together for Dagster.
"""
