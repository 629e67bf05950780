"""What every single node or link cuts off when it fails, all at once, from one depth-first search.

A link or node cuts off a part of the network exactly if no other way leads out of what the search found behind it. How
far up such ways lead is the low point of what was found (Hopcroft and Tarjan). Nodes are kept by their place in the
search, so that sums over what lies behind are one walk backwards.
"""

from __future__ import annotations

from forestall.twin.kernels.buffers import Floats, Ints, Memory, Shape

try:
    import cython
except ImportError:
    from forestall.twin.kernels import uncompiled as cython


class Cuts:
    """Searches one network, in which all links are down until `see`. Not for two threads at once."""

    def __init__(self, shape: Shape, memory: Memory) -> None:
        self.nodes, self.links = shape.nodes, shape.links
        self.start, self.stop, self.heads, self.arcs = shape.start, shape.stop, shape.heads, shape.arcs
        self.up: Ints = memory.ints(shape.links)
        self.found = 0
        self.rank: Ints = memory.ints(shape.nodes)  # by node: place in the search, from 1; 0: not found
        # By place in the search, from 0:
        self.order: Ints = memory.ints(shape.nodes)
        self.parent: Ints = memory.ints(shape.nodes)
        self.via: Ints = memory.ints(shape.nodes)
        self.low: Ints = memory.ints(shape.nodes)
        self.place: Ints = memory.ints(shape.nodes)
        self.last: Ints = memory.ints(shape.nodes)
        self.below: Floats = memory.floats(shape.nodes)
        self.none: Ints = memory.ints(shape.nodes)  # no node is an anchor
        # The forest of blocks and nodes: nodes by place, then blocks.
        self.above: Ints = memory.ints(2 * shape.nodes)
        self.depth: Ints = memory.ints(2 * shape.nodes)
        self.jump: Ints = memory.ints(2 * shape.nodes)
        self.root: Ints = memory.ints(2 * shape.nodes)
        self.through: Floats = memory.floats(2 * shape.nodes)

    def see(self, up: Ints) -> None:
        """Look from now on at links that are up as in `up` [links]: 0 where a link is down."""
        self.up = up

    def anchored(self, weight: Floats, anchor: Ints, node_loss: Floats, link_loss: Floats) -> float:
        """Weight that loses its last way to any anchor, by the node or link that fails; returns what has none today.

        `weight` is [nodes], `anchor` is [nodes] with 1 for anchors; `node_loss` [nodes] (with the node's own weight)
        and `link_loss` [links] are written, and leave out what has no way today.
        """
        with cython.nogil:
            self._reset()
            for node in range(self.nodes):
                node_loss[node] = 0.0
                if anchor[node] and not self.rank[node]:
                    self._search(node, anchor)
            for link in range(self.links):
                link_loss[link] = 0.0
            self._lift()
            self._sum_up(weight, node_loss, link_loss)
            return self._unfound(weight)

    def pairs(self, source: Ints, target: Ints, demand: Floats, node_loss: Floats, link_loss: Floats) -> float:
        """Demand between two nodes that loses its last way, by what fails; returns what has none today.

        `source`, `target`, `demand` are [demands]. A node's loss, in `node_loss` [nodes], leaves out the demands
        that begin or end there; `link_loss` is [links].
        """
        with cython.nogil:
            self._reset()
            for node in range(self.nodes):
                node_loss[node] = 0.0
                if not self.rank[node]:
                    self._search(node, self.none)
            self._lift()
            self._plant()
            apart = self._lay(source, target, demand, node_loss)
            self._gather(node_loss, link_loss)
            return apart

    def _reset(self) -> None:
        self.found = 0
        for node in range(self.nodes):
            self.rank[node] = 0

    def _search(self, root: int, anchor: Ints) -> None:
        """Find all that `root` has a way to. Anchors have a way up that never fails: to 0, before the first place."""
        heads, arcs, up, rank = self.heads, self.arcs, self.up, self.rank
        parent, via, low, place, last = self.parent, self.via, self.low, self.place, self.last
        current = self._enter(root, -1, -1, anchor[root])
        while current >= 0:
            here = place[current]
            if here == last[current]:
                current = parent[current]
                continue
            place[current] = here + 1
            head = heads[here]
            seen = rank[head]
            if seen and seen >= low[current]:
                continue
            link = arcs[here] >> 1
            if link == via[current] or not up[link]:
                continue
            if seen:
                low[current] = seen
            else:
                current = self._enter(head, current, link, anchor[head])

    def _enter(self, node: int, parent: int, link: int, anchored: int) -> int:
        spot = self.found
        self.found = spot + 1
        self.order[spot] = node
        self.rank[node] = spot + 1
        self.parent[spot] = parent
        self.via[spot] = link
        self.low[spot] = 0 if anchored else spot + 1
        self.place[spot] = self.start[node]
        self.last[spot] = self.stop[node]
        return spot

    def _unfound(self, weight: Floats) -> float:
        total = 0.0
        for node in range(self.nodes):
            if not self.rank[node]:
                total += weight[node]
        return total

    def _sum_up(self, weight: Floats, node_loss: Floats, link_loss: Floats) -> None:
        order, parent, low, below = self.order, self.parent, self.low, self.below
        for spot in range(self.found):
            below[spot] = node_loss[order[spot]] = weight[order[spot]]
        for spot in range(self.found - 1, -1, -1):
            up = parent[spot]
            if up < 0:
                continue
            below[up] += below[spot]
            if low[spot] > up:
                node_loss[order[up]] += below[spot]
            if low[spot] > up + 1:
                link_loss[self.via[spot]] = below[spot]

    def _lift(self) -> None:
        """Give each place the low point of all that lies behind it."""
        parent, low = self.parent, self.low
        for spot in range(self.found - 1, -1, -1):
            up = parent[spot]
            if up >= 0 and low[spot] < low[up]:
                low[up] = low[spot]

    def _plant(self) -> None:
        """Build the forest in which nodes hang below their block and blocks below the node that cuts them off."""
        parent, low, above = self.parent, self.low, self.above
        blocks = 0
        for spot in range(self.found):
            up = parent[spot]
            if up < 0:
                self._graft(spot, -1)
            elif low[spot] > up:
                block = self.nodes + blocks
                blocks += 1
                self._graft(block, up)
                self._graft(spot, block)
            else:
                self._graft(spot, above[up])

    def _graft(self, item: int, above: int) -> None:
        """Hang an item into the forest, with a jump towards the root that lets climbs take logarithmic time."""
        self.above[item] = above
        self.through[item] = 0.0
        if above < 0:
            self.depth[item], self.jump[item], self.root[item] = 0, item, item
            return
        far = self.jump[above]
        gap, next_gap = self.depth[above] - self.depth[far], self.depth[far] - self.depth[self.jump[far]]
        self.jump[item] = self.jump[far] if gap == next_gap else above
        self.depth[item] = self.depth[above] + 1
        self.root[item] = self.root[above]

    def _lay(self, source: Ints, target: Ints, demand: Floats, node_loss: Floats) -> float:
        """Lay each demand along the forest: marks at its ends and where they meet, to be summed towards the roots."""
        apart = 0.0
        for number in range(len(source)):
            one, other, amount = source[number], target[number], demand[number]
            if one == other:
                continue
            left, right = self.rank[one] - 1, self.rank[other] - 1
            if self.root[left] != self.root[right]:
                apart += amount
                continue
            node_loss[one] -= amount
            node_loss[other] -= amount
            self.through[left] += amount
            self.through[right] += amount
            meet = self._meet(left, right)
            self.through[meet] -= amount
            if self.above[meet] >= 0:
                self.through[self.above[meet]] -= amount
        return apart

    def _meet(self, left: int, right: int) -> int:
        """Lowest item of the forest that is above both."""
        above, jump, depth = self.above, self.jump, self.depth
        while depth[left] != depth[right]:
            if depth[left] < depth[right]:
                left, right = right, left
            left = jump[left] if depth[jump[left]] >= depth[right] else above[left]
        while left != right:
            if jump[left] != jump[right]:
                left, right = jump[left], jump[right]
            else:
                left, right = above[left], above[right]
        return left

    def _gather(self, node_loss: Floats, link_loss: Floats) -> None:
        """Sum the marks towards the roots: what lies on a node or on the one link of a block is lost with it."""
        through, above = self.through, self.above
        for link in range(self.links):
            link_loss[link] = 0.0
        for spot in range(self.found - 1, -1, -1):
            node_loss[self.order[spot]] += through[spot]
            up = self.parent[spot]
            if up < 0:
                continue
            block = above[spot]
            through[block] += through[spot]
            # A block's first node comes last here: by then all its other nodes have been added.
            if self.low[spot] > up:
                through[up] += through[block]
                if self.low[spot] > up + 1:
                    link_loss[self.via[spot]] = through[block]
