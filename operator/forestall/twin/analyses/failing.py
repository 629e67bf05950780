"""What of a network fails with elements of any layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.twin.analyses.layers import layers
from forestall.twin.analyses.routed import Routed


@dataclass(frozen=True, slots=True)
class Failed:
    """Cables and nodes that go down, beyond what is down today; ordered."""

    cables: tuple[int, ...]
    nodes: tuple[int, ...]

    def plus(self, other: Failed) -> Failed:
        """What either takes down."""
        return Failed(
            cables=tuple(sorted({*self.cables, *other.cables})), nodes=tuple(sorted({*self.nodes, *other.nodes}))
        )


class Failing:
    """Follows failures up to one network. Not for two threads at once."""

    def __init__(self, routed: Routed) -> None:
        self._layers = layers(routed.topology)
        self._falling = self._layers.falling()
        number, cabling = self._layers.number, routed.cabling
        up = routed.up.tolist()
        self._cable = {number[link]: cable for link, cable in cabling.cable.items() if up[cable]}
        self._node = {number[key]: node for key, node in cabling.node.items() if key in number}
        self.has_spares = self._layers.has_spares
        """Whether two failures may take down what neither takes down alone."""

    def of(self, elements: Iterable[Key]) -> Failed:
        """What fails with the elements; with the members of risk groups. KeyError for an element that is not known."""
        fallen = self._falling.suppose(self._layers.numbers(elements))
        return Failed(
            cables=tuple(sorted({self._cable[element] for element in fallen if element in self._cable})),
            nodes=tuple(sorted(self._node[element] for element in fallen if element in self._node)),
        )
