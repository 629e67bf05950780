"""`twin show` counts objects by kind and names those that are not in order; without networks it tells of none."""

from forestall.ports import Json
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.twins.asking import BACKBONE, asked, object_twin, rows, twin
from tests.unit.twin.objects import autoscaler, claim, deployment, job, node, nodes, pod, replica_set, service, web


def shop(*more: Json) -> Cluster:
    return Cluster([object_twin(), *nodes(), *web("a", "b"), *more])


def ailing(cluster: Cluster) -> dict[str, list[str]]:
    found = asked("show", "--twin", "main", cluster=cluster)["objects"]
    return {one["kind"]: one["notInOrder"] for one in found if one["notInOrder"]}


def test_objects_are_counted_by_kind() -> None:
    result = twin("show", "--twin", "main", cluster=shop())
    assert (result.exit_code, result.stderr) == (0, "")
    assert rows(result, "KIND") == [
        ["Node", "3", "-", "-"],
        ["Deployment", "1", "-", "-"],
        ["Pod", "2", "-", "-"],
        ["Service", "1", "-", "-"],
        ["Job", "0", "-", "-"],
        ["PersistentVolumeClaim", "0", "-", "-"],
        ["PodDisruptionBudget", "0", "-", "-"],
        ["HorizontalPodAutoscaler", "0", "-", "-"],
    ]


def test_without_networks_none_are_told_of() -> None:
    result = twin("show", "--twin", "main", cluster=shop())
    assert not {"Networks", "Utilisation"} & {line.strip() for line in result.stdout.splitlines()}
    assert "0 risk groups" in result.stdout


def test_what_is_not_in_order_is_named() -> None:
    lost, dead = pod("api-1", "d", owner="api-1"), [deployment("api", replicas=1), replica_set("api"), service("api")]
    others = [claim(volume=""), job("backup", "Failed"), autoscaler(acts=False)]
    assert ailing(shop(node("d", ready=False), lost, *dead, *others)) == {
        "Node": ["d"],
        "Deployment": ["shop/api"],
        "Pod": ["shop/api-1"],
        "Service": ["shop/api"],
        "Job": ["shop/backup"],
        "PersistentVolumeClaim": ["shop/data"],
        "HorizontalPodAutoscaler": ["shop/web"],
    }


def test_a_service_without_pods_is_in_order_and_so_are_pods_that_go() -> None:
    going = pod("web-1-9", "c", ready=False)
    going["metadata"]["deletionTimestamp"] = "2030-01-01T10:00:00Z"
    assert ailing(shop(service("idle"), going)) == {}


def test_the_table_names_what_fits_a_cell() -> None:
    sick = [node(f"n{place}", ready=False) for place in range(10)]
    (row, *_) = rows(twin("show", "--twin", "main", cluster=shop(*sick)), "KIND")
    assert row[:5] == ["Node", "13", "10", "not", "ready"]
    assert row[-4:] == ["n7", "and", "2", "more"]


def test_a_file_has_no_objects() -> None:
    assert asked("show", BACKBONE)["objects"] == []
    assert "Kubernetes objects" not in twin("show", BACKBONE).stdout


def test_hostile_names_are_shown_as_text() -> None:
    told = twin("show", "--twin", "main", cluster=shop(node("\x1b]0;owned\x07\nNode", ready=False))).stdout
    assert not set("\x1b\x07") & set(told)
    assert "\\x1b]0;owned\\x07\\nNode" in told


def test_commands_about_networks_say_that_there_are_none() -> None:
    for args in (("contingency",), ("export", "--format", "rfc8345"), ("export", "--format", "svg")):
        result = twin(*args, "--twin", "main", cluster=shop())
        assert (result.exit_code, result.stdout) == (2, ""), args
        assert "there is no network" in result.stderr
        assert "twin show, twin what-if and twin spof" in result.stderr
