"""Remedies of networks: which metrics to change, which demands to move, how to drain. Pure functions, no clock."""
