"""Paths from a node to anchors that have no link, or no node, in common: at most k, by k searches (augmenting paths).

Each search goes breadth-first through what the paths so far leave, and may take a piece of such a path backwards,
which takes it off that path. A node has two sides, in and out; where paths must be apart, a path crosses from in to out
and no second one can.
"""

from __future__ import annotations

from forestall.twin.kernels.buffers import Ints, Memory, Shape

try:
    import cython
except ImportError:
    from forestall.twin.kernels import uncompiled as cython

CROSS = -1  # step from a node's in side to its out side
UNCROSS = -2  # step back


class Paths:
    """Finds at most `most` disjoint paths at a time in one network, of no arcs until `see`. Not for two threads."""

    def __init__(self, shape: Shape, most: int, memory: Memory) -> None:
        self.most = most
        self.start, self.stop, self.heads, self.arcs = shape.start, shape.stop, shape.heads, shape.arcs
        self.tail, self.head = shape.tail, shape.head
        self.passable: Ints = memory.ints(2 * shape.links)
        self.used: Ints = memory.ints(2 * shape.links)  # whether a path takes the arc
        self.taken: Ints = memory.ints(shape.nodes)  # whether a path crosses the node
        self.seen: Ints = memory.ints(2 * shape.nodes)  # the search that last saw a side of a node
        self.back: Ints = memory.ints(2 * shape.nodes)  # the step that led to it
        self.queue: Ints = memory.ints(2 * shape.nodes)
        self.marked: Ints = memory.ints(2 * most * shape.nodes + 2)  # arcs that were ever used, first `marks`
        self.marks = self.round = self.size = self.source = self.apart = 0

    def see(self, passable: Ints) -> None:
        """Look from now on for paths along arcs that are passable: [arcs] with 0 for those that are not."""
        self.passable = passable

    def sweep(self, sources: Ints, anchor: Ints, apart: int, found: Ints) -> None:
        """How many paths each source has to anchors, into `found` [sources]; `most` for an anchor itself.

        `anchor` is [nodes] with 1 for anchors. With `apart` paths share no node but the source, so each ends at an
        anchor of its own and passes no other; else they share no link.
        """
        with cython.nogil:
            for place in range(len(sources)):
                found[place] = self._find(sources[place], anchor, apart)
                self._clear()

    def trace(self, source: int, anchor: Ints, apart: int, arcs: Ints) -> int:
        """Write the arcs of the paths, one path after the other, into `arcs` [all arcs]; return how many arcs."""
        with cython.nogil:
            self._find(source, anchor, apart)
            written = 0
            for place in range(self.start[source], self.stop[source]):
                if self.used[self.arcs[place]]:
                    written = self._walk(self.arcs[place], anchor, arcs, written)
            self._clear()
        return written

    def _walk(self, arc: int, anchor: Ints, arcs: Ints, written: int) -> int:
        """Follow a path to its anchor, and free its arcs so that none is followed twice."""
        while arc >= 0:
            arcs[written] = arc
            written += 1
            self.used[arc] = 0
            node = self.head[arc]
            arc = -1 if anchor[node] else self._onward(node)
        return written

    def _onward(self, node: int) -> int:
        for place in range(self.start[node], self.stop[node]):
            if self.used[self.arcs[place]]:
                return self.arcs[place]
        return -1

    def _find(self, source: int, anchor: Ints, apart: int) -> int:
        self.source, self.apart = source, apart
        if anchor[source]:
            return self.most
        found = 0
        while found < self.most:
            side = self._search(anchor)
            if side < 0:
                break
            self._take(side)
            found += 1
        return found

    def _search(self, anchor: Ints) -> int:
        """Breadth first: the side of an anchor where one more path ends, or -1."""
        if self.round == 0x7FFFFFFF:
            self._renumber()
        self.round += 1
        self.size = done = 0
        self.seen[2 * self.source] = self.round
        self._reach(2 * self.source + 1, CROSS)
        while done < self.size:
            side = self.queue[done]
            done += 1
            if side & 1 == 0 and not self.taken[side >> 1]:
                self._reach(side + 1, CROSS)
                continue
            end = self._leave(side, anchor)
            if end >= 0:
                return end
            if side & 1 and self.taken[side >> 1]:
                self._reach(side - 1, UNCROSS)
        return -1

    def _renumber(self) -> None:
        self.round = 0
        for side in range(len(self.seen)):
            self.seen[side] = 0

    def _leave(self, side: int, anchor: Ints) -> int:
        """Go over all arcs that leave the side; the side of an anchor where a path can end, or -1."""
        node = side >> 1
        for place in range(self.start[node], self.stop[node]):
            arc, end = self.arcs[place], self.heads[place]
            undoes = self.used[arc ^ 1]
            if self.used[arc] or not (undoes or self.passable[arc]):
                continue
            if self.apart and undoes == side & 1:
                continue  # A path that entered is undone from the in side, and only that.
            landing = 2 * end if self.apart and not undoes else 2 * end + 1
            if self.seen[landing] != self.round:
                self._reach(landing, arc)
                if anchor[end] and not self.taken[end]:
                    return landing
        return -1

    def _reach(self, side: int, step: int) -> None:
        if self.seen[side] != self.round:
            self.seen[side], self.back[side] = self.round, step
            self.queue[self.size] = side
            self.size += 1

    def _take(self, side: int) -> None:
        """Add the path that the search found, from its end back to the source."""
        if self.apart:
            self.taken[side >> 1] = 1
        while side != 2 * self.source + 1:
            arc = self.back[side]
            if arc < 0:
                self.taken[side >> 1] = 1 if arc == CROSS else 0
                side ^= 1
            else:
                side = self._use(arc)

    def _use(self, arc: int) -> int:
        """Send a path over the arc, or take one off its reverse; return the side that the arc was left from."""
        tail = self.tail[arc]
        if self.used[arc ^ 1]:
            self.used[arc ^ 1] = 0
            return 2 * tail if self.apart else 2 * tail + 1
        self.used[arc] = 1
        self.marked[self.marks] = arc
        self.marks += 1
        return 2 * tail + 1

    def _clear(self) -> None:
        for mark in range(self.marks):
            arc = self.marked[mark]
            self.used[arc] = self.used[arc ^ 1] = 0
            self.taken[self.tail[arc]] = self.taken[self.head[arc]] = 0
        self.marks = 0
