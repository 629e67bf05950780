"""Which nodes depend on each other in a circle (Tarjan's strongly connected components)."""

from __future__ import annotations

from forestall.twin.kernels.buffers import Ints, Memory

try:
    import cython
except ImportError:
    from forestall.twin.kernels import uncompiled as cython


class Components:
    """Finds the components of one directed graph. Not for two threads at once."""

    def __init__(self, first: Ints, heads: Ints, memory: Memory) -> None:
        """Places `first[v]` to `first[v + 1] - 1` of `heads` hold the heads of arcs out of node v."""
        nodes = len(first) - 1
        self.nodes, self.first, self.heads = nodes, first, heads
        self.rank: Ints = memory.ints(nodes)  # place in the search, from 1; 0: not found
        self.low: Ints = memory.ints(nodes)
        self.place: Ints = memory.ints(nodes)
        self.parent: Ints = memory.ints(nodes)
        self.open: Ints = memory.ints(nodes)  # found nodes whose component is not known yet, first `opened`
        self.opened = self.found = self.components = 0

    def run(self, component: Ints) -> int:
        """Write each node's component into `component` [nodes]; return how many there are.

        Components are numbered against the arcs: no arc leads to a component with a higher number.
        """
        with cython.nogil:
            self.found = self.opened = self.components = 0
            for node in range(self.nodes):
                self.rank[node], component[node] = 0, -1
            for node in range(self.nodes):
                if not self.rank[node]:
                    self._search(node, component)
            return self.components

    def _search(self, root: int, component: Ints) -> None:
        self._enter(root, -1)
        node = root
        while node >= 0:
            place = self.place[node]
            if place == self.first[node + 1]:
                node = self._leave(node, component)
                continue
            self.place[node] = place + 1
            head = self.heads[place]
            if not self.rank[head]:
                self._enter(head, node)
                node = head
            elif component[head] < 0 and self.rank[head] < self.low[node]:
                self.low[node] = self.rank[head]

    def _enter(self, node: int, parent: int) -> None:
        self.found += 1
        self.rank[node] = self.low[node] = self.found
        self.place[node], self.parent[node] = self.first[node], parent
        self.open[self.opened] = node
        self.opened += 1

    def _leave(self, node: int, component: Ints) -> int:
        """Close the component if the node is its first; return the node that the search came from."""
        parent = self.parent[node]
        if self.low[node] == self.rank[node]:
            while True:
                self.opened -= 1
                member = self.open[self.opened]
                component[member] = self.components
                if member == node:
                    break
            self.components += 1
        if parent >= 0 and self.low[node] < self.low[parent]:
            self.low[parent] = self.low[node]
        return parent
