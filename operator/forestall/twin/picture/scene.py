"""What is drawn: nodes as spots, cables as pairs of halves, places as patches; in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.twin.topology import NODE, NetworkLink, RiskGroup

WIDTH: Final = 1200.0
"""Of the picture."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A node."""

    key: Key
    name: str
    x: float
    y: float
    radius: float
    failed: bool
    affected: bool
    hidden: int
    """How many nodes are left out that it stands for."""


@dataclass(frozen=True, slots=True)
class Half:
    """One direction of a cable, from its tail to the middle."""

    link: NetworkLink
    way: str
    """From where to where it leads, by name."""
    start: Point
    stop: Point
    utilisation: float | None
    """1 for full; None where it is not known."""

    @property
    def length(self) -> float:
        """How long it is."""
        return math.dist(self.start, self.stop)

    @property
    def ends(self) -> tuple[Key, Key]:
        """The nodes that the link leaves and leads to."""
        network = self.link.key.namespace
        return Key(NODE, network, self.link.tail), Key(NODE, network, self.link.head)


@dataclass(frozen=True, slots=True)
class Line:
    """A cable: its halves, of which the second is missing where no link leads back."""

    halves: tuple[Half, ...]
    failed: bool
    width: float

    @property
    def middle(self) -> Point:
        """Where its halves meet."""
        return self.halves[0].stop

    @property
    def depth(self) -> tuple[bool, float]:
        """What has more is drawn over what has less: full links over others, failed ones over all."""
        return self.failed, max(-1.0 if half.utilisation is None else half.utilisation for half in self.halves)


@dataclass(frozen=True, slots=True)
class Patch:
    """A risk group of nodes that stand in one place."""

    group: RiskGroup
    points: tuple[Point, ...]
    """Its outline."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is drawn, each kind from the back to the front."""

    height: float
    patches: tuple[Patch, ...]
    lines: tuple[Line, ...]
    spots: tuple[Spot, ...]
    nodes: int
    """How many there are in the network."""
    cables: int
    """How many there are in the network."""
