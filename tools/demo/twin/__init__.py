"""Networks in the twin, on a real control plane: `python -m tools.demo.twin`."""
