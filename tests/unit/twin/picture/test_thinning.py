"""Of a large network the well-connected nodes are drawn, and those that are marked; others are counted."""

from forestall.twin.picture.thinning import thinned

STAR = [(0, leaf) for leaf in range(1, 6)]


def test_a_small_network_stays_whole() -> None:
    found = thinned(6, STAR, keep=())
    assert (found.nodes, found.hidden) == (tuple(range(6)), {})


def test_leaves_go_first_and_are_counted_where_they_hung() -> None:
    found = thinned(6, STAR, keep=(), most=3)
    assert 0 in found.nodes
    assert found.hidden == {0: 3}


def test_what_is_marked_stays() -> None:
    assert {3, 5} <= set(thinned(6, STAR, keep={3, 5}, most=3).nodes)


def test_of_too_many_marked_nodes_those_of_most_neighbours_stay() -> None:
    assert 0 in thinned(6, STAR, keep=set(range(6)), most=2).nodes


def test_chains_are_counted_through() -> None:
    found = thinned(5, [(0, 1), (1, 2), (2, 3), (3, 4)], keep={0}, most=1)
    assert sum(found.hidden.values()) == 4


def test_links_to_itself_and_double_links_do_not_count() -> None:
    assert thinned(3, [(0, 0), (0, 0), (1, 2), (1, 2)], keep=(), most=2).nodes == (1, 2)
