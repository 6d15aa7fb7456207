"""The steps of a workflow together: what Dagster is given to run.

`graph` wires the steps' ops between pre-flight, which checks what they all require (`preflight`),
and the one end of all ways (`settle`). `assets` puts the same graph behind what the operations
produce, and `hooks` is what goes with each of them.
"""
