"""Whatever names, places and figures a network has, its picture is well-formed, and everything is drawn once."""

from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.twin.picture import Marks, picture
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, Topology

NAMES = st.lists(st.text(st.characters(codec=None), min_size=1, max_size=8), min_size=1, max_size=6, unique=True)
VALUES = st.one_of(st.none(), st.floats(), st.text(max_size=5), st.integers(), st.lists(st.integers(), max_size=2))


@st.composite
def networks(draw: st.DrawFn) -> tuple[Topology, Marks]:
    names = draw(NAMES)
    ends = st.sampled_from(names)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=8))
    nodes = [
        NetworkNode(key=Key(NODE, "n", name), attributes={"latitude": draw(VALUES), "longitude": draw(VALUES)})
        for name in names
    ]
    links = [
        NetworkLink(key=Key(LINK, "n", str(number)), tail=tail, head=head, capacity=draw(st.floats(allow_nan=False)))
        for number, (tail, head) in enumerate(pairs)
    ]
    used = {link.key: draw(st.floats(0, 1e12)) for link in links if draw(st.booleans())}
    failed = {key for key in [*(node.key for node in nodes), *(link.key for link in links)] if draw(st.booleans())}
    topology = Topology.of(networks=[Network(id="n", layer="ip")], nodes=nodes, links=links)
    return topology, Marks(title=draw(st.text(max_size=20)), utilisation=used, failed=failed)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(networks())
def test_every_picture_is_whole(drawn: tuple[Topology, Marks]) -> None:
    topology, marks = drawn
    root = ET.XML(picture(topology, "n", marks))
    spots = [element for element in root.iter() if element.get("class") == "spot"]
    halves = [element for element in root.iter() if (element.get("class") or "").startswith("half")]
    assert len(spots) == len(topology.nodes)
    assert len(halves) == sum(link.tail != link.head for link in topology.links.values())
    assert "nan" not in "".join(element.get("d", "") + element.get("cx", "") for element in root.iter())
