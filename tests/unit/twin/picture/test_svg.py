"""A picture says by signs, colours and words what is known of a network; whatever its names hold, it is only text."""

from collections import Counter

import pytest

from forestall.twin.picture import percent
from forestall.twin.picture.style import shade
from forestall.twin.topology import Network, Topology
from tests.unit.twin.picture.drawing import NET, SVG, drawn, link, network, node, of_class, texts, tooltips

TRIANGLE = network(("a", "b"), ("b", "c"), ("c", "a"))
HOSTILE = '</title><script>alert(1)</script>&"\x00\x1b\N{RIGHT-TO-LEFT OVERRIDE}\ud800'


def test_every_node_and_both_ways_of_every_cable_are_drawn() -> None:
    root = drawn(TRIANGLE)
    assert (len(of_class(root, "node")), len(of_class(root, "cable")), len(of_class(root, "half"))) == (3, 3, 6)
    assert sorted(texts(root, "name")) == ["a", "b", "c"]


def test_each_way_has_the_colour_of_its_own_utilisation() -> None:
    root = drawn(TRIANGLE, utilisation={link("a", "b"): 0.1, link("b", "a"): 0.9, link("b", "c"): 1.2})
    kinds = [half.get("class", "").split()[1] for half in of_class(root, "half")]
    assert Counter(kinds) == {"u0": 1, "u4": 1, "u5": 1, "unknown": 3}
    assert "a-b-1: a → b: 10 % of 10 Gbit/s, metric 1" in tooltips(root)
    assert "c-a-1: c → a: not known of 10 Gbit/s, metric 1" in tooltips(root)


@pytest.mark.parametrize(
    ("utilisation", "kind"), [(None, "unknown"), (0.0, "u0"), (0.2, "u0"), (0.21, "u1"), (1.0, "u4"), (1.001, "u5")]
)
def test_colours_change_at_fifths_and_above_full(utilisation: float | None, kind: str) -> None:
    assert shade(utilisation) == kind


@pytest.mark.parametrize(
    ("utilisation", "text"), [(0.0, "0 %"), (0.996, "99 %"), (1.0, "100 %"), (1.001, "101 %"), (3.14159, "314 %")]
)
def test_a_share_is_never_rounded_across_full(utilisation: float, text: str) -> None:
    assert percent(utilisation) == text


def test_what_failed_is_crossed_out_and_what_suffers_is_shaded() -> None:
    root = drawn(TRIANGLE, failed={node("a"), link("b", "c")}, affected={node("c")})
    assert [len(of_class(root, kind)) for kind in ("node", "suffers", "halo")] == [1, 2, 2]
    assert len(of_class(root, "cross")) == len(("the node", "the cable", "the key to the sign"))
    assert len(of_class(root, "down")) == 2
    assert {"a: failed", "c: affected"} <= set(tooltips(root))


def test_only_signs_that_are_in_the_picture_are_explained() -> None:
    assert texts(drawn(TRIANGLE), "key") == ["not known"]
    keys = texts(drawn(TRIANGLE, utilisation={link("a", "b"): 0.5}, failed={node("a")}), "key")
    assert keys[-3:] == ["over 100 %", "not known", "failed"]


def test_the_fullest_links_say_how_full_they_are() -> None:
    root = drawn(TRIANGLE, utilisation={link("a", "b"): 0.69, link("b", "a"): 0.7, link("b", "c"): 1.2})
    assert texts(root, "share") == ["120 %", "70 %"]


def test_whoever_cannot_see_it_is_told_in_words() -> None:
    root = drawn(TRIANGLE, utilisation={link("a", "b"): 0.9}, failed={node("c")}, note="after a storm")
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title description")
    assert root.findtext(f"{SVG}title") == "a network"
    words = "3 nodes and 3 cables. a → b is at 90 %. Failed: c. after a storm"
    assert root.findtext(f"{SVG}desc") == words


def test_hostile_names_are_text() -> None:
    root = drawn(network((HOSTILE, "b"), ("<b>", "b")), title=HOSTILE, note=HOSTILE)
    assert not list(root.iter(f"{SVG}script"))
    shown = '</title><script>alert(1)</script>&"' + 4 * "\N{REPLACEMENT CHARACTER}"
    assert root.findtext(f"{SVG}title") == shown
    assert shown in tooltips(root)
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_long_names_keep_their_beginning_and_their_end_and_stand_whole_in_the_tooltip() -> None:
    name = f"router-{'x' * 60}.example.net"
    root = drawn(network((name, "b")))
    (label,) = [text for text in texts(root, "name") if text != "b"]
    assert len(label) <= 26
    assert (label[:7], label[-4:]) == ("router-", ".net")
    assert name in tooltips(root)


def test_the_same_network_is_always_drawn_alike() -> None:
    one, other = (drawn(network(("a", "b"), ("b", "c"), ("c", "a"))) for _ in range(2))
    assert [element.attrib for element in one.iter()] == [element.attrib for element in other.iter()]


@pytest.mark.parametrize("topology", [network(alone="a"), network(), network(alone="ab")])
def test_a_network_without_cables_is_a_picture_too(topology: Topology) -> None:
    assert len(of_class(drawn(topology), "node")) == len(topology.nodes)


def test_a_network_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        drawn(Topology.of(networks=[Network(id=f"not {NET}", layer="ip")]))


def test_nothing_outside_of_the_document_is_referred_to() -> None:
    root = drawn(TRIANGLE)
    assert not [name for element in root.iter() for name in element.attrib if "href" in name or name == "src"]
    assert "url(" not in (root.findtext(f"{SVG}style") or "")
