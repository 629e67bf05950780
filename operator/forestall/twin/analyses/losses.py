"""What is lost with cables and nodes of a network: by one search where all cables lead both ways, else by routing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from forestall.twin.analyses.failing import Failed
from forestall.twin.analyses.reachability import cut_off
from forestall.twin.analyses.routed import Reals, Routed
from forestall.twin.engine import Cutting, Impacts, default


class Losses(ABC):
    """Demand that loses its last way, beyond what has none today; what begins or ends at a failed node is left out."""

    by_node: Reals
    """[nodes] what is lost with each"""
    by_cable: Reals
    """[cables] what is lost with each"""

    def __init__(self, given: Routed) -> None:
        self._given, self._amount = given, given.demands.amount.copy()
        cut = cut_off(given)
        self.today = float(self._amount[cut].sum())
        """What has no way."""
        self._amount[cut] = 0.0
        self._network = given.build(metrics=False)

    def of(self, failed: Failed) -> float:
        """What is lost with all of it."""
        if not failed.nodes and len(failed.cables) == 1:
            return float(self.by_cable[failed.cables[0]])
        if len(failed.nodes) == 1 and failed.cables == self.cables_of(failed.nodes[0]):
            return float(self.by_node[failed.nodes[0]])
        return self._more(failed)

    def cables_of(self, node: int) -> tuple[int, ...]:
        """Cables at the node that are up."""
        return tuple(cable for cable in self._network.of_nodes([node]) if self._given.up[cable])

    def _more(self, failed: Failed) -> float:
        ended = float(self._amount[self._given.demands.ended(failed.nodes)].sum()) if failed.nodes else 0.0
        return self._lost(failed.cables) - self.today - ended

    @abstractmethod
    def _lost(self, cables: Iterable[int]) -> float:
        """What has no way while the cables are down."""


class SearchedLosses(Losses):
    """Of a network whose cables all lead both ways."""

    def __init__(self, given: Routed) -> None:
        super().__init__(given)
        self._cutting, self._demands = Cutting(self._network, default().kernels), given.demands
        found = self._ask()
        self.by_node, self.by_cable = found.by_node, found.by_link[: given.cables]

    def _lost(self, cables: Iterable[int]) -> float:
        failed, up = list(cables), self._network.up
        for cable in failed:
            up[cable] = 0
        found = self._ask().today
        for cable in failed:
            up[cable] = 1
        return found

    def _ask(self) -> Impacts:
        return self._cutting.of_pairs(self._demands.source, self._demands.target, self._demands.amount)


class RoutedLosses(Losses):
    """Of a network in which some cables have no way back. It takes as many questions as there are nodes and cables."""

    def __init__(self, given: Routed) -> None:
        super().__init__(given)
        self._routing = given.route(metrics=False)
        alone = [Failed(cables=(cable,), nodes=()) if up else None for cable, up in enumerate(given.up)]
        self.by_cable = np.array([0.0 if failed is None else self._more(failed) for failed in alone])
        nodes = (Failed(cables=self.cables_of(node), nodes=(node,)) for node in range(given.nodes))
        self.by_node = np.array([self._more(failed) for failed in nodes])

    def _lost(self, cables: Iterable[int]) -> float:
        return self._routing.would_move(cables).lost
