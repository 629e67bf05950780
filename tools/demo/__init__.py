"""The whole loop on a real cluster: `python -m tools.demo`."""
