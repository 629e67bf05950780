"""Which documents a topology source selects, and how they are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forestall.api.networktwin import KubernetesSource, NetworkTwinSpec, TopologySource
from forestall.twin.formats import UnreadableTopologyError
from forestall.twin.sources import empty_live, of_objects, read, selector, texts
from tests.unit.twin.objects import node

NETJSON = json.dumps(
    {
        "type": "NetworkGraph",
        "protocol": "static",
        "version": None,
        "metric": None,
        "nodes": [{"id": "a"}, {"id": "b"}],
        "links": [{"source": "a", "target": "b", "cost": 1}],
    }
)


def source(**spec: Any) -> TopologySource:
    return TopologySource.model_validate(spec)


def test_the_first_source_of_objects_is_the_one_that_is_read() -> None:
    named = [{"name": "net", "topology": {}}, {"name": "a", "kubernetes": {"namespaces": ["shop"]}}]
    spec = NetworkTwinSpec.model_validate({"sources": [*named, {"name": "b", "kubernetes": {}}]})
    found = of_objects(spec)
    assert found is not None
    assert found.namespaces == ("shop",)
    assert of_objects(NetworkTwinSpec.model_validate({"sources": named[:1]})) is None


def test_labels_that_the_source_names_are_risk_groups() -> None:
    labelled = node("a", labels={"rack": "r1", "topology.kubernetes.io/zone": "x"})
    given = KubernetesSource.model_validate({"riskGroups": [{"label": "rack", "cause": "rack"}]})
    found = {}
    for source in (given, None):
        view = empty_live(source)
        view.apply("Node", labelled)
        found[source] = {key.name: group.cause for key, group in view.snapshot().topology.groups.items()}
    assert found == {given: {"rack=r1": "rack"}, None: {}}


def test_config_maps_bear_the_mark_and_all_labels_of_the_source() -> None:
    assert selector(source()) == "forestall.dev/topology=true"
    assert selector(source(labels={"b": "2", "a": "1"})) == "forestall.dev/topology=true,a=1,b=2"


def test_keys_that_match_the_pattern_are_documents_in_their_order() -> None:
    data = {"b.json": "2", "notes": "x", "a.json": "1"}
    assert list(texts(source(keys="*.json"), data).items()) == [("a.json", "1"), ("b.json", "2")]
    assert texts(source(), {}) == {}


@pytest.mark.parametrize("form", ["auto", "netjson"])
def test_a_document_is_read_on_the_layer_that_the_source_says(form: str) -> None:
    found = read(source(format=form, layer="physical"), "plan", NETJSON)
    assert {one.layer for one in found.topology.networks.values()} == {"physical"}
    assert len(found.topology.nodes) == 2


def test_a_document_of_another_format_than_the_source_says_is_none() -> None:
    with pytest.raises(UnreadableTopologyError):
        read(source(format="graphml"), "plan", NETJSON)
