"""At a prompt, files are offered, and what is in the file that stands on the line already."""

from pathlib import Path

import pytest

from tests.unit.cli.cluster import Cluster
from tests.unit.cli.test_completing import completions
from tests.unit.cli.twins.asking import BACKBONE, network_twin
from tests.unit.twin.objects import node


def offered(line: str, cluster: Cluster | None = None) -> list[str]:
    return completions(cluster or Cluster(), line)


def test_commands_and_formats_are_offered() -> None:
    assert offered("twin ") == ["show", "what-if", "spof", "contingency", "diff", "export"]
    assert offered("twin export x --format ") == ["rfc8345", "graphml", "netjson", "svg"]
    assert offered("twin contingency x --scope p") == ["pairs"]


def test_elements_of_the_file_are_offered() -> None:
    assert offered(f"twin what-if {BACKBONE} --fail fran") == [
        "frankfurt",
        "frankfurt-1",
        "frankfurt-2",
        "frankfurt-1-cologne",
        "frankfurt-1-frankfurt-2",
        "frankfurt-1-hannover",
        "frankfurt-1-stuttgart",
        "frankfurt-2-cologne",
        "frankfurt-2-frankfurt-1",
        "frankfurt-2-leipzig",
        "frankfurt-2-nuremberg",
    ]
    assert offered(f"twin spof {BACKBONE} --anchors mun") == ["munich"]
    assert offered(f"twin show {BACKBONE} --network ") == ["backbone", "cluster"]


def test_twins_of_the_cluster_are_offered_whatever_the_namespace() -> None:
    assert offered("twin show --twin ", Cluster([network_twin()])) == ["main"]
    assert offered("-n shop twin show --twin m", Cluster([network_twin()])) == ["main"]


def test_nodes_of_the_cluster_are_offered_where_a_twin_is_named() -> None:
    cluster = Cluster([network_twin(), node("worker-2"), node("worker-1"), node("edge")])
    assert offered("twin what-if --twin main --fail node/w", cluster) == ["node/worker-1", "node/worker-2"]
    assert offered("twin what-if --twin main --fail w", cluster) == []


def test_files_and_folders_are_offered(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text("{}")
    (tmp_path / "nets").mkdir()
    (tmp_path / ".hidden").write_text("")
    assert offered(f"twin show {tmp_path}/") == [f"{tmp_path}/net.json", f"{tmp_path}/nets/"]
    assert offered(f"twin diff {tmp_path}/net.json {tmp_path}/nets") == [f"{tmp_path}/nets/"]


@pytest.mark.parametrize("content", ["{", "", '{"type": "NetworkGraph", "nodes": [{"id": "a\\u001bb"}]}'])
def test_whatever_the_file_holds_nothing_harmful_is_offered(content: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    assert offered(f"twin what-if {file} --fail ") == []
    assert offered("twin what-if /no/such --fail ") == []
