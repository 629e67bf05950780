"""The API tier is a real control plane that comes, survives outages and crashes, and goes without a trace."""

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_api_client import PrometheusConnect

from tools.cluster import Unsupported
from tools.cluster.api_tier import ApiTier
from tools.cluster.existing import Existing
from tools.cluster.host import free_ports
from tools.cluster.pods import Image, PodRunner, report_ready
from tools.cluster.process import alive, wait_until
from tools.cluster.prometheus import Prometheus

pytestmark = pytest.mark.api

IMAGE = "localhost/python:test"


@pytest.fixture(scope="module")
def runner(cluster: ApiTier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodRunner]:
    images = {IMAGE: Image((sys.executable, "-c"), {"GREETING": "from the image"})}
    with PodRunner(cluster, tmp_path_factory.mktemp("pods"), images) as running:
        yield running


def apply(cluster: ApiTier, namespace: str, *objects: Mapping[str, Any]) -> None:
    for body in objects:
        cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(body))


def read(cluster: ApiTier, namespace: str, *what: str) -> Any:
    return json.loads(cluster.kubectl("get", "-n", namespace, *what, "-o", "json").stdout)


def pod_template(image: str, name: str, **container: Any) -> dict[str, Any]:
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": image, **container}]}
    return {"metadata": {"labels": {"app": name}}, "spec": spec}


