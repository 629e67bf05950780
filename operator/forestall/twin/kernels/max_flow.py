"""The most that the network can carry from one node to another, as it is and after each single link fails (Dinic).

After a link fails, what it carried is all that must find another way, from its tail to its head, through what the rest
has left; so each failure costs a small flow instead of a whole one, and links that carry nothing cost nothing.
"""

from __future__ import annotations

from forestall.twin.kernels.buffers import Floats, Ints, Memory, Shape

try:
    import cython
except ImportError:
    from forestall.twin.kernels import uncompiled as cython


class MaxFlow:
    """Computes flows in one network. Not for two threads at once."""

    def __init__(self, shape: Shape, capacity: Floats, memory: Memory) -> None:
        """`capacity` is [arcs], 0 for what is down."""
        self.nodes, self.links = shape.nodes, shape.links
        self.start, self.stop, self.heads, self.arcs = shape.start, shape.stop, shape.heads, shape.arcs
        self.tail, self.head, self.capacity = shape.tail, shape.head, capacity
        self.rest: Floats = memory.floats(2 * shape.links)  # what each arc can still carry
        self.kept: Floats = memory.floats(2 * shape.links)
        self.level: Ints = memory.ints(shape.nodes)
        self.place: Ints = memory.ints(shape.nodes)
        self.queue: Ints = memory.ints(shape.nodes)
        self.path: Ints = memory.ints(shape.nodes + 1)
        self.tiny = 0.0
        for arc in range(2 * shape.links):
            self.tiny = max(self.tiny, 1e-12 * capacity[arc])

    def value(self, source: int, target: int, enough: float) -> float:
        """The most that goes from source to target; the search ends at `enough`."""
        with cython.nogil:
            self._fill()
            return self._flow(source, target, enough)

    def after_each_link(self, source: int, target: int, enough: float, left: Floats) -> float:
        """`value`, and what is left of it if one link fails, by link, into `left` [links]."""
        with cython.nogil:
            self._fill()
            found = self._flow(source, target, enough)
            for arc in range(2 * self.links):
                self.kept[arc] = self.rest[arc]
            for link in range(self.links):
                left[link] = found
                if self.capacity[2 * link] - self.kept[2 * link] > self.tiny:
                    left[link] = self._without(2 * link, found)
                elif self.capacity[2 * link + 1] - self.kept[2 * link + 1] > self.tiny:
                    left[link] = self._without(2 * link + 1, found)
        return found

    def _without(self, arc: int, found: float) -> float:
        """What is left without the arc and its reverse, by a detour for what the arc carries."""
        for other in range(2 * self.links):
            self.rest[other] = self.kept[other]
        carried = self.capacity[arc] - self.rest[arc]
        self.rest[arc] = self.rest[arc ^ 1] = 0.0
        return found - carried + self._flow(self.tail[arc], self.head[arc], carried)

    def _fill(self) -> None:
        for arc in range(2 * self.links):
            self.rest[arc] = self.capacity[arc]

    def _flow(self, source: int, target: int, enough: float) -> float:
        found = 0.0
        while found < enough and self._rank(source, target):
            found = self._block(source, target, found, enough)
        return found

    def _rank(self, source: int, target: int) -> bool:
        """Number nodes by their distance from the source; whether the target has any."""
        level, queue = self.level, self.queue
        for node in range(self.nodes):
            level[node] = -1
        level[source], queue[0] = 0, source
        size, done = 1, 0
        while done < size and level[target] < 0:
            node = queue[done]
            self.place[node] = self.start[node]
            done += 1
            for place in range(self.start[node], self.stop[node]):
                end = self.heads[place]
                if level[end] < 0 and self.rest[self.arcs[place]] > self.tiny:
                    level[end] = level[node] + 1
                    self.place[end] = self.start[end]
                    queue[size] = end
                    size += 1
        return level[target] >= 0

    def _block(self, source: int, target: int, found: float, enough: float) -> float:
        """Send all that goes along rising levels."""
        node, length = source, 0
        while found < enough:
            if node == target:
                found += self._send(length, enough - found)
                length = self._first_full(length)
                node = self.tail[self.path[length]]
                continue
            arc = self._next(node)
            if arc >= 0:
                self.path[length] = arc
                length += 1
                node = self.head[arc]
            elif length == 0:
                break
            else:
                length -= 1
                node = self.tail[self.path[length]]
                self.place[node] += 1
        return found

    def _next(self, node: int) -> int:
        """The arc that leads on from the node, or -1."""
        place = self.place[node]
        while place < self.stop[node]:
            arc = self.arcs[place]
            if self.rest[arc] > self.tiny and self.level[self.heads[place]] == self.level[node] + 1:
                break
            place += 1
        self.place[node] = place
        return self.arcs[place] if place < self.stop[node] else -1

    def _send(self, length: int, amount: float) -> float:
        for step in range(length):
            amount = min(amount, self.rest[self.path[step]])
        for step in range(length):
            arc = self.path[step]
            self.rest[arc] -= amount
            self.rest[arc ^ 1] += amount
        return amount

    def _first_full(self, length: int) -> int:
        for step in range(length):
            if self.rest[self.path[step]] <= self.tiny:
                return step
        return 0
