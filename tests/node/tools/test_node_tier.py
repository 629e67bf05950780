"""The node tier runs real pods on real nodes, which fail and come back, and goes without a trace."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_api_client import PrometheusConnect

from tools.cluster import Unsupported, control_groups, images, system_packages
from tools.cluster.host import cache_dir
from tools.cluster.images import python_app_image
from tools.cluster.marked import marked
from tools.cluster.namespaces import SETTINGS
from tools.cluster.node import control_group_prefix
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image
from tools.cluster.process import State, alive, wait_until

pytestmark = pytest.mark.node


def apply(cluster: NodeTier, namespace: str, *objects: Mapping[str, Any]) -> None:
    for body in objects:
        cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(body))


def read(cluster: NodeTier, namespace: str, *what: str) -> Any:
    return json.loads(cluster.kubectl("get", "-n", namespace, *what, "-o", "json").stdout)


def job(name: str, image: str, *command: str, **pod: Any) -> dict[str, Any]:
    container = {"name": "main", "image": image, "command": list(command), "imagePullPolicy": "IfNotPresent"}
    spec = {"restartPolicy": "Never", "containers": [container], **pod}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": template},
    }


def end_of(cluster: NodeTier, namespace: str, name: str) -> tuple[str, int, str]:
    """Wait for the Job's end, whichever it is; return Complete or Failed, its exit code and its last words."""

    def ends() -> list[str]:
        conditions = read(cluster, namespace, "job", name)["status"].get("conditions", [])
        return [c["type"] for c in conditions if c["status"] == "True" and c["type"] in ("Complete", "Failed")]

    wait_until(f"the end of job {name}", lambda: bool(ends()), interval=0.2)
    (pod,) = read(cluster, namespace, "pods", "-l", f"app={name}")["items"]
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    return ends()[0], ended["exitCode"], ended.get("message", "")


def phases(cluster: NodeTier, namespace: str) -> list[str]:
    """The phase of each pod; a Job's is not there at once."""
    return [pod["status"]["phase"] for pod in read(cluster, namespace, "pods")["items"]]


def web(image: str) -> list[dict[str, Any]]:
    """A Deployment with a pod on each of two nodes, scraped, and a Service in front of it."""
    labels = {"app": "web"}
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}
    container = {
        "name": "main",
        "image": image,
        "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    apart = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    pod = {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
    }
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    service = {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": service},
    ]


def has_status(cluster: NodeTier, node: str, status: str) -> Callable[[], bool]:
    """Return whether the node's condition Ready has that status: True, False or Unknown."""

    def found() -> bool:
        conditions = cluster.get(f"/api/v1/nodes/{node}")["status"]["conditions"]
        return any(one["type"] == "Ready" and one["status"] == status for one in conditions)

    return found


