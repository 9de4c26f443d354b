"""Measurements of the gateway against floors of the same machine, run by `gateway bench`. See `docs/performance.md`."""
