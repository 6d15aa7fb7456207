"""The dashboard: what the household holds, how it moved, and how far to believe it.

`app` is a marimo notebook, which `serving` serves for `pfo dashboard` and analysts open with
`marimo edit`. It reads the published file and nothing else: `figures` asks, `charts` and `tables`
show, `watching` sees a new publication. A running refresh neither waits for it nor makes it wait.
"""
