"""Networks and dependency graphs as rows of numbers, for kernels. Everything that kernels trust is checked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine.memory import Memory
from forestall.twin.kernels.buffers import DOWN, FAR, Floats, Ints, Shape

Numbers = NDArray[np.int32]

LARGEST = 1 << 28
"""Nodes or links of a network, at most: rows of what belongs to them are numbered with 32 bits."""
NOTHING = 1e-300
"""What no capacity counts as, so that any traffic is too much for it, and none is not."""


class NetworkFullError(Exception):
    """There is no room for one more link: the network must be built anew."""


class Names:
    """Names and their numbers, from 0. A number is never given to another name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        for name in names:
            self.add(name)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> int:
        """Number of a new name; ValueError where there is one."""
        if name in self._numbers:
            raise ValueError(f"{name}: there is one of that name already")
        self._numbers[name] = len(self._names)
        self._names.append(name)
        return self._numbers[name]

    def remove(self, name: str) -> int:
        """Forget the name; its number, which stays unused. KeyError where there is none."""
        return self._numbers.pop(name)

    def number(self, name: str) -> int:
        """Number of the name; KeyError where there is none."""
        return self._numbers[name]

    def name(self, number: int) -> str:
        """Name that has, or had, the number."""
        return self._names[number]


def whole(values: ArrayLike, what: str) -> NDArray[np.int64]:
    """The values as a row of whole numbers; ValueError if there are others, truths among them."""
    found = np.asarray(values).ravel()
    if found.size and found.dtype.kind not in "iu":
        raise ValueError(f"{what}: whole numbers of 64 bits were expected")
    return found.astype(np.int64)


def indices(values: ArrayLike, limit: int, what: str) -> Numbers:
    """The values as a row of numbers from 0 to `limit - 1`; IndexError if one is not."""
    found = whole(values, what)
    wrong = found[(found < 0) | (found >= limit)]
    if wrong.size:
        raise IndexError(f"{what}: {wrong[0]} is not from 0 to {limit - 1}")
    return found.astype(np.int32)


def amounts(values: ArrayLike, size: int, what: str) -> NDArray[np.float64]:
    """The values as a row of `size` numbers; ValueError if there are others, or one is negative or without limit."""
    found = np.array(values, np.float64).ravel()
    if len(found) != size or not np.isfinite(found).all() or (found < 0).any():
        raise ValueError(f"{what}: {size} numbers, none negative or without limit, were expected")
    return found


def grouped(keys: Numbers, groups: int) -> tuple[Numbers, Numbers]:
    """Where each group begins, [groups + 1], and the places of `keys` by group, in order."""
    first = np.zeros(groups + 1, np.int32)
    np.cumsum(np.bincount(keys, minlength=groups), out=first[1:])
    return first, np.argsort(keys, kind="stable").astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class Links:
    """Links to build a network of; all rows are [links] unless it is said otherwise."""

    tail: ArrayLike
    """Node at one end."""
    head: ArrayLike
    """Node at the other end."""
    metric: ArrayLike = 1
    """Whole and positive: [links], or [links, 2] from tail to head and back, or one for all.

    DOWN for one of the two where a link leads one way only.
    """
    capacity: ArrayLike = np.inf
    """Traffic that it carries each way, not negative; shaped as `metric`."""
    up: ArrayLike = 1
    """0 where the link is down now."""


