from __future__ import annotations

import json

import topohub

from forestall.api.base import Key
from forestall.twin.formats import load
from forestall.twin.topology import DEMAND, LINK


def test_a_network_of_topohub_is_read_with_its_demands_in_both_directions() -> None:
    published = json.loads(json.dumps(topohub.get("sndlib/germany50")))
    loaded = load(json.dumps(published), source="topohub")
    topology = loaded.topology

    assert (len(topology.nodes), len(topology.links)) == (50, 2 * 88)
    assert all(link.metric == 1 for link in topology.links.values())
    assert topology.links[Key(LINK, "germany50", "0 to 29")].attributes["dist"] == 61.63
    rows = published["graph"]["demands"]
    assert sum(demand.amount for demand in topology.demands.values()) == 2 * sum(
        sum(row.values()) for row in rows.values()
    )
    there, back = (topology.demands[Key(DEMAND, "", name)].amount for name in ("14 to 12", "12 to 14"))
    assert there == back == rows["14"]["12"] + rows.get("12", {}).get("14", 0)
    assert not loaded.defects


def test_an_unusable_demand_is_told_and_left_out() -> None:
    demands = {"0": {"1": -5, "2": 7.0}, "1": []}
    document = {"graph": {"name": "n", "demands": demands}, "nodes": [{"id": 0}, {"id": 1}, {"id": None}], "edges": []}
    loaded = load(json.dumps(document), source="test")

    assert [key.name for key, demand in loaded.topology.demands.items() if demand.amount] == ["0 to 2", "2 to 0"]
    assert [(defect.path, defect.fatal) for defect in loaded.defects] == [
        ("/nodes/2/id", True),
        ("/graph/demands/0/1", False),
        ("/graph/demands/1", False),
    ]
