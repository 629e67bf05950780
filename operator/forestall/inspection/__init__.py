"""Inspection: one snapshot, and what was measured, into goals' states and findings. Pure functions, no clock."""
