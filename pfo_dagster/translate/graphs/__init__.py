"""The steps of a workflow together: what Dagster is given to run.

`reachability` says which steps can run at all. `graph` wires their ops between pre-flight, which
checks what they all require (`preflight`), and the one end of all ways (`settle`). `assets` puts
the same graph behind what the operations produce, and `hooks` is what goes with each of them.
"""
