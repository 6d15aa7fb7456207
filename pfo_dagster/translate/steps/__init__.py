"""One step of a workflow: planned, made an op, and executed.

`plan` has everything that a step names looked up; `op` makes the op of it, with its `retries` and
its outputs (`routes`). When the op runs, `attempts` is one execution: `guards` before it, the
operation within its `deadline`, and what comes of it merged into the workflow's `state`. `words`
says why a condition was true or false.
"""
