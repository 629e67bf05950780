"""A second count of the figures of closure, from an exported ledger alone, by a program of its own."""