class Network:
    """A network in which links can fail, return, change and be added without being built anew.

    Link e is the arcs 2e (from tail to head) and 2e + 1 (back). Numbers of links that are not in use belong to links
    that are down and lead nowhere.
    """

    def __init__(self, nodes: int, links: Links, memory: Memory, *, spare: int = 0) -> None:
        """`spare` more links can be added, as far as they do not all end at the same nodes."""
        tail, head = indices(links.tail, nodes, "tail"), indices(links.head, nodes, "head")
        if len(tail) != len(head):
            raise ValueError("tail and head have different lengths")
        if (tail == head).any():
            raise ValueError("a link leads from a node to itself")
        self.nodes, self.used, self.memory = nodes, len(tail), memory
        slots = self.used + spare
        if max(nodes, slots) > LARGEST:
            raise ValueError(f"more than {LARGEST} nodes or links")
        self.up: Ints = memory.whole(_padded(_row(links.up, self.used) != 0, slots))
        self.metric: Ints = memory.whole(_padded(self._metrics(_both(links.metric, self.used)), 2 * slots, 1))
        self.capacity: Floats = memory.real(_padded(_capacities(_both(links.capacity, self.used)), 2 * slots))
        self.shape = _shape(nodes, tail, head, slots, memory)

    def _metrics(self, metric: NDArray[np.float64]) -> Numbers:
        limit, missing = FAR // max(self.nodes, 1), metric == DOWN
        wrong = ~missing & ~((metric >= 1) & (metric < limit) & (metric == np.floor(metric)))
        if wrong.any() or missing.reshape(-1, 2).all(axis=1).any():
            raise ValueError(f"metric: whole numbers from 1 to {limit - 1}, or DOWN one way, were expected")
        return metric.astype(np.int32)

    def passable(self) -> NDArray[np.bool_]:
        """[arcs] whether traffic can take the arc: its link is up, and leads that way."""
        found: NDArray[np.bool_] = np.asarray(self.metric) != DOWN
        found &= np.repeat(np.asarray(self.up) != 0, 2)
        return found

    def cost(self) -> Ints:
        """What each arc costs: its metric, or DOWN."""
        return self.memory.whole(np.where(self.passable(), np.asarray(self.metric), DOWN))

    def room(self) -> Floats:
        """1 / capacity of each arc: 0 where the capacity is without limit, and a very large number where it is 0."""
        return self.memory.real(1.0 / np.maximum(np.asarray(self.capacity), NOTHING))

    def add(self, tail: int, head: int, metric: tuple[int, int], capacity: tuple[float, float]) -> int:
        """Number of a new link, which is up. NetworkFullError where there is no room for it.

        `metric` and `capacity` are from tail to head, and back, as in `Links`.
        """
        ends = indices((tail, head), self.nodes, "end")
        if tail == head:
            raise ValueError("a link leads from a node to itself")
        self._metrics(np.array(metric, np.float64))
        _capacities(np.array(capacity, np.float64))
        if self.used == self.shape.links or any(self._full(int(end)) for end in ends):
            raise NetworkFullError("no room for one more link")
        link, self.used = self.used, self.used + 1
        for arc, start, end in ((2 * link, tail, head), (2 * link + 1, head, tail)):
            self.metric[arc], self.capacity[arc] = metric[arc & 1], capacity[arc & 1]
            self._place(arc, start, end)
        self.up[link] = 1
        return link

    def _full(self, node: int) -> bool:
        limit = self.shape.start[node + 1] if node + 1 < self.nodes else len(self.shape.heads)
        return self.shape.stop[node] == limit

    def _place(self, arc: int, tail: int, head: int) -> None:
        place = self.shape.stop[tail]
        self.shape.stop[tail] = place + 1
        self.shape.tail[arc], self.shape.head[arc] = tail, head
        self.shape.heads[place], self.shape.arcs[place] = head, arc

    def of_nodes(self, nodes: Iterable[int]) -> list[int]:
        """Links that end at any of the nodes, ordered: a node fails as its links do."""
        found = indices(list(nodes), self.nodes, "node").tolist()
        shape = self.shape
        return sorted(
            {shape.arcs[place] >> 1 for node in found for place in range(shape.start[node], shape.stop[node])}
        )

    def breadth_first(self) -> Numbers:
        """The nodes in an order in which neighbours are close, which makes searches of large networks faster."""
        first, order = grouped(np.asarray(self.shape.tail)[: 2 * self.used], self.nodes)
        heads = np.asarray(self.shape.head)[order].tolist()
        bounds, seen, found = first.tolist(), bytearray(self.nodes), list[int]()
        for root in range(self.nodes):
            done = len(found)
            if not seen[root]:
                seen[root] = 1
                found.append(root)
            while done < len(found):
                node = found[done]
                done += 1
                for head in heads[bounds[node] : bounds[node + 1]]:
                    if not seen[head]:
                        seen[head] = 1
                        found.append(head)
        return np.array(found, np.int32)


