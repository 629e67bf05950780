"""The kind tier runs real pods on nodes that are containers, which fail and come back."""

import json

import pytest

from tools.cluster.fake_nodes import is_ready
from tools.cluster.images import python_app_image
from tools.cluster.kind import Kind
from tools.cluster.process import wait_until

pytestmark = pytest.mark.kind

IMAGE = "localhost/hello:1"


def test_three_nodes_are_ready(kind_cluster: Kind) -> None:
    nodes = kind_cluster.get("/api/v1/nodes")["items"]
    assert len(nodes) == 3
    assert all(is_ready(node) for node in nodes)


def test_a_person_is_known_by_name_and_groups(kind_cluster: Kind) -> None:
    who = kind_cluster.kubectl("auth", "whoami", "-o", "json", user="ann", groups=("approvers",))
    told = json.loads(who.stdout)["status"]["userInfo"]
    assert told["username"] == "ann"
    assert "approvers" in told["groups"]


def test_an_image_of_ours_runs_and_finds_the_api_server_by_its_name(kind_cluster: Kind) -> None:
    script = b"import socket; socket.create_connection(('kubernetes.default.svc', 443), timeout=30)\n"
    image = python_app_image(IMAGE, {"hello.py": script}, ["python", "/hello.py"])
    kind_cluster.load_image(image.archive, IMAGE)
    container = {"name": "main", "image": IMAGE, "imagePullPolicy": "Never"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    spec = {"backoffLimit": 0, "template": template}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "hello"}, "spec": spec}
    kind_cluster.kubectl("create", "-f", "-", input=json.dumps(job))

    def ends() -> list[str]:
        found = kind_cluster.get("/apis/batch/v1/namespaces/default/jobs/hello")["status"].get("conditions", ())
        return [one["type"] for one in found if one["status"] == "True" and one["type"] in {"Complete", "Failed"}]

    wait_until("the Job's end", lambda: bool(ends()))
    assert ends() == ["Complete"]


def test_a_node_that_is_cut_off_is_lost_and_comes_back(kind_cluster: Kind) -> None:
    node = f"{kind_cluster.name}-worker2"
    path = f"/api/v1/nodes/{node}"
    kind_cluster.partition(node)
    wait_until("the node to be lost", lambda: not is_ready(kind_cluster.get(path)), timeout=240, interval=1.0)
    kind_cluster.heal(node)
    wait_until("the node to be back", lambda: is_ready(kind_cluster.get(path)), timeout=240, interval=1.0)
