"""Rows of routes: for each destination the distance, the next hops and the traffic of each node.

A change of links' costs touches only what it moves: nodes that lose all their next hops are found first; then distances
spread anew from the edge of what was lost, and from links that got better; then differences of traffic run downstream.
(After Ramalingam and Reps.)

Each node splits its traffic equally over all its next hops, per hop, as routers do.
"""

from __future__ import annotations

from forestall.twin.kernels.buffers import FAR, Floats, Ints, Memory, Shape

NODE = (1 << 32) - 1  # the part of a number in the heap that is the node; the rest is its distance


class Routes:
    """Rows of one network towards some destinations, without routes yet. Not for two threads at once."""

    def __init__(self, shape: Shape, cost: Ints, destinations: Ints, demand: Floats, memory: Memory) -> None:
        """With all that `cost`, `destinations` and `demand` say, which are kept (see `Routing`)."""
        self.nodes, self.links, self.rows = shape.nodes, shape.links, len(destinations)
        self.start, self.stop, self.heads, self.arcs = shape.start, shape.stop, shape.heads, shape.arcs
        self.tail, self.head = shape.tail, shape.head
        self.base, self.destinations, self.demand = cost, destinations, demand
        self.crumb = 0.0  # traffic up to which a difference is taken for the error of floats
        self._lay_out_answers(len(destinations) * shape.nodes, 2 * shape.links, memory)
        self._lay_out_nodes(shape.nodes, memory)
        self.heap: Ints = memory.longs(2 * shape.links + shape.nodes + 1)  # distance and node in one number
        self.round = self.row = self.goal = self.heaped = 0

    def _lay_out_answers(self, cells: int, arcs: int, memory: Memory) -> None:
        # By row and node:
        self.distance: Ints
        self.hops: Ints  # the arc, if there is one; -1 for none; else minus their number
        self.distance, self.hops = memory.int_columns(cells, FAR, -1)
        self.flow: Floats = memory.floats(cells)
        # By arc:
        self.cost: Ints = memory.ints(arcs)  # what is supposed; `base` is what is
        self.load: Floats
        self.old_load: Floats
        self.load, self.old_load = memory.float_columns(arcs, 2)
        self.moved: Ints = memory.ints(arcs)  # the question that last touched the load
        self.touched: Ints = memory.ints(arcs)  # arcs whose load this question touched, first `touches`
        self.changed: Ints = memory.ints(arcs)  # arcs whose cost this question changes, first `changes`
        self.touches = self.changes = self.question = self.better = 0
        self.lost = 0.0

    def _lay_out_nodes(self, nodes: int, memory: Memory) -> None:
        """By node, for one row in one question."""
        self.mark: Ints  # the round that last touched the node
        self.turned: Ints  # 1 if its next hops changed, 2 if it lost them all
        self.queued: Ints  # 1 for its distance, 2 for its traffic
        self.count: Ints  # next hops left or found
        self.old_distance: Ints
        self.old_hops: Ints
        columns = memory.int_columns(nodes, 0, 0, 0, 0, 0, 0)
        self.mark, self.turned, self.queued, self.count, self.old_distance, self.old_hops = columns
        self.inflow: Floats  # change of what comes in
        self.old_flow: Floats
        self.inflow, self.old_flow = memory.float_columns(nodes, 2)
        self.log: Ints = memory.ints(nodes)  # touched nodes, first `logged`
        self.cut: Ints = memory.ints(nodes)  # nodes without a next hop, first `cuts`
        self.edge: Ints = memory.ints(nodes)  # their distances over what is not cut
        self.settled: Ints = memory.ints(nodes)  # nodes by new distance, first `settles`
        self.logged = self.cuts = self.settles = 0

    def fill(self) -> None:
        """Route all rows, from nothing."""
        for row in range(self.rows):
            self._open(row)
            self._improve(self.goal, -1, 0)
            self._spread()
            self._shift_traffic()

    def move(self) -> None:
        """Route all rows anew, as far as costs have changed."""
        for row in range(self.rows):
            self._open(row)
            self._reroute()

    def suppose(self) -> None:
        """Find what loads and what is lost would be with changed costs, and leave each row as it was."""
        for row in range(self.rows):
            self._open(row)
            if self.better or self._carries():
                self._reroute()
                self._close()

    def _open(self, row: int) -> None:
        self.row = row * self.nodes
        self.goal = self.destinations[row]
        self.round += 1
        self.logged = self.cuts = self.heaped = self.settles = 0

    def _close(self) -> None:
        """Put the row back as it was."""
        for place in range(self.logged):
            node = self.log[place]
            cell = self.row + node
            self.distance[cell] = self.old_distance[node]
            self.hops[cell] = self.old_hops[node]
            self.flow[cell] = self.old_flow[node]

    def _was_hop(self, arc: int) -> bool:
        """Whether the arc was a next hop, while distances are still the old ones."""
        end = self.distance[self.row + self.head[arc]]
        return end < FAR and end + self.base[arc] == self.distance[self.row + self.tail[arc]]

    def _carries(self) -> bool:
        """Whether traffic uses an arc that got worse. If none does, then nothing that it cuts off carries any."""
        for place in range(self.changes):
            arc = self.changed[place]
            if self.flow[self.row + self.tail[arc]] != 0.0 and self._was_hop(arc):
                return True
        return False

    def _reroute(self) -> None:
        for place in range(self.changes):
            arc = self.changed[place]
            if self.cost[arc] > self.base[arc] and self._was_hop(arc):
                self._lose_hop(self.tail[arc])
        self._cut_off()
        self._find_edge()
        if self.better:
            self._take_better()
        if self.logged:
            self._spread()
            self._shift_traffic()

    def _touch(self, node: int, turned: int) -> None:
        """Remember what the node was before this round changes it."""
        if self.mark[node] == self.round:
            return
        cell = self.row + node
        self.mark[node] = self.round
        self.turned[node], self.queued[node], self.inflow[node] = turned, 0, 0.0
        self.old_distance[node], self.old_flow[node] = self.distance[cell], self.flow[cell]
        hops = self.hops[cell]
        self.old_hops[node] = hops
        self.count[node] = 1 if hops >= 0 else 0 if hops == -1 else -hops
        self.log[self.logged] = node
        self.logged += 1

    def _lose_hop(self, node: int) -> None:
        self._touch(node, 1)
        self.count[node] -= 1
        if self.count[node] == 0:
            self.turned[node] = 2
            self.cut[self.cuts] = node
            self.cuts += 1

    def _cut_off(self) -> None:
        """Take along all that reached its destination only through what is cut."""
        done, row = 0, self.row
        while done < self.cuts:
            node = self.cut[done]
            done += 1
            for place in range(self.start[node], self.stop[node]):
                arc = self.arcs[place] ^ 1
                hops = self.hops[row + self.heads[place]]
                if hops != arc and (hops >= -1 or not self._was_hop(arc)):
                    continue
                if self.cost[arc] <= self.base[arc]:  # else it was lost by itself
                    self._lose_hop(self.heads[place])

    def _find_edge(self) -> None:
        """Give cut nodes the distance that they have over nodes that are not cut."""
        for place in range(self.cuts):
            self.distance[self.row + self.cut[place]] = FAR
        for place in range(self.cuts):
            self._look_around(place)
        for place in range(self.cuts):
            if self.edge[place] < FAR:
                self.distance[self.row + self.cut[place]] = self.edge[place]
                self._queue(self.cut[place], self.edge[place])

    def _look_around(self, place: int) -> None:
        node = self.cut[place]
        best, count, hop = FAR, 0, -1
        for spot in range(self.start[node], self.stop[node]):
            arc = self.arcs[spot]
            length = self.distance[self.row + self.heads[spot]] + self.cost[arc]
            if length < best:
                best, count, hop = length, 1, arc
            elif length == best:
                count += 1
        self.edge[place] = best
        self.hops[self.row + node] = hop
        self.count[node] = count if hop >= 0 else 0

    def _take_better(self) -> None:
        """Let arcs that got better shorten ways. Ends that are queued do so by themselves when their turn comes."""
        for place in range(self.changes):
            arc = self.changed[place]
            tail, head = self.tail[arc], self.head[arc]
            if self.cost[arc] > self.base[arc]:
                continue
            if not (self._is_queued(head) or self._is_cut(head) or self._is_cut(tail)):
                self._relax(tail, arc, self.distance[self.row + head] + self.cost[arc])

    def _is_queued(self, node: int) -> bool:
        return self.mark[node] == self.round and self.queued[node] == 1

    def _is_cut(self, node: int) -> bool:
        return self.mark[node] == self.round and self.turned[node] == 2

    def _relax(self, node: int, arc: int, length: int) -> None:
        """Offer the node a way of that length that begins with the arc."""
        known = self.distance[self.row + node]
        if length < known:
            self._improve(node, arc, length)
        elif length == known and length < FAR:
            self._touch(node, 1)
            self.count[node] += 1

    def _improve(self, node: int, arc: int, length: int) -> None:
        self._touch(node, 1)
        self.distance[self.row + node], self.hops[self.row + node], self.count[node] = length, arc, 1
        self._queue(node, length)

    def _queue(self, node: int, key: int) -> None:
        self.queued[node] = 1
        self._push(key, node)

    def _spread(self) -> None:
        """Settle the queued nodes, nearest first; then say how many next hops each has that turned."""
        row = self.row
        while self.heaped:
            top = self._pop()
            node, length = top & NODE, top >> 32
            if length > self.distance[row + node]:
                continue
            self.settled[self.settles] = node
            self.settles += 1
            for place in range(self.start[node], self.stop[node]):
                arc = self.arcs[place] ^ 1
                self._relax(self.heads[place], arc, length + self.cost[arc])
        for place in range(self.logged):
            self._settle(self.log[place])

    def _settle(self, node: int) -> None:
        cell, count = self.row + node, self.count[node]
        if self.distance[cell] >= FAR or node == self.goal:
            self.hops[cell] = -1
        elif count > 1:
            self.hops[cell] = -count
        elif self.hops[cell] < 0:
            self.hops[cell] = self._only_hop(node)

    def _only_hop(self, node: int) -> int:
        for place in range(self.start[node], self.stop[node]):
            if self._is_hop(node, place):
                return self.arcs[place]
        return -1

    def _is_hop(self, node: int, place: int) -> bool:
        length = self.distance[self.row + self.heads[place]] + self.cost[self.arcs[place]]
        return length == self.distance[self.row + node]

    def _shift_traffic(self) -> None:
        """Take the traffic of nodes that turned off its old hops; then let differences run down, farthest first."""
        turned = self.logged
        for place in range(turned):
            node = self.log[place]
            if self.queued[node] == 1:
                self.queued[node] = 2  # its turn comes in the order in which it was settled
            else:
                self._enqueue(node)
        for place in range(turned):
            node = self.log[place]
            if self.old_flow[node] != 0.0 and node != self.goal:
                self._withdraw(node, self.old_flow[node])
        while self.heaped or self.settles:
            self._settle_traffic(self._farthest())

    def _farthest(self) -> int:
        """Take the node that is farthest away: off the heap, or off the end of what was settled."""
        if self.settles:
            node = self.settled[self.settles - 1]
            if self.heaped == 0 or FAR - self.distance[self.row + node] <= self.heap[0] >> 32:
                self.settles -= 1
                return node
        return self._pop() & NODE

    def _enqueue(self, node: int) -> None:
        self.queued[node] = 2
        self._push(FAR - self.distance[self.row + node], node)

    def _withdraw(self, node: int, amount: float) -> None:
        hops = self.old_hops[node]
        if hops >= 0:
            self._carry(hops, -amount)
            return
        share, left = amount / -hops, -hops
        for place in range(self.start[node], self.stop[node]):
            arc, end = self.arcs[place], self.heads[place]
            length = self.old_distance[end] if self.mark[end] == self.round else self.distance[self.row + end]
            if length + self.base[arc] == self.old_distance[node]:
                self._carry(arc, -share)
                left -= 1
                if left == 0:
                    return

    def _settle_traffic(self, node: int) -> None:
        """All that changes what comes in at the node has run: pass on what changes for it."""
        cell = self.row + node
        change = self.inflow[node]
        if self.distance[cell] >= FAR:
            self.flow[cell] = 0.0
            if self.old_distance[node] < FAR:
                self.lost += self.demand[cell]
            return
        if self.old_distance[node] >= FAR:
            change += self.demand[cell]
            self.lost -= self.demand[cell]
        total = self.old_flow[node] + change
        self.flow[cell] = total if total > self.crumb else 0.0
        if self.turned[node]:
            change = self.flow[cell]
        if node != self.goal and (change > self.crumb or change < -self.crumb):
            self._send(node, change)

    def _send(self, node: int, amount: float) -> None:
        hops = self.hops[self.row + node]
        if hops >= 0:
            self._carry(hops, amount)
            return
        share, left = amount / -hops, -hops
        for place in range(self.start[node], self.stop[node]):
            if self._is_hop(node, place):
                self._carry(self.arcs[place], share)
                left -= 1
                if left == 0:
                    return

    def _carry(self, arc: int, amount: float) -> None:
        """Change the load of the arc, and what comes in at its end."""
        if self.moved[arc] != self.question:
            self.moved[arc], self.old_load[arc] = self.question, self.load[arc]
            self.touched[self.touches] = arc
            self.touches += 1
        self.load[arc] += amount
        node = self.head[arc]
        self._touch(node, 0)
        if self.queued[node] != 2:
            self._enqueue(node)
        self.inflow[node] += amount

    def _push(self, key: int, node: int) -> None:
        heap, item, spot = self.heap, (key << 32) | node, self.heaped
        self.heaped = spot + 1
        while spot > 0:
            parent = (spot - 1) >> 1
            if heap[parent] <= item:
                break
            heap[spot] = heap[parent]
            spot = parent
        heap[spot] = item

    def _pop(self) -> int:
        heap, size = self.heap, self.heaped - 1
        self.heaped = size
        top, item, spot = heap[0], heap[size], 0
        child = 1
        while child < size:
            if child + 1 < size and heap[child + 1] < heap[child]:
                child += 1
            if heap[child] >= item:
                break
            heap[spot] = heap[child]
            spot, child = child, 2 * child + 1
        heap[spot] = item
        return top
