"""Human steps: a run ends where a person is asked, and another goes on from the answer.

Dagster cannot suspend a run, so a workflow is cut at its human steps (`segments`). The op of a
human step files a task and ends its path (`asking`): no process waits. The task is a partition of
the step's decision asset; who materializes it decides, in the UI (`deciding`) or with `pfo inbox`
(`inbox`). What was asked and decided is in that asset's event log alone (`records`). A sensor sees
the first decision of each task and starts the continuation job, once (`continuing`).
"""
