"""Random small networks, demands, changes and dependency graphs."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from forestall.twin.engine import DOWN, failing
from tests.oracle.searches import Gate, Net, Reals

SETTINGS = settings(max_examples=300, derandomize=True, deadline=None)
Metrics = tuple[int, int]


@st.composite
def nets(draw: st.DrawFn) -> Net:
    """With parallel links, nodes without links, ties, links that lead one way only, and links that are down."""
    nodes = draw(st.integers(2, 9))
    metrics = draw(st.sampled_from(_kinds(draw(st.sampled_from((1, 3, 20))))))
    links = [(*draw(_ends(nodes)), *draw(metrics)) for _ in range(draw(st.integers(1, 18)))]
    return Net(nodes, links, frozenset(draw(st.sets(st.integers(0, len(links) - 1), max_size=2))))


def _kinds(highest: int) -> list[st.SearchStrategy[Metrics]]:
    """Metrics of a link: the same both ways, one for each way, or any of these and none for the way back."""
    metric = st.integers(1, highest)
    same, each, one_way = (
        metric.map(lambda both: (both, both)),
        st.tuples(metric, metric),
        st.tuples(metric, st.just(DOWN)),
    )
    return [same, each, st.one_of(same, each, one_way)]


def _ends(nodes: int) -> st.SearchStrategy[tuple[int, int]]:
    node = st.integers(0, nodes - 1)
    return st.tuples(node, node).filter(lambda ends: ends[0] != ends[1])


@st.composite
def demands(draw: st.DrawFn, nodes: int) -> Reals:
    """[to, from], with many zeros."""
    cells = st.lists(st.sampled_from((0.0, 0.0, 1.0, 2.5, 7.0)), min_size=nodes * nodes, max_size=nodes * nodes)
    return np.array(draw(cells)).reshape(nodes, nodes) * (1 - np.eye(nodes))


@st.composite
def laden(draw: st.DrawFn) -> tuple[Net, Reals]:
    """A network and its demands."""
    net = draw(nets())
    return net, draw(demands(net.nodes))


def some(net: Net) -> st.SearchStrategy[set[int]]:
    """Links that fail together: none, some, those of a node, or all."""
    links = st.integers(0, len(net.links) - 1)
    of_nodes = [{number for number, link in enumerate(net.links) if node in link[:2]} for node in range(net.nodes)]
    return st.one_of(st.sets(links, max_size=4), st.sampled_from([*of_nodes, set(range(len(net.links)))]))


@st.composite
def changes(draw: st.DrawFn, net: Net) -> tuple[Net, dict[int, int]]:
    """The network after links failed, returned, or got better or worse; and what their arcs then cost."""
    links, down, costs = list(net.links), set(net.down), dict[int, int]()
    for link in draw(st.sets(st.integers(0, len(links) - 1), max_size=5)):
        if draw(st.booleans()):
            down.add(link)
            costs |= failing([link])
        else:
            metrics = draw(st.one_of(*_kinds(20)))
            links[link] = (*links[link][:2], *metrics)
            down.discard(link)
            costs |= {2 * link: metrics[0], 2 * link + 1: metrics[1]}
    return Net(net.nodes, links, frozenset(down)), costs


def anchors(net: Net) -> st.SearchStrategy[set[int]]:
    """One node or a few."""
    return st.sets(st.integers(0, net.nodes - 1), min_size=1, max_size=3)


@st.composite
def gated(draw: st.DrawFn) -> tuple[int, list[Gate]]:
    """Gates between a few nodes, in circles more often than not."""
    nodes = draw(st.integers(2, 10))
    members = st.lists(st.integers(0, nodes - 1), min_size=1, max_size=min(5, nodes), unique=True)
    drawn = draw(st.lists(st.tuples(st.integers(0, nodes - 1), members), min_size=1, max_size=18))
    return nodes, [(owner, draw(st.integers(0, len(found))), found) for owner, found in drawn]


def same(one: Reals, other: Reals) -> None:
    """Fail unless both are equal but for the error of floats."""
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
