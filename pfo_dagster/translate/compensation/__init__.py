"""Compensation: what a workflow's completed steps did is undone, the last of them first.

It is a job of its own (`job`), because what must be undone may have been left behind by a process
that was killed. What was completed, and what of it has been undone, is in the event log alone
(`records`). `starting` says when a run that failed or was cancelled is to be compensated, and by
whom: a sensor (`sensor`) where Dagster's daemon runs, `pfo run` where it does not, a person with
`pfo compensate` at any time. Whoever comes second finds nothing left to do.
"""
