"""What kernels read and write: flat rows of numbers, and the shape of a network in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

FAR = 1 << 29
"""Distance of what has no way; every true distance is less."""
DOWN = 1 << 30
"""Cost of an arc that is down: more than any distance, so that no path takes it."""


class Ints(Protocol):
    """A row of whole numbers: a list, or an array of 32 bits (of 64 bits where it is said so)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...


class Floats(Protocol):
    """A row of numbers: a list, or an array of 64 bits."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> float: ...

    def __setitem__(self, index: int, value: float, /) -> None: ...


class Memory(Protocol):
    """Where rows come from: lists for kernels as they are written, arrays for compiled ones."""

    def ints(self, size: int, value: int = 0, /) -> Ints:
        """A row of `size` numbers of 32 bits, all `value`."""

    def longs(self, size: int, value: int = 0, /) -> Ints:
        """A row of `size` numbers of 64 bits, all `value`."""

    def floats(self, size: int, value: float = 0.0, /) -> Floats:
        """A row of `size` floats, all `value`."""

    def int_columns(self, size: int, *values: int) -> tuple[Ints, ...]:
        """A row of `size` numbers of 32 bits for each value; what they hold at one place lies together."""

    def float_columns(self, size: int, number: int, /) -> tuple[Floats, ...]:
        """So many rows of `size` floats, all 0; what they hold at one place lies together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """Which nodes are joined. Link e is the arcs 2e and 2e + 1, one each way, so an arc's reverse is `arc ^ 1`.

    Places `start[v]` to `stop[v] - 1` of `heads` and `arcs` hold the arcs out of node v; other places are unused.
    """

    nodes: int
    links: int
    start: Ints
    """[nodes]"""
    stop: Ints
    """[nodes]"""
    heads: Ints
    """[places] node that the arc leads to"""
    arcs: Ints
    """[places] number of the arc"""
    tail: Ints
    """[2 * links] node that the arc leaves"""
    head: Ints
    """[2 * links] node that the arc leads to"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """Changes to suppose, and what is written about each: all rows of one sweep."""

    first: Ints
    """[changes + 1] where the arcs of each change begin"""
    arcs: Ints
    """Arcs that change, each once in a change."""
    costs: Ints
    """What they then cost; DOWN where they fail."""
    room: Floats
    """[arcs] 1 / capacity"""
    ranking: Ints
    """[arcs] the arcs by utilisation as it is, highest first"""
    lost: Floats
    """[changes] written: traffic that is lost"""
    peak: Floats
    """[changes] written: highest utilisation"""
    peak_arc: Ints
    """[changes] written: its arc"""
    over: Ints
    """[changes] written: how many arcs are used above 1"""
    worst: Floats
    """[arcs] utilisation; written where a change exceeds it"""
    cause: Ints
    """[arcs] written with that: the change"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaning:
    """Which gates lean on which nodes. A gate belongs to a node, and has nodes as its members."""

    first: Ints
    """[nodes + 1] where the gates that the node is a member of begin"""
    gates: Ints
    """[memberships]"""
    owner: Ints
    """[gates]"""
    circle: Ints
    """[nodes] number of the circle of nodes that need each other, or -1"""
    circle_first: Ints
    """[circles + 1] where the nodes of each circle begin"""
    circle_nodes: Ints
    """The nodes, by circle."""
