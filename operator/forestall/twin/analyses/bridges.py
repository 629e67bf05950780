"""Which cables some part of the network has no other way without, as it is and after failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from forestall.twin.analyses.failing import Failed
from forestall.twin.analyses.reachability import parts
from forestall.twin.analyses.routed import Routed
from forestall.twin.engine import Cutting, default

Marks = NDArray[np.bool_]


class Bridges:
    """Finds cables that some node has no other way without. Not for two threads at once."""

    def __init__(self, given: Routed) -> None:
        self._given, self._network = given, given.build(metrics=False)
        self._cutting = Cutting(self._network, default().kernels)
        self._all = np.ones(given.cables, np.bool_)
        members: defaultdict[int, list[int]] = defaultdict(list)
        for node, part in enumerate(parts(given).tolist()):
            members[part].append(node)
        self._members = list(members.values())

    def after(self, failed: Failed) -> Marks:
        """[cables] whether it may be a bridge once the failure has happened."""
        if self._given.one_way:
            return self._all
        weight, gone = np.ones(self._given.nodes), set(failed.nodes)
        weight[list(gone)] = 0.0
        anchors = [node for nodes in self._members for node in islice((node for node in nodes if node not in gone), 1)]
        with self._without(failed.cables):
            found = self._cutting.from_anchors(weight, anchors)
        # What the failure splits off has no anchor, and its bridges are not found.
        return self._all if found.today else found.by_link[: self._given.cables] > 0

    @contextmanager
    def _without(self, cables: Sequence[int]) -> Iterator[None]:
        for cable in cables:
            self._network.up[cable] = 0
        yield
        for cable in cables:
            self._network.up[cable] = 1
