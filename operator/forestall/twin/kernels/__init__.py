"""What the twin computes, as plain loops over flat arrays.

Each module is ordinary Python and runs as it is, on lists. Where a compiler is at hand the same files are compiled
beforehand, on arrays; the `.pxd` file beside a module tells the compiler the types. Nothing here checks an index: that
is done once, by whoever calls (see `forestall.twin.engine.arrays`).
"""