def _capacities(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not (values >= 0).all():
        raise ValueError("capacity: no number may be negative")
    return values


def _row(values: ArrayLike, size: int) -> NDArray[np.float64]:
    return np.array(np.broadcast_to(np.asarray(values, np.float64), (size,)))


def _both(values: ArrayLike, links: int) -> NDArray[np.float64]:
    """A value for each arc, from one for all, one for each link or two for each link."""
    given = np.asarray(values, np.float64)
    if given.ndim == 1:
        given = given[:, None]
    return np.array(np.broadcast_to(given, (links, 2))).ravel()


def _padded(values: NDArray[np.generic], size: int, filler: int = 0) -> NDArray[np.generic]:
    found = np.full(size, filler, values.dtype)
    found[: len(values)] = values
    return found


def _shape(nodes: int, tail: Numbers, head: Numbers, slots: int, memory: Memory) -> Shape:
    links = len(tail)
    tails, heads = np.stack([tail, head], 1).ravel(), np.stack([head, tail], 1).ravel()
    degree = np.bincount(tails, minlength=nodes)
    slack = np.zeros(nodes, np.int64) if slots == links else 1 + degree // 4
    stop_of_row = np.cumsum(degree + slack)
    start = stop_of_row - degree - slack
    order = np.argsort(tails, kind="stable")
    first = np.cumsum(degree) - degree
    places = np.arange(2 * links) + (start - first)[tails[order]]
    row_heads, row_arcs = (np.zeros(int(stop_of_row[-1]) if nodes else 0, np.int32) for _ in range(2))
    row_heads[places], row_arcs[places] = heads[order], order
    return Shape(
        nodes=nodes,
        links=slots,
        start=memory.whole(start),
        stop=memory.whole(start + degree),
        heads=memory.whole(row_heads),
        arcs=memory.whole(row_arcs),
        tail=memory.whole(_padded(tails, 2 * slots)),
        head=memory.whole(_padded(heads, 2 * slots)),
    )


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """Gates of a dependency graph, flat: gate g belongs to `owner[g]`, which is up only if `needs[g]` members are."""

    nodes: int
    owner: ArrayLike
    """[gates]"""
    needs: ArrayLike
    """[gates] from 0 to the number of members"""
    first: ArrayLike
    """[gates + 1] where the members of each gate begin"""
    members: ArrayLike
    """[memberships]; a gate has a node as a member at most once"""

    @classmethod
    def of(cls, nodes: int, gates: Sequence[tuple[int, int, Sequence[int]]]) -> Requirements:
        """From (owner, needs, members) for each gate."""
        sizes = np.cumsum([0, *(len(members) for _, _, members in gates)])
        members = [member for _, _, found in gates for member in found]
        owner, needs = [gate[0] for gate in gates], [gate[1] for gate in gates]
        return cls(nodes=nodes, owner=owner, needs=needs, first=sizes, members=members)


@dataclass(frozen=True, kw_only=True, eq=False)
class GateRows:
    """Gates as kernels read them."""

    nodes: int
    owner: Numbers
    room: Numbers
    """[gates] members that it can spare"""
    first: Numbers
    """[nodes + 1] where the gates that the node is a member of begin"""
    gates: Numbers
    """[memberships]"""


def gate_rows(given: Requirements) -> GateRows:
    """Check the gates and turn them round: from nodes to the gates that need them. ValueError if they are not sound."""
    owner = indices(given.owner, given.nodes, "owner")
    bounds, members = whole(given.first, "first"), indices(given.members, given.nodes, "member")
    sizes = np.diff(bounds)
    if len(bounds) != len(owner) + 1 or bounds[0] != 0 or bounds[-1] != len(members) or (sizes < 0).any():
        raise ValueError("first: where the members of each gate begin was expected")
    needs = whole(given.needs, "needs")
    if len(needs) != len(owner) or (needs < 0).any() or (needs > sizes).any():
        raise ValueError("needs: from 0 to the number of members was expected")
    gates = np.repeat(np.arange(len(owner)), sizes)
    pairs = members.astype(np.int64) * max(len(owner), 1) + gates
    if len(np.unique(pairs)) != len(pairs):
        raise ValueError("members: a gate has a node as a member twice")
    first, order = grouped(members, given.nodes)
    return GateRows(
        nodes=given.nodes,
        owner=owner,
        room=(sizes - needs).astype(np.int32),
        first=first,
        gates=gates[order].astype(np.int32),
    )


def risk_groups(members: Mapping[str, Sequence[int]], links: int) -> tuple[Names, Numbers, Numbers]:
    """Names of groups of links that fail together, where each group begins [groups + 1], and its links."""
    names = Names(members)
    first = np.cumsum([0, *(len(found) for found in members.values())]).astype(np.int32)
    return names, first, indices([link for found in members.values() for link in found], links, "link")
