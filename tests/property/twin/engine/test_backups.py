"""Other ways, on random small networks, held against least cuts and full flows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from forestall.twin.engine import Backups, Kernels
from forestall.twin.engine.backups import MOST
from tests.oracle.searches import Net, Reals, agreed, disjoint, most_flow
from tests.property.twin.engine.drawing import SETTINGS, anchors, nets, same


@SETTINGS
@given(data=st.data(), apart=st.booleans())
def test_disjoint_paths_are_as_many_as_the_least_cut_and_share_nothing(data: st.DataObject, apart: bool) -> None:
    net = data.draw(nets())
    ends = data.draw(anchors(net))
    source = data.draw(st.integers(0, net.nodes - 1).filter(lambda node: node not in ends))

    def asked(kernels: Kernels) -> tuple[list[list[int]], list[int]]:
        backups = Backups(net.network(kernels), kernels)
        return backups.paths(source, ends, nodes_apart=apart), backups.counts(
            [source], ends, nodes_apart=apart
        ).tolist()

    paths, counts = agreed(asked)

    assert counts == [len(paths)] == [min(MOST, disjoint(net, source, ends, nodes_apart=apart))]
    links = [arc >> 1 for path in paths for arc in path]
    assert len(links) == len(set(links))
    arcs = {arc: (tail, head) for tail, head, arc in net.directed().edges(keys=True)}
    for path in paths:
        stops = [arcs[arc] for arc in path]
        assert stops[0][0] == source
        assert stops[-1][1] in ends
        assert all(one[1] == other[0] for one, other in pairwise(stops))
    passed = [arcs[arc][1] for path in paths for arc in path]
    assert not apart or len(passed) == len(set(passed))


@SETTINGS
@given(data=st.data())
def test_flow_that_is_left_after_each_failure_is_that_of_a_full_search(data: st.DataObject) -> None:
    net = data.draw(nets())
    source, target = data.draw(st.lists(st.integers(0, net.nodes - 1), min_size=2, max_size=2, unique=True))
    size = 2 * len(net.links)
    capacity = np.array(data.draw(st.lists(st.sampled_from((0.0, 1.0, 2.5, 4.0)), min_size=size, max_size=size)))

    def asked(kernels: Kernels) -> tuple[float, Reals]:
        network = net.network(kernels, capacity=capacity.reshape(-1, 2))
        return Backups(network, kernels).capacity_after_each_link(source, target)

    total, left = agreed(asked)

    searched = [most_flow(net.without([link]), capacity.tolist(), source, target) for link in range(len(net.links))]
    assert total == pytest.approx(most_flow(net, capacity.tolist(), source, target))
    same(left, np.array(searched))
    assert (left <= total + 1e-9).all()
    assert (left >= total - capacity.reshape(-1, 2).max(axis=1) - 1e-9).all()


@SETTINGS
@given(data=st.data(), apart=st.booleans())
def test_numbers_of_nodes_do_not_matter(data: st.DataObject, apart: bool) -> None:
    net = data.draw(nets())
    number = data.draw(st.permutations(range(net.nodes)))

    def counts(of: Net, anchor: int) -> NDArray[np.int32]:
        return agreed(
            lambda kernels: Backups(of.network(kernels), kernels).counts(range(of.nodes), [anchor], nodes_apart=apart)
        )

    assert counts(net.renumbered(number), number[0])[number].tolist() == counts(net, 0).tolist()
