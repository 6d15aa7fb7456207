"""The dashboard: what the household holds, how it moved, and how far to believe it.

`app` is a marimo notebook, served by `pfo dashboard` and opened by analysts with `marimo edit`. It
reads the published file and nothing else: `figures` asks, `charts` and `tables` show, `watching`
sees a new publication. A running refresh neither waits for it nor makes it wait.
"""
