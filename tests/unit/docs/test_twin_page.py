"""What the guide says that the twin's commands print, they print."""

import re
import shlex
from pathlib import Path

import pytest

from forestall.ports import Json
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.twins.asking import BACKBONE, object_twin, twin
from tests.unit.twin.objects import deployment, job, node, pod, replica_set, service

PAGE = Path(__file__).parents[3] / "docs" / "guide" / "twin-cli.md"
EXAMPLES = re.findall(r"^```\n\$ kubectl forestall twin (.*)\n((?:.*\n)*?)```$", PAGE.read_text(), re.MULTILINE)


def app(name: str, *homes: str) -> list[Json]:
    """A Deployment and a Service with a ready pod on each of the nodes."""
    pods = [pod(f"{name}-{place}", home, owner=f"{name}-1") for place, home in enumerate(homes)]
    return [deployment(name, replicas=len(homes)), replica_set(name), service(name), *pods]


def shop() -> Cluster:
    """The cluster that the page's examples are asked of."""
    zones = {"worker-1": "eu-1", "worker-2": "eu-1", "worker-3": "eu-2"}
    nodes = [node(name, labels={"topology.kubernetes.io/zone": zone}) for name, zone in zones.items()]
    apps = [*app("web", *zones), *app("cart", "worker-1", "worker-2"), *app("pay", "worker-1")]
    given = object_twin()
    given["metadata"]["name"] = "cluster"
    return Cluster([given, *nodes, *apps, job("backup", "Failed")])


@pytest.mark.parametrize(("line", "printed"), EXAMPLES, ids=lambda text: text.split("\n")[0][:40])
def test_examples_print_what_the_page_says(line: str, printed: str, tmp_path: Path) -> None:
    files = {"backbone.json": str(BACKBONE), "after.svg": str(tmp_path / "after.svg")}
    result = twin(*(files.get(word, word) for word in shlex.split(line)), cluster=shop())
    said = [row.rstrip().replace(str(BACKBONE), "backbone.json") for row in result.output.splitlines()]
    wanted = [row for row in printed.splitlines() if row and row != "…"]
    assert [row for row in wanted if row not in said] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 9
