"""What `pfo` ends with, for scripts."""

DONE = 0
FAILED = 1
CALLED_WRONGLY = 2
INTERRUPTED = 130
