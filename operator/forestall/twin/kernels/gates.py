"""What falls with what: nodes that need k of n others, kept right while nodes fail and are repaired.

A node is up unless it failed itself or a gate that it owns broke; a gate holds as long as it has room, that is, as
fewer of its members are down than it can spare. What is down is the least such set: a circle of nodes that need each
other does not fall by itself, and comes back by itself once nothing else holds it down.

Counting alone gets the last point wrong, since nodes of a circle would hold each other down for ever. So whenever
something that a circle rests on gets better, all nodes of the circle are raised and fall again where they must.
"""

from __future__ import annotations

from forestall.twin.kernels.buffers import Floats, Ints, Leaning, Memory

try:
    import cython
except ImportError:
    from forestall.twin.kernels import uncompiled as cython


class Gates:
    """State of one dependency graph. Not for two threads at once."""

    def __init__(self, leaning: Leaning, room: Ints, memory: Memory) -> None:
        """With nothing failed. `room` is [gates], how many members each can spare; it is kept, and changed."""
        self.first, self.gates, self.owner, self.room = leaning.first, leaning.gates, leaning.owner, room
        self.circle, self.circle_first, self.circle_nodes = leaning.circle, leaning.circle_first, leaning.circle_nodes
        nodes, gates, circles = len(self.first) - 1, len(self.owner), len(self.circle_first) - 1
        self.down: Ints = memory.ints(nodes)
        self.failed: Ints = memory.ints(nodes)
        self.broken: Ints = memory.ints(nodes)  # broken gates that the node owns
        self.queue: Ints = memory.ints(2 * nodes)
        self.size = 0
        self.dirty: Ints = memory.ints(circles)  # circles to be raised, first `dirt`
        self.is_dirty: Ints = memory.ints(circles)
        self.dirt = 0
        self.was_down: Ints = memory.ints(nodes)
        self.strain: Ints = memory.ints(gates)

    def fail(self, nodes: Ints) -> int:
        """Take it for a fact that the nodes fail; return how many went down. They are first in `queue`."""
        with cython.nogil:
            for place in range(len(nodes)):
                self.failed[nodes[place]] = 1
            self._blast(nodes)
        return self.size

    def repair(self, node: int) -> int:
        """Take it for a fact that the node's own failure is over; return how many came up."""
        with cython.nogil:
            return self._repair(node)

    def suppose(self, nodes: Ints) -> int:
        """How many more would be down if the nodes failed. They are first in `queue`, the nodes themselves ahead."""
        with cython.nogil:
            self._blast(nodes)
            self._undo()
        return self.size

    def sweep(self, first: Ints, nodes: Ints, weight: Floats, size: Ints, lost: Floats) -> None:
        """Suppose many failures, one after the other: how many more would be down, and how much weight.

        Failure s is places `first[s]` to `first[s + 1] - 1` of `nodes`; `weight` is [nodes], `size` and `lost` are
        [failures].
        """
        with cython.nogil:
            for failure in range(len(first) - 1):
                self.size = 0
                for place in range(first[failure], first[failure + 1]):
                    self._fall(nodes[place])
                self._follow(0)
                total = 0.0
                for place in range(self.size):
                    total += weight[self.queue[place]]
                size[failure], lost[failure] = self.size, total
                self._undo()

    def strained(self, node: int, gates: Ints, used: Ints) -> int:
        """Gates that would lose members if the node failed, and hold: how many, which, and how many members.

        `gates` and `used` are [all gates]; `gates[i]` would lose `used[i]` more members than today.
        """
        with cython.nogil:
            self.size = 0
            self._fall(node)
            self._follow(0)
            found = self._strained(gates, used)
            self._undo()
        return found

    def _strained(self, gates: Ints, used: Ints) -> int:
        found = 0
        for spot in range(self.size):
            for place in range(self.first[self.queue[spot]], self.first[self.queue[spot] + 1]):
                gate = self.gates[place]
                if self.room[gate] < 0 or self.down[self.owner[gate]]:
                    continue
                if not self.strain[gate]:
                    gates[found] = gate
                    found += 1
                self.strain[gate] += 1
        for spot in range(found):
            gate = gates[spot]
            used[spot], self.strain[gate] = self.strain[gate], 0
        return found

    def _blast(self, nodes: Ints) -> None:
        self.size = 0
        for place in range(len(nodes)):
            self._fall(nodes[place])
        self._follow(0)

    def _fall(self, node: int) -> None:
        if not self.down[node]:
            self.down[node] = 1
            self.queue[self.size] = node
            self.size += 1

    def _follow(self, done: int) -> None:
        """Let all fall that leans on the queue from place `done` on."""
        first, gates, queue, room = self.first, self.gates, self.queue, self.room
        while done < self.size:
            node = queue[done]
            done += 1
            for place in range(first[node], first[node + 1]):
                gate = gates[place]
                left = room[gate] - 1
                room[gate] = left
                if left == -1:
                    self.broken[self.owner[gate]] += 1
                    self._fall(self.owner[gate])

    def _undo(self) -> None:
        first, gates, queue, room = self.first, self.gates, self.queue, self.room
        for spot in range(self.size):
            node = queue[spot]
            self.down[node] = 0
            for place in range(first[node], first[node + 1]):
                gate = gates[place]
                left = room[gate]
                room[gate] = left + 1
                if left == -1:
                    self.broken[self.owner[gate]] -= 1

    def _repair(self, node: int) -> int:
        if not self.failed[node]:
            return 0
        self.failed[node] = 0
        self.size = self.dirt = 0
        self._reconsider(node)
        done = 0
        while done < self.size or self.dirt:
            if done < self.size:
                self._relieve(self.queue[done])
                done += 1
            else:
                self.dirt -= 1
                self._raise(self.dirty[self.dirt])
        return self.size

    def _reconsider(self, node: int) -> None:
        """Something that held the node down got better."""
        circle = self.circle[node]
        if not self.down[node]:
            return
        if circle >= 0:
            if not self.is_dirty[circle]:
                self.is_dirty[circle] = 1
                self.dirty[self.dirt] = circle
                self.dirt += 1
        elif not self.failed[node] and not self.broken[node]:
            self.down[node] = 0
            self.queue[self.size] = node
            self.size += 1

    def _relieve(self, node: int) -> None:
        """Give room to gates outside of the node's circle, since the node came up."""
        for place in range(self.first[node], self.first[node + 1]):
            gate = self.gates[place]
            owner = self.owner[gate]
            if self.circle[node] < 0 or self.circle[owner] != self.circle[node]:
                self._give_room(gate)
                self._reconsider(owner)

    def _give_room(self, gate: int) -> None:
        self.room[gate] += 1
        if self.room[gate] == 0:
            self.broken[self.owner[gate]] -= 1

    def _raise(self, circle: int) -> None:
        """Raise all nodes of the circle, let fall what must, and queue what stays up."""
        start, stop = self.circle_first[circle], self.circle_first[circle + 1]
        self.is_dirty[circle] = 0
        for place in range(start, stop):
            node = self.circle_nodes[place]
            self.was_down[node] = self.down[node]
            if self.down[node]:
                self.down[node] = 0
                self._within(node, circle)
        end = self.size
        for place in range(start, stop):
            node = self.circle_nodes[place]
            if self.failed[node] or self.broken[node]:
                self._fall(node)
        self._follow_within(end, circle)
        self.size = end
        for place in range(start, stop):
            node = self.circle_nodes[place]
            if self.was_down[node] and not self.down[node]:
                self.queue[self.size] = node
                self.size += 1

    def _within(self, node: int, circle: int) -> None:
        """Give room to gates of the node's own circle."""
        for place in range(self.first[node], self.first[node + 1]):
            if self.circle[self.owner[self.gates[place]]] == circle:
                self._give_room(self.gates[place])

    def _follow_within(self, done: int, circle: int) -> None:
        """Let all of the circle fall that leans on the queue from place `done` on."""
        while done < self.size:
            node = self.queue[done]
            done += 1
            for place in range(self.first[node], self.first[node + 1]):
                gate = self.gates[place]
                owner = self.owner[gate]
                if self.circle[owner] == circle:
                    self.room[gate] -= 1
                    if self.room[gate] == -1:
                        self.broken[owner] += 1
                        self._fall(owner)
