"""Planning: candidates tried on the twin, ranked, rendered and bound to a digest. Pure functions, no clock."""
