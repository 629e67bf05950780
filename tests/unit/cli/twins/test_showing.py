"""`twin show` counts what there is, names what is wrong with the data, and lists the fullest links."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner

from forestall.cli import app
from forestall.twin.topology import Network, Topology
from tests.unit.cli.twins.asking import BACKBONE, asked, document, rows, twin
from tests.unit.twin.networks import A, demand, platform, ring


def test_layers_and_networks_are_counted() -> None:
    result = twin("show", BACKBONE)
    assert result.exit_code == 0
    assert rows(result, "LAYER")[:2] == [["ip", "backbone", "13", "40", "0"], ["platform", "cluster", "3", "0", "0"]]
    assert "2 risk groups (1 conduit, 1 site), 2 gates, 44 demands of 294 Gbit/s" in result.stdout


def test_our_own_example_has_no_defects() -> None:
    assert asked("show", BACKBONE)["defects"] == []


def test_the_fullest_links_come_first_with_load_and_capacity() -> None:
    found = rows(twin("show", BACKBONE, "--top", "2"), "LINK")
    assert found == [
        ["munich-stuttgart", "40", "Gbit/s", "22.3", "Gbit/s", "56", "%"],
        ["stuttgart-munich", "40", "Gbit/s", "22.3", "Gbit/s", "56", "%"],
    ]


def test_the_answer_says_what_it_was_asked_of_and_what_limits_it() -> None:
    found = asked("show", BACKBONE)
    assert found["snapshot"].startswith("sha256:")
    assert any("equal split" in caveat for caveat in found["state"]["caveats"])


def test_defects_are_told_by_path_and_whether_the_element_was_left_out() -> None:
    text = document(ring("abc")).replace('"source-node": "a"', '"source-node": 7', 1)
    result = twin("show", "-", given=text)
    assert result.exit_code == 0
    (path, left, *message), *_ = rows(result, "PATH")
    assert path.startswith("/ietf-network:networks/")
    assert (left, "source-node:" in message) == ("left", True)
    assert [defect["fatal"] for defect in asked("show", "-", given=text)["defects"] if defect["path"] == path] == [True]


def test_what_refers_to_nothing_is_a_defect_of_the_topology() -> None:
    found = asked("show", "-", given=document(platform({"worker": "nowhere"})))["defects"]
    said = [defect["message"] for defect in found if defect["path"] == "NetworkNode/cluster/worker"]
    assert any("nowhere" in message for message in said)


def test_lost_demand_is_said_at_once() -> None:
    topology = ring("abc", demand("a", "b", 3e9))
    cut = topology.with_links(replace(one, up=False) for one in topology.links.values())
    assert "3 Gbit/s of 3 Gbit/s have no way" in twin("show", "-", given=document(cut)).stdout


def test_yaml_says_the_same_as_json() -> None:
    result = twin("show", BACKBONE, "--output", "yaml")
    assert yaml.safe_load(result.stdout) == asked("show", BACKBONE)


def test_the_output_may_be_chosen_before_the_commands_too() -> None:
    result = CliRunner().invoke(app, ["--output", "json", "twin", "show", str(BACKBONE)])
    assert result.stdout.startswith("{")


def test_which_network_is_meant_is_asked_where_it_matters() -> None:
    both = ring("abc").plus(Topology.of(networks=[Network(id="other", layer="ip")]))
    result = twin("show", "-", given=document(both))
    assert result.exit_code == 0
    assert "which network? there are backbone, other: name it with --network" in result.stdout
    assert "Utilisation of network backbone" in twin("show", "-", "--network", "backbone", given=document(both)).stdout
    wrong = twin("show", "-", "--network", "lan", given=document(both))
    assert (wrong.exit_code, "there is no network 'lan'" in wrong.stderr) == (2, True)


def test_a_picture_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "out.svg"
    result = twin("show", BACKBONE, "--picture", file)
    assert f"picture: {file}" in result.stdout
    root = ET.XML(file.read_text())
    assert len([element for element in root.iter() if element.get("class") == "node"]) == 13


def test_a_picture_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    result = twin("show", BACKBONE, "--picture", tmp_path / "no" / "out.svg")
    assert result.exit_code == 2
    assert "cannot be written: No such file or directory" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is no JSON"),
        ("[]", "an object was expected"),
        ("{}", "no format is known"),
        ("<!DOCTYPE a><a/>", "a document type is not read"),
        ("{" * 100_000, "it is no JSON"),
        ('{"ietf-network:networks": 1e999}', "write numbers that a double holds"),
    ],
)
def test_what_is_no_topology_is_refused_with_the_reason(text: str, said: str) -> None:
    result = twin("show", "-", given=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "remedy: give RFC 8345, NetJSON, topohub or GraphML" in result.stderr


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    result = twin("show", "/no/such/file.json")
    assert (result.exit_code, "/no/such/file.json cannot be read" in result.stderr) == (2, True)


@pytest.mark.parametrize("args", [(), (str(BACKBONE), "--twin", "main")])
def test_one_topology_has_to_be_named_and_one_only(args: tuple[str, ...]) -> None:
    result = twin("show", *args)
    assert (result.exit_code, "name a FILE, or a twin with --twin" in result.stderr) == (2, True)


def test_hostile_names_are_shown_as_text() -> None:
    markup = document(ring("abc")).replace("backbone", "[red]core[/red]")
    assert "[red]core[/red]" in twin("show", "-", given=markup).stdout
    for hostile in ("\\u001b]0;owned\\u0007", "\\nipx", "\\u202e"):
        text = document(ring("abc")).replace("backbone", hostile)
        told = twin("show", "-", given=text).stdout
        assert not set("\x1b\x07\N{RIGHT-TO-LEFT OVERRIDE}") & set(told)
        assert not any(line.startswith("ipx") for line in told.splitlines())


def test_what_rests_on_what_is_down_is_down_too() -> None:
    lower = ring("abc")
    topology = lower.with_nodes([replace(lower.nodes[A], up=False)]).plus(platform({"worker": "a"}))
    assert [row[-1] for row in rows(twin("show", "-", given=document(topology)), "LAYER")[:2]] == ["5", "1"]
