"""Kills real refresh runs at random points, and looks at what is left: see `__main__`."""
