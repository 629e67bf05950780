"""What is exported is read again as it was, and no document, however it is broken, does more than be told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.twin.defects import defects
from forestall.twin.formats import UnreadableTopologyError, Written, export, from_networkx, load, to_networkx
from forestall.twin.topology import Topology
from tests.property.broken import documents
from tests.property.topologies import topologies
from tests.yang import Yang

YANG = Yang()
SETTINGS = settings(max_examples=100, derandomize=True, deadline=None)


def content(topology: Topology) -> Mapping[str, object]:
    """All of it, without the provenance."""
    return {
        "networks": topology.networks,
        "nodes": {key: replace(node, provenance={}) for key, node in topology.nodes.items()},
        "links": {key: replace(link, provenance={}) for key, link in topology.links.items()},
        "groups": topology.groups,
        "gates": topology.gates,
        "demands": topology.demands,
    }


@pytest.mark.parametrize("form", ["rfc8345", "netjson", "graphml"])
@SETTINGS
@given(topology=topologies())
def test_what_is_exported_is_read_again_without_a_loss_or_a_defect(form: Written, topology: Topology) -> None:
    loaded = load(export(topology, form), source="export")

    assert content(loaded.topology) == content(topology)
    assert loaded.topology.id == topology.id
    assert not loaded.defects


@SETTINGS
@given(topology=topologies())
def test_what_becomes_a_graph_of_networkx_comes_back_without_a_loss(topology: Topology) -> None:
    before = topology.id

    assert content(from_networkx(to_networkx(topology))) == content(topology)
    assert topology.id == before


@SETTINGS
@given(topology=topologies(plain=True))
def test_what_is_exported_is_valid_by_the_modules_of_the_ietf_and_our_own(topology: Topology) -> None:
    YANG.validate(export(topology, "rfc8345"))


@pytest.mark.parametrize("form", ["rfc8345", "netjson", "graphml"])
@SETTINGS
@given(data=st.data())
def test_a_broken_document_is_unreadable_or_read_as_far_as_it_goes(form: Written, data: st.DataObject) -> None:
    try:
        loaded = load(data.draw(documents(form)), source="broken", format=form)
    except UnreadableTopologyError:
        return
    again = load(export(loaded.topology, form), source="again", format=form)

    assert content(again.topology) == content(loaded.topology)
    assert all(f"{defect.path}{defect.message}".encode() for defect in loaded.defects)
    assert defects(loaded.topology) == defects(again.topology)