def job(name: str, image: str = IMAGE, **container: Any) -> dict[str, Any]:
    spec = {"backoffLimit": 0, "template": pod_template(image, name, **container)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def deployment(name: str) -> dict[str, Any]:
    template = pod_template("localhost/app:1", name)
    template["spec"]["restartPolicy"] = "Always"
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def wait_for_end(cluster: ApiTier, namespace: str, name: str) -> str:
    """Wait for the Job's end, whichever it is, and return it: Complete or Failed."""

    def ends() -> list[str]:
        conditions = read(cluster, namespace, "job", name)["status"].get("conditions", [])
        return [c["type"] for c in conditions if c["status"] == "True" and c["type"] in ("Complete", "Failed")]

    wait_until(f"the end of job {name}", lambda: bool(ends()))
    return ends()[0]


def termination(cluster: ApiTier, namespace: str, name: str) -> dict[str, Any]:
    (pod,) = read(cluster, namespace, "pods", "-l", f"app={name}")["items"]
    ended: dict[str, Any] = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    return ended


def query(server: Prometheus, expression: str) -> list[Any]:
    found: list[Any] = PrometheusConnect(server.url).custom_query(expression)
    return found


def test_it_is_ready_for_the_administrator(cluster: ApiTier) -> None:
    assert cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"
    assert cluster.kubectl("version", "-o", "json").stdout.count('"v1.36.3"') == 2


def test_a_deployment_gets_its_pod_and_is_available_once_that_is_reported_ready(
    cluster: ApiTier, namespace: str
) -> None:
    apply(cluster, namespace, deployment("web"))
    wait_until("its pod", lambda: report_ready(cluster, namespace, "app=web") == 1)
    cluster.kubectl("wait", "-n", namespace, "deployment/web", "--for=condition=Available", "--timeout=60s")


def test_a_person_is_known_by_name_and_groups_and_a_stranger_may_nothing(cluster: ApiTier, namespace: str) -> None:
    who = cluster.kubectl("auth", "whoami", "-o", "json", user="ann", groups=("net/ops", "approvers"))
    assert json.loads(who.stdout)["status"]["userInfo"]["username"] == "ann"
    assert json.loads(who.stdout)["status"]["userInfo"]["groups"][:2] == ["net/ops", "approvers"]
    refused = cluster.kubectl("get", "pods", "-n", namespace, user="stranger", check=False)
    assert "forbidden" in refused.stderr.lower()
    cluster.kubectl("create", "rolebinding", "r", "-n", namespace, "--clusterrole=view", "--group=approvers")
    reads = ("get", "pods", "-n", namespace)
    wait_until(
        "the group's right",
        lambda: cluster.kubectl(*reads, user="ann", groups=("net/ops", "approvers"), check=False).returncode == 0,
    )


def test_a_service_account_token_is_that_accounts(cluster: ApiTier, namespace: str) -> None:
    config = cluster.service_account_kubeconfig(namespace, "default")
    assert config.stat().st_mode & 0o077 == 0
    who = cluster.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", f"--kubeconfig={config}")
    assert who.stdout == f"system:serviceaccount:{namespace}:default"


def test_verbs_that_want_nodes_are_refused_by_name(cluster: ApiTier) -> None:
    with pytest.raises(Unsupported, match="api tier cannot add a node"):
        cluster.add_node()


def test_what_was_written_survives_an_outage_of_the_api_server(cluster: ApiTier, namespace: str) -> None:
    apply(cluster, namespace, deployment("before"))
    cluster.stop_apiserver()
    refused = cluster.kubectl("get", "namespaces", "--request-timeout=2s", check=False)
    cluster.start_apiserver()
    assert refused.returncode != 0
    assert read(cluster, namespace, "deployment", "before")["metadata"]["name"] == "before"


@pytest.mark.usefixtures("runner")
def test_a_job_runs_as_its_own_service_account_and_reports_its_message(cluster: ApiTier, namespace: str) -> None:
    code = """
import os, pathlib
account = pathlib.Path(os.environ["FORESTALL_SERVICEACCOUNT_DIR"])
import kubernetes.config, kubernetes.client
kubernetes.config.load_kube_config()
who = kubernetes.client.AuthenticationV1Api().create_self_subject_review({}).status.user_info.username
said = [os.environ["GREETING"], os.environ["COLOUR"], os.environ["POD"], os.environ["APP"], who]
said.append((account / "namespace").read_text())
pathlib.Path(os.environ["FORESTALL_TERMINATION_LOG"]).write_text(" | ".join(said))
"""
    env = [
        {"name": "COLOUR", "value": "blue"},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
    ]
    apply(cluster, namespace, job("greets", args=[code], env=env))
    assert wait_for_end(cluster, namespace, "greets") == "Complete"
    account = f"system:serviceaccount:{namespace}:default"
    expected = f"from the image | blue | {namespace} | greets | {account} | {namespace}"
    assert termination(cluster, namespace, "greets")["message"] == expected


@pytest.mark.usefixtures("runner")
def test_a_job_that_fails_reports_its_exit_code(cluster: ApiTier, namespace: str) -> None:
    apply(cluster, namespace, job("fails", command=[sys.executable, "-c", "raise SystemExit(40)"]))
    assert wait_for_end(cluster, namespace, "fails") == "Failed"
    assert termination(cluster, namespace, "fails")["exitCode"] == 40


@pytest.mark.usefixtures("runner")
def test_a_job_whose_program_is_absent_fails(cluster: ApiTier, namespace: str) -> None:
    apply(cluster, namespace, job("absent", command=["/no/such/program"]))
    assert wait_for_end(cluster, namespace, "absent") == "Failed"
    assert termination(cluster, namespace, "absent")["exitCode"] == 127


@pytest.mark.usefixtures("runner")
def test_an_unknown_image_is_never_run(cluster: ApiTier, namespace: str, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    touch = [sys.executable, "-c", f"open({str(trace)!r}, 'w')"]
    apply(cluster, namespace, job("strange", image="localhost/unknown:1", command=touch))
    reason = "jsonpath={.items[*].status.containerStatuses[0].state.waiting.reason}"
    pods = ("get", "pods", "-n", namespace, "-l", "app=strange", "-o", reason)
    wait_until("the refusal", lambda: cluster.kubectl(*pods).stdout == "ImagePullBackOff")
    cluster.kubectl("delete", "job", "strange", "-n", namespace, "--timeout=60s")
    wait_until("its pod to be gone", lambda: not read(cluster, namespace, "pods")["items"])
    assert not trace.exists()


@pytest.mark.usefixtures("runner")
def test_deleting_a_pod_ends_its_process_with_sigterm(cluster: ApiTier, namespace: str, tmp_path: Path) -> None:
    began, heard = tmp_path / "began", tmp_path / "heard"
    code = f"""
import pathlib, signal, sys
def end(*_):
    pathlib.Path({str(heard)!r}).touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path({str(began)!r}).touch()
signal.pause()
"""
    apply(cluster, namespace, job("waits", args=[code]))
    wait_until("the process", began.exists)
    cluster.kubectl("delete", "job", "waits", "-n", namespace, "--timeout=60s")
    wait_until("its pod to be gone", lambda: not read(cluster, namespace, "pods")["items"])
    assert heard.exists()


@pytest.mark.usefixtures("runner")
def test_a_job_that_ends_during_an_outage_is_complete_afterwards(
    cluster: ApiTier, namespace: str, tmp_path: Path
) -> None:
    began, go_on = tmp_path / "began", tmp_path / "go-on"
    os.mkfifo(go_on)
    code = f"open({str(began)!r}, 'w').close(); open({str(go_on)!r}).read()"
    apply(cluster, namespace, job("patient", args=[code]))
    wait_until("the process", began.exists)
    cluster.stop_apiserver()
    go_on.write_text("go on")
    cluster.start_apiserver()
    assert wait_for_end(cluster, namespace, "patient") == "Complete"


def test_a_crash_is_cleaned_up_by_the_next_start_and_down_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "crashing"
    first = ApiTier(folder).up()
    victims = first.processes()
    etcd = next(process for process in victims if process.name == "etcd")
    os.kill(etcd.pid, signal.SIGKILL)  # the rest runs on, and nobody calls `down`
    with ApiTier(folder).up() as second:
        assert not any(alive(process) for process in victims)
        assert second.kubectl("get", "--raw", "/readyz").stdout == "ok"
        processes = second.processes()
        assert len(processes) == 4
        assert all(alive(process) for process in processes)
    assert not any(alive(process) for process in processes)
    assert not folder.exists()
    second.down()


def test_a_folder_with_other_things_in_it_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "letter").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        ApiTier(tmp_path).up()
    ApiTier(tmp_path).down()
    assert (tmp_path / "letter").exists()


def test_prometheus_scrapes_and_keeps_its_data_over_a_restart(cluster: ApiTier) -> None:
    (port,) = free_ports(1)
    itself = {"job_name": "itself", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    server = Prometheus(cluster.folder / "prometheus", port, [itself], start=cluster.run)
    server.start()
    wait_until("a sample", lambda: bool(query(server, "up{job='itself'} == 1")))
    server.stop()
    server.start()
    assert query(server, "count_over_time(up[5m])")
    server.stop()
    assert not alive(next(process for process in cluster.processes() if process.name == "prometheus"))


def test_an_existing_cluster_is_used_through_its_variable_alone(
    cluster: ApiTier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "kubeconfig"
    trap.write_text("{not a kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(trap))
    with Existing(tmp_path / "state", {"FORESTALL_KUBECONFIG": str(cluster.kubeconfig)}).up() as existing:
        account = existing.service_account_kubeconfig("default", "default")
        who = existing.kubectl("auth", "whoami", f"--kubeconfig={account}").stdout
    assert "system:serviceaccount:default:default" in who
    assert cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"
