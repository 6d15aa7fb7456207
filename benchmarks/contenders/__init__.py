"""Ways to keep and ask the same observations. Each is run in a process of its own."""