def text_at(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        body: str = answer.read().decode()
    return body


def network_of(cluster: NodeTier, node: str) -> str:
    return cluster.command(node, "readlink", "/proc/self/ns/net").stdout.strip()


def networks_in_use() -> set[str]:
    """Return the network namespaces that this machine's processes are in."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(link))
        except (FileNotFoundError, PermissionError):
            continue  # ended meanwhile, or none of ours
    return found


def forget(folder: Path, name: str) -> None:
    """Take a process out of the record."""
    state = json.loads((folder / "state.json").read_text())
    del state["processes"][name]
    (folder / "state.json").write_text(json.dumps(state))


def host_facts() -> dict[str, str]:
    """Return what a cluster must not change: interfaces, rules, settings, folders that daemons like to make."""
    rules = subprocess.run(
        ["iptables-save"], env={"PATH": system_packages.command_path()}, capture_output=True, text=True, check=True
    )
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True)
    places = ("/opt", "/etc", "/var/lib", "/var/log", "/run", "/usr/libexec", "/usr/libexec/kubernetes")
    return {
        "rules": "\n".join(line for line in rules.stdout.splitlines() if not line.startswith("#")),
        "links": links.stdout,
        **{name: Path("/proc/sys", name).read_text() for name in SETTINGS if Path("/proc/sys", name).exists()},
        **{place: str(sorted(os.listdir(place))) for place in places if Path(place).exists()},
    }


def test_two_nodes_are_ready(node_cluster: NodeTier) -> None:
    assert node_cluster.nodes() == ["node1", "node2"]
    assert all(has_status(node_cluster, node, "True")() for node in node_cluster.nodes())


def test_a_job_completes_and_leaves_its_last_words(node_cluster: NodeTier, namespace: str, sample: Image) -> None:
    words = job("words", sample.name, "sh", "-c", "echo done > /dev/termination-log")
    apply(node_cluster, namespace, words)
    assert end_of(node_cluster, namespace, "words") == ("Complete", 0, "done\n")


def test_a_job_that_fails_keeps_its_exit_code(node_cluster: NodeTier, namespace: str, sample: Image) -> None:
    apply(node_cluster, namespace, job("fails", sample.name, "sh", "-c", "exit 40"))
    assert end_of(node_cluster, namespace, "fails")[:2] == ("Failed", 40)


def test_an_image_runs_by_its_digest(node_cluster: NodeTier, namespace: str, sample: Image) -> None:
    apply(node_cluster, namespace, job("digest", sample.by_digest, "true"))
    assert end_of(node_cluster, namespace, "digest")[0] == "Complete"


def test_a_pod_reaches_the_api_server_with_its_service_account(
    node_cluster: NodeTier, namespace: str, sample: Image
) -> None:
    script = """
import os, ssl, urllib.request
account = "/var/run/secrets/kubernetes.io/serviceaccount"
context = ssl.create_default_context(cafile=account + "/ca.crt")
url = "https://" + os.environ["KUBERNETES_SERVICE_HOST"] + "/version"
request = urllib.request.Request(url, headers={"Authorization": "Bearer " + open(account + "/token").read()})
open("/dev/termination-log", "w").write(str(urllib.request.urlopen(request, context=context).status))
"""
    apply(node_cluster, namespace, job("calls", sample.name, "python", "-c", script, nodeName="node2"))
    assert end_of(node_cluster, namespace, "calls") == ("Complete", 0, "200")


def test_a_name_nobody_knows_is_refused_at_once(node_cluster: NodeTier, namespace: str, sample: Image) -> None:
    # A question that nobody answers is asked again after so long: that tells the two apart on a busy machine, too.
    script = """
import os, socket, time
os.environ["RES_OPTIONS"] = "timeout:30"
began = time.monotonic()
try:
    socket.getaddrinfo("nowhere.example", 80)
except OSError as error:
    known = "refused" if error.errno == socket.EAI_NONAME else "unanswered"
    open("/dev/termination-log", "w").write(f"{known} {'at once' if time.monotonic() - began < 30 else 'late'}")
"""
    apply(node_cluster, namespace, job("asks", sample.name, "python", "-c", script))
    assert end_of(node_cluster, namespace, "asks")[2] == "refused at once"


def test_pods_call_a_service_by_its_name(node_cluster: NodeTier, namespace: str, sample: Image) -> None:
    apply(node_cluster, namespace, *web(sample.name))
    node_cluster.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=90s")
    script = """
import sys, urllib.request
from contextlib import suppress
for name in sys.argv[1:]:
    answer = ""
    while not answer:
        with suppress(OSError):  # the proxies may not know the pods yet; urllib wraps their refusal
            answer = urllib.request.urlopen("http://" + name, timeout=10).read().decode()
open("/dev/termination-log", "w").write("called")
"""
    names = ["web", f"web.{namespace}", f"web.{namespace}.svc.cluster.local"]
    for node in node_cluster.nodes():
        apply(node_cluster, namespace, job(f"from-{node}", sample.name, "python", "-c", script, *names, nodeName=node))
    for node in node_cluster.nodes():
        assert end_of(node_cluster, namespace, f"from-{node}") == ("Complete", 0, "called")


def test_the_operators_image_holds_the_operator_and_its_locked_environment(
    node_cluster: NodeTier, namespace: str, operator: Image
) -> None:
    script = "import forestall, kopf, pydantic, os; open('/dev/termination-log', 'w').write(str(os.getuid()))"
    apply(node_cluster, namespace, job("imports", operator.by_digest, "python", "-c", script))
    assert end_of(node_cluster, namespace, "imports") == ("Complete", 0, "65532")


def test_a_bad_image_shows_as_one_that_cannot_be_pulled(node_cluster: NodeTier, namespace: str) -> None:
    apply(node_cluster, namespace, *web("localhost/absent:1"))

    def reasons() -> list[str]:
        pods = read(node_cluster, namespace, "pods", "-l", "app=web")["items"]
        states = [s["state"] for pod in pods for s in pod["status"].get("containerStatuses", [])]
        return [state["waiting"]["reason"] for state in states if "waiting" in state]

    refused = {"ErrImagePull", "ImagePullBackOff"}
    wait_until("both pods to be refused their image", lambda: len(reasons()) == 2 and refused >= set(reasons()))


def test_a_service_answers_from_both_nodes_and_prometheus_scrapes_them(
    node_cluster: NodeTier, namespace: str, sample: Image
) -> None:
    apply(node_cluster, namespace, *web(sample.name))
    node_cluster.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=90s")
    address = read(node_cluster, namespace, "service", "web")["spec"]["clusterIP"]
    url = f"http://127.0.0.1:{node_cluster.forward(address, 80)}/"
    seen: set[str] = set()

    def both() -> bool:
        with suppress(OSError):  # refused until the proxy knows the pods
            seen.add(text_at(url))
        return seen == {"node1", "node2"}

    wait_until("answers from both nodes", both)

    def scraped() -> set[tuple[str, str]]:
        query = f'sample_answers{{namespace="{namespace}"}}'
        found = PrometheusConnect(node_cluster.prometheus_url).custom_query(query)
        return {(one["metric"]["node"], one["metric"]["app"]) for one in found}

    wait_until("samples of both pods", lambda: scraped() == {("node1", "web"), ("node2", "web")})


def test_prometheus_is_reached_from_pods_and_keeps_its_data_over_a_restart(
    node_cluster: NodeTier, namespace: str, sample: Image
) -> None:
    node_cluster.stop_prometheus()
    script = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1] + "/-/ready").read())
"""
    asking = ("python", "-c", script, node_cluster.prometheus_in_cluster_url)
    apply(node_cluster, namespace, job("stopped", sample.name, *asking))
    assert end_of(node_cluster, namespace, "stopped")[0] == "Failed"
    node_cluster.start_prometheus()
    apply(node_cluster, namespace, job("started", sample.name, *asking))
    assert end_of(node_cluster, namespace, "started")[0] == "Complete"


def test_an_image_loaded_later_runs_on_every_node(node_cluster: NodeTier, namespace: str) -> None:
    late = python_app_image("localhost/late:1", {"late.py": b"print('late')"}, ["python", "/late.py"])
    node_cluster.load_image(late.archive, late.name)
    for node in node_cluster.nodes():
        apply(node_cluster, namespace, job(f"on-{node}", late.name, "python", "/late.py", nodeName=node))
        assert end_of(node_cluster, namespace, f"on-{node}")[0] == "Complete"


def test_a_node_cut_off_is_not_ready_until_it_is_healed(node_cluster: NodeTier) -> None:
    node_cluster.partition("node2")
    wait_until("node2 to be lost", has_status(node_cluster, "node2", "Unknown"), interval=0.2)
    node_cluster.heal("node2")
    wait_until("node2 to be back", has_status(node_cluster, "node2", "True"), interval=0.2)


def test_the_node_with_the_control_plane_cannot_be_cut_off(node_cluster: NodeTier) -> None:
    with pytest.raises(Unsupported, match="control plane"):
        node_cluster.partition("node1")


def test_a_stopped_node_is_gone_with_all_it_ran_and_comes_back(
    node_cluster: NodeTier, namespace: str, sample: Image
) -> None:
    apply(node_cluster, namespace, job("sleeps", sample.name, "sleep", "3600", nodeName="node2"))
    wait_until("the pod to run", lambda: phases(node_cluster, namespace) == ["Running"])
    network = network_of(node_cluster, "node2")
    assert network in networks_in_use()
    node_cluster.stop_node("node2")
    assert network not in networks_in_use()
    with pytest.raises(ProcessLookupError):
        node_cluster.command("node2", "true")
    assert node_cluster.add_node() == "node2"
    apply(node_cluster, namespace, job("again", sample.name, "true", nodeName="node2"))
    assert end_of(node_cluster, namespace, "again")[0] == "Complete"


def test_without_its_kubelet_a_further_node_is_lost_while_its_containers_run_on(
    node_cluster: NodeTier, namespace: str, sample: Image
) -> None:
    third = node_cluster.add_node()
    apply(node_cluster, namespace, job("stays", sample.name, "sleep", "3599", nodeName=third))
    wait_until("the pod to run", lambda: phases(node_cluster, namespace) == ["Running"])
    node_cluster.stop_kubelet(third)
    wait_until(f"{third} to be lost", has_status(node_cluster, third, "Unknown"), interval=0.2)
    assert "sleep 3599" in node_cluster.command(third, "ps", "ax", "-o", "args").stdout
    node_cluster.stop_node(third)
    node_cluster.kubectl("delete", "node", third)


def test_starting_after_a_crash_cleans_first_and_taking_down_leaves_nothing(sample: Image) -> None:
    folder = cache_dir() / "clusters" / f"crash-{os.getpid()}"
    before = host_facts()
    script = "import sys; from tools.cluster.node_tier import *; NodeTier(Path(sys.argv[1])).up()"
    owner = subprocess.Popen([sys.executable, "-c", script, str(folder)], cwd=images.ROOT)

    def api_server_started() -> bool:
        return "node1/kube-apiserver" in {process.name for process in State(folder).processes()}

    with NodeTier(folder, [sample]) as cluster:
        # Its images are unpacked first.
        wait_until("a cluster half made", api_server_started, timeout=300)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        crashed = State(folder).processes()
        assert all(alive(process) for process in crashed)
        forget(folder, "node1/namespaces")  # as if killed before there was time to write it down

        cluster.up()
        assert not any(alive(process) for process in crashed)
        assert cluster.nodes() == ["node1", "node2"]
        network = network_of(cluster, "node1")

        NodeTier(folder).down()  # as another program would
        assert not folder.exists()
        assert network not in networks_in_use()
        assert marked(folder) == []
        assert control_groups.remaining(f"{control_group_prefix(folder)}*") == []
        assert str(folder) not in Path("/proc/self/mountinfo").read_text()
        assert host_facts() == before
