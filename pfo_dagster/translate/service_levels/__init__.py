"""Service levels: how long a workflow and its steps may take, and what happens when they do not.

`timing` reads from the event log how long an execution and each attempt of its steps took or have
been taking, and judges it; pure, as the reference's `SLAMonitor.check` is. `watching` does so
while and after they run, and records what it finds. A breach is an event and stops nothing.
"""
