"""`twin spof`, `contingency`, `diff` and `export`: verdicts, causes, differences and documents, by exit code."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from forestall.cli.twins.contingencies import PART
from forestall.twin.formats import load
from forestall.twin.topology import Topology
from tests.unit.cli.twins.asking import BACKBONE, asked, document, rows, twin
from tests.unit.twin.networks import A, cable, demand, link, ring

RING = ring("abcd", demand("a", "b", 4e9))


def test_single_points_are_ranked_by_what_they_cut_off() -> None:
    result = twin("spof", BACKBONE)
    assert result.exit_code == 1
    assert [row[0] for row in rows(result, "ELEMENT")] == ["munich-passau", "munich"]
    assert "Verdict: Fails" in result.stdout


def test_with_anchors_nodes_are_counted_that_reach_none() -> None:
    result = twin("spof", BACKBONE, "--anchors", "hamburg", "--anchors", "berlin")
    assert rows(result, "ELEMENT")[:2] == [
        ["munich-passau", "ip", "1", "node", "9.1", "%"],
        ["munich", "ip", "1", "node", "9.1", "%"],
    ]


def test_a_ring_has_no_single_point() -> None:
    result = twin("spof", "-", given=document(RING))
    assert (result.exit_code, "Verdict: Holds" in result.stdout) == (0, True)


def test_without_demands_nothing_is_known() -> None:
    for command in ("spof", "contingency"):
        assert twin(command, "-", given=document(ring("abcd"))).exit_code == 3


def test_an_anchor_must_be_a_node_of_the_network() -> None:
    assert "there is no node 'munich-passau'" in twin("spof", BACKBONE, "--anchors", "munich-passau").stderr
    assert "is not in network backbone" in twin("spof", BACKBONE, "--anchors", "worker-1").stderr


def test_each_links_worst_case_names_the_failures_that_cause_it() -> None:
    result = twin("contingency", BACKBONE, "--scope", "link", "--top", "2")
    assert result.exit_code == 1
    assert rows(result, "LINK")[0] == ["munich-stuttgart", "56", "%", "118", "%", "munich-nuremberg"]
    assert "20 failures examined" in result.stdout


@pytest.mark.parametrize(
    ("scopes", "scanned"),
    [
        (["node"], 13),
        (["link"], 20),
        (["site"], 1),
        (["group"], 2),
        (["node", "link"], 33),
        ([], 33),
        (["pairs"], 33 + 33 * 32 // 2),
        (["group", "pairs"], 3),
    ],
)
def test_scopes_say_what_fails(scopes: list[str], scanned: int) -> None:
    args = [word for scope in scopes for word in ("--scope", scope)]
    assert asked("contingency", BACKBONE, *args)["scanned"] == scanned


def test_the_limit_decides_what_holds() -> None:
    args = ("contingency", BACKBONE, "--scope", "group")
    assert [twin(*args, "--max-utilisation", limit).exit_code for limit in ("0.8", "70%")] == [0, 1]


def test_long_work_in_parts_is_one_answer() -> None:
    names = [f"r{place}" for place in range(36)]
    topology = ring(names, demand("r0", "r12", 1e9))
    found = asked("contingency", "-", "--scope", "pairs", given=document(topology))
    assert found["scanned"] == 72 + 72 * 71 // 2 == found["holding"] + found["failed"] > PART


def files(folder: Path, *topologies: Topology) -> list[Path]:
    found = [folder / f"{place}.json" for place in range(len(topologies))]
    for file, topology in zip(found, topologies, strict=True):
        file.write_text(document(topology))
    return found


def test_differences_are_told_by_element_and_field(tmp_path: Path) -> None:
    other = ring("abcd", demand("a", "c", 4e9)).with_links([link("a", "b", metric=7)])
    result = twin("diff", *files(tmp_path, RING, other))
    assert result.exit_code == 1
    assert rows(result, "CHANGE") == [
        ["removed", "Demand/a>b"],
        ["added", "Demand/a>c"],
        ["changed", "NetworkLink/backbone/a-b", "metric", "1", "7"],
    ]


def test_diff_as_json_has_values(tmp_path: Path) -> None:
    other = RING.with_nodes([replace(RING.nodes[A], up=False)])
    (one,) = asked("diff", *files(tmp_path, RING, other))["differences"]
    assert one == {
        "kind": "Changed",
        "element": "NetworkNode/backbone/a",
        "fields": [{"name": "up", "before": "True", "after": "False"}],
    }


def test_equal_topologies_end_well(tmp_path: Path) -> None:
    result = twin("diff", *files(tmp_path, RING, RING))
    assert (result.exit_code, "nothing differs" in result.stdout) == (0, True)


@pytest.mark.parametrize("form", ["rfc8345", "netjson", "graphml"])
def test_what_is_exported_is_read_again_as_it_was(form: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    result = twin("export", BACKBONE, "--format", form, "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert load(target.read_text(), source="x").topology.id == load(BACKBONE.read_text(), source="x").topology.id


def test_the_standard_output_holds_the_document_and_nothing_else() -> None:
    json.loads(twin("export", BACKBONE, "--format", "rfc8345").stdout)
    assert ET.XML(twin("export", BACKBONE, "--format", "svg").stdout).tag.endswith("svg")


def test_defects_are_told_beside_the_export() -> None:
    text = document(RING).replace('"source-node": "a"', '"source-node": 7', 1)
    result = twin("export", "-", "--format", "netjson", given=text)
    assert "Defects of the data" in result.stderr
    names = [one["properties"]["forestall"]["link-id"] for one in json.loads(result.stdout)["links"]]
    assert (len(names), cable("a", "b").name in names) == (7, False)
