"""Which documents a topology source selects, and how they are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forestall.api.networktwin import TopologySource
from forestall.twin.formats import UnreadableTopologyError
from forestall.twin.sources import read, selector, texts

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
