"""Numbers that name nothing never reach a kernel, which would read and write past its rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forestall.twin.engine import DOWN, Backups, Cutting, Falling, Kernels, Requirements, Rerouting
from tests.oracle.searches import MAKES, Net
from tests.property.twin.engine.drawing import SETTINGS

NET = Net(3, [(0, 1, 1, 1), (1, 2, 1, 1)])
GATES = Requirements.of(3, [(0, 1, [1, 2])])
Ask = Callable[[Kernels, int], object]


def rerouting(kernels: Kernels) -> Rerouting:
    return Rerouting(NET.network(kernels), range(3), np.ones((3, 3)), kernels)


def backups(kernels: Kernels) -> Backups:
    return Backups(NET.network(kernels), kernels)


def cutting(kernels: Kernels) -> Cutting:
    return Cutting(NET.network(kernels), kernels)


NODES: dict[str, Ask] = {
    "a gate's owner": lambda kernels, node: Falling(Requirements.of(3, [(node, 1, [1])]), kernels),
    "a gate's member": lambda kernels, node: Falling(Requirements.of(3, [(0, 1, [node])]), kernels),
    "failed": lambda kernels, node: Falling(GATES, kernels).fail([node]),
    "repaired": lambda kernels, node: Falling(GATES, kernels).repair(node),
    "supposed to fail": lambda kernels, node: Falling(GATES, kernels).suppose([node]),
    "swept": lambda kernels, node: Falling(GATES, kernels).sweep([[node]], np.ones(3)),
    "a candidate": lambda kernels, node: Falling(GATES, kernels).meeting([node]),
    "a destination": lambda kernels, node: Rerouting(NET.network(kernels), [node], np.ones((1, 3)), kernels),
    "a source of paths": lambda kernels, node: backups(kernels).paths(node, [0], nodes_apart=True),
    "one source of many": lambda kernels, node: backups(kernels).counts([node], [0], nodes_apart=True),
    "an end of paths": lambda kernels, node: backups(kernels).counts([0], [node], nodes_apart=False),
    "a source of flow": lambda kernels, node: backups(kernels).capacity_after_each_link(node, 0),
    "a target of flow": lambda kernels, node: backups(kernels).capacity_after_each_link(0, node),
    "an anchor": lambda kernels, node: cutting(kernels).from_anchors([1, 1, 1], [node]),
    "a source of demand": lambda kernels, node: cutting(kernels).of_pairs([node], [0], [1]),
    "a target of demand": lambda kernels, node: cutting(kernels).of_pairs([0], [node], [1]),
    "what links end at": lambda kernels, node: NET.network(kernels).of_nodes([node]),
    "an end of a new link": lambda kernels, node: NET.network(kernels, spare=1).add(0, node, (1, 1), (1, 1)),
}
LINKS: dict[str, Ask] = {
    "a failed link": lambda kernels, link: rerouting(kernels).sweep([[link]]),
    "half of an arc": lambda kernels, link: rerouting(kernels).suppose({2 * link: DOWN}),
    "half of a changed arc": lambda kernels, link: rerouting(kernels).commit({2 * link + 1: 1}),
}


def outside(size: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(-(2**40), -1), st.integers(size, 2**40))


@pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)
@SETTINGS
@given(node=outside(3), link=outside(2))
def test_numbers_that_name_nothing_are_refused_wherever_they_are_taken(kernels: Kernels, node: int, link: int) -> None:
    for asked, number in ((NODES, node), (LINKS, link)):
        for ask in asked.values():
            with pytest.raises(IndexError, match="is not from 0 to"):
                ask(kernels, number)
