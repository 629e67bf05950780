from __future__ import annotations

import json
from typing import Any

import pytest

from forestall.api.base import Key
from forestall.twin.formats import Loaded, export, load
from forestall.twin.topology import LINK, UNLIMITED, Gate
from tests.unit.twin.formats.documents import L2, Json, document, link, link_of, network

MEMBERS = tuple(Key(LINK, "fibres", f"f{number}") for number in (1, 2, 3))


def point(name: str, *members: str, minimum: int | None = None) -> Json:
    lag = {"lag": True, "member-link-tp": list(members)} if members else {}
    least = {} if minimum is None else {"forestall-topology:minimum-links": minimum}
    return {"tp-id": name, "ietf-l2-topology:l2-termination-point-attributes": lag, **least}


def node(name: str, *points: Json) -> Json:
    return {"node-id": name, "ietf-network-topology:termination-point": list(points)}


def from_point(said: Json, name: str) -> Json:
    return {**said, "source": {**said["source"], "source-tp": name}}


def fibre(name: str, rate: str = "10000000") -> Json:
    return link(name, l2={"rate": rate})


def aggregated(*, minimum: int | None = None, **members: Any) -> Loaded:
    """A link of three fibres, which are a network of their own."""
    beneath = [{"network-ref": "fibres", "link-ref": key.name} for key in MEMBERS]
    bundle = from_point(link(supporting=beneath, **members), "lag")
    upper = network(bundle, types=L2, nodes=[node("a", point("lag", "1", "2", "3", minimum=minimum)), node("b")])
    lower = {**network(*(fibre(key.name) for key in MEMBERS), types=L2), "network-id": "fibres"}
    return load(document(upper, lower), source="test")


@pytest.mark.parametrize(("minimum", "needs"), [(None, 1), (2, 2)])
def test_an_aggregated_link_needs_the_minimum_of_its_members_and_carries_what_they_do(
    minimum: int | None, needs: int
) -> None:
    loaded = aggregated(minimum=minimum)

    assert loaded.topology.gates == (
        Gate(owner=link_of(loaded).key, needs=needs, members=MEMBERS, reason="minimum links"),
    )
    assert (link_of(loaded).supporting, link_of(loaded).capacity) == ((), 30e9)
    assert not loaded.defects


def test_a_capacity_of_its_own_goes_before_that_of_its_members() -> None:
    assert link_of(aggregated(l2={"rate": "25000000"})).capacity == 25e9


def test_an_aggregated_link_is_written_with_its_members_and_read_again_as_it_was() -> None:
    loaded = aggregated(minimum=2)
    text = export(loaded.topology, "rfc8345")
    written = json.loads(text)["ietf-network:networks"]["network"][1]["ietf-network-topology:link"][0]

    assert [said["link-ref"] for said in written["supporting-link"]] == ["f1", "f2", "f3"]
    assert load(text, source="test").topology.id == loaded.topology.id


def test_members_in_the_same_network_are_found_by_their_points_and_that_is_told() -> None:
    links = [from_point(fibre(f"f{number}"), number) for number in ("1", "2")]
    bundle = from_point(link(), "lag")
    nodes = [node("a", point("lag", "1", "2"), point("1"), point("2")), node("b")]
    loaded = load(document(network(bundle, *links, types=L2, nodes=nodes)), source="test")

    assert [(gate.owner.name, [key.name for key in gate.members]) for gate in loaded.topology.gates] == [
        ("ab", ["f1", "f2"])
    ]
    assert [defect.path for defect in loaded.defects] == ["NetworkLink/n/ab"]


def test_members_without_a_link_for_the_whole_need_each_other_where_a_minimum_is_declared() -> None:
    links = [from_point(fibre(f"f{number}"), number) for number in ("1", "2")]
    for minimum, gates in ((None, []), (2, ["f1", "f2"])):
        nodes = [node("a", point("lag", "1", "2", minimum=minimum)), node("b")]
        loaded = load(document(network(*links, types=L2, nodes=nodes)), source="test")

        assert [gate.owner.name for gate in loaded.topology.gates] == gates
        assert all(len(gate.members) == 2 for gate in loaded.topology.gates)
        assert not loaded.defects


def test_an_aggregated_link_without_known_members_is_told() -> None:
    nodes = [node("a", point("lag", "1")), node("b")]
    loaded = load(document(network(from_point(link(), "lag"), types=L2, nodes=nodes)), source="test")

    assert not loaded.topology.gates
    assert link_of(loaded).capacity == UNLIMITED
    assert [defect.path for defect in loaded.defects] == ["NetworkLink/n/ab"]


def test_two_links_from_one_aggregated_point_are_told_and_have_no_minimum() -> None:
    nodes = [node("a", point("lag", "1")), node("b")]
    both = [from_point(link(name), "lag") for name in ("ab", "ab2")]
    loaded = load(document(network(*both, types=L2, nodes=nodes)), source="test")

    assert not loaded.topology.gates
    assert len(loaded.defects) == 1
