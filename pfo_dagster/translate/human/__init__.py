"""Steps that wait: a run ends where a person is asked, and another goes on from the answer.

Dagster cannot suspend a run, so a workflow is cut at the steps that wait (`segments`). The op of
such a step files a task and ends its path (`asking`): no process waits. The task is a partition of
the step's decision asset; who materializes it decides, in the UI (`deciding`), with `pfo inbox`
(`inbox`) or by a request (`door`); where a step only sleeps, the clock does (`sleeping`). What was
asked and decided is in that asset's event log alone (`records`). A sensor sees the first decision
of each task and starts the continuation job, once (`continuing`).
"""
