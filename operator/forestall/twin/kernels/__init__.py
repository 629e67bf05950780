"""What the twin computes, as plain loops over flat arrays.

Each module is ordinary Python and runs as it is, on lists. Where a compiler is at hand the same files are compiled
beforehand into `compiled`, and run on arrays. Nothing here checks an index: that is done once, by whoever calls (see
`forestall.twin.engine.arrays`).
"""
