"""Job pods as processes, where there are no nodes: no isolation, volumes, probes, limits or real images."""

import base64
import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Self

from tools.cluster import Cluster, pki
from tools.cluster.fake_nodes import SIZE, FakeNodes
from tools.cluster.mounts import mount, moved
from tools.cluster.node_pods import NodePods, now, pod_status
from tools.cluster.rest import Json, Refused, Rest

Run = tuple[subprocess.Popen[bytes], Future[None]]


@dataclass(frozen=True)
class Image:
    """What stands for a container image: the command of a container that gives none, and its environment."""

    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    service: bool = False
    """Whether it is said of pods that no Job owns that they run. Nothing is said of them otherwise."""


class PodRunner:
    """A node that runs the Job pods bound to it, each its one container; a context manager.

    The command runs as a process with the image's and the container's variables (literal values and
    `metadata.*` references) and, for what a node would mount: KUBERNETES_SERVICE_HOST and _PORT;
    FORESTALL_SERVICEACCOUNT_DIR, a folder with the `token`, `ca.crt` and `namespace` of the pod's own service
    account, and KUBECONFIG for the same; FORESTALL_TERMINATION_LOG and TERMINATION_MESSAGE_PATH, the file of
    the termination message. ConfigMaps that are mounted by projection stand in a folder, and a variable whose value is
    the mount path names that. Output goes to `folder/POD/log`. An image that is not among `images` is never
    pulled, as on a node that finds no such image. Pods that no Job owns never run, whatever is said of them.
    """

    def __init__(self, cluster: Cluster, folder: Path, images: Mapping[str, Image], node: str = "runner") -> None:
        self._folder, self._images = folder, images
        self._cluster = json.loads(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]
        self._closing = threading.Event()
        self._rest = Rest(cluster.kubeconfig)
        self._node = FakeNodes(self._rest, [node])
        self._pods = NodePods(Rest(cluster.kubeconfig), [node], self._closing)
        self._pool = ThreadPoolExecutor(int(SIZE["pods"]))
        self._runs: dict[str, Run | None] = {}
        self._leaving: set[str] = set()

    def __enter__(self) -> Self:
        self._node.__enter__()
        self._watching = self._pool.submit(self._watch)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._watching.result()
        for child, _ in filter(None, self._runs.values()):
            _signal(child, signal.SIGKILL)
        self._pool.shutdown()
        self._node.__exit__(*exc)

    def _watch(self) -> None:
        for pod in self._pods.follow():
            with suppress(Refused):  # the pod or its account is gone
                self._on_pod(pod)

    def _on_pod(self, pod: Json) -> None:
        uid, leaves = pod["metadata"]["uid"], "deletionTimestamp" in pod["metadata"]
        if uid not in self._runs:
            self._runs[uid] = None if leaves or pod["status"]["phase"] != "Pending" else self._admit(pod)
        if leaves and uid not in self._leaving:
            self._leaving.add(uid)
            self._pool.submit(self._remove, pod, self._runs[uid])

    def _admit(self, pod: Json) -> Run | None:
        if any(container["image"] not in self._images for container in pod["spec"]["containers"]):
            self._pods.refuse(pod)
            return None
        if any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ())):
            return self._run(pod)
        if all(self._images[container["image"]].service for container in pod["spec"]["containers"]):
            self._pods.run(pod)
        return None

    def _run(self, pod: Json) -> Run:
        container, folder = pod["spec"]["containers"][0], self._folder / pod["metadata"]["name"]
        image = self._images[container["image"]]
        folder.mkdir(parents=True, exist_ok=True)
        env = {**image.env, **_declared(container, pod), **self._provided(folder, pod)}
        env = moved(env, mount(pod, folder, partial(self._config_map, pod["metadata"]["namespace"])))
        # By `env`, so that an absent program is an exit code as any other.
        argv = ["env", *container.get("command", image.entrypoint), *container.get("args", ())]
        began = now()
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(argv, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        self._pods.report(pod, "Running", {"running": {"startedAt": began}})
        return child, self._pool.submit(self._await, pod, child, folder / "termination-log", began)

    def _await(self, pod: Json, child: subprocess.Popen[bytes], message: Path, began: str) -> None:
        code = child.wait()
        end = {
            "exitCode": code if code >= 0 else 128 - code,  # a death by signal, counted as shells do
            "reason": "Error" if code else "Completed",
            "message": message.read_text(errors="replace")[:4096] if message.exists() else "",
            "startedAt": began,
            "finishedAt": now(),
        }
        self._pods.report(pod, "Failed" if code else "Succeeded", {"terminated": end})

    def _remove(self, pod: Json, run: Run | None) -> None:
        if run is not None:
            child, reporter = run
            _signal(child, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                child.wait(pod["metadata"].get("deletionGracePeriodSeconds", 30))
            _signal(child, signal.SIGKILL)
            reporter.result()
        self._pods.remove(pod)

    def _config_map(self, namespace: str, name: str) -> Json:
        answer = self._rest.insist(self._closing, "GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        if answer is None or answer[0] != HTTPStatus.OK:
            raise Refused(f"no ConfigMap {namespace}/{name}")
        found: Json = json.loads(answer[1])
        return found

    def _provided(self, folder: Path, pod: Json) -> dict[str, str]:
        """Write what a node would mount and return the variables that say where it is."""
        server, token = self._cluster["server"], self._token(pod)
        pki.write_private(folder / "token", token)
        (folder / "ca.crt").write_bytes(base64.b64decode(self._cluster["certificate-authority-data"]))
        (folder / "namespace").write_text(pod["metadata"]["namespace"])
        pki.kubeconfig(folder / "kubeconfig", server=server, ca=folder / "ca.crt", token=token)
        host, _, port = server.removeprefix("https://").partition(":")
        return {
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
            "FORESTALL_SERVICEACCOUNT_DIR": str(folder),
            "KUBECONFIG": str(folder / "kubeconfig"),
            "FORESTALL_TERMINATION_LOG": str(folder / "termination-log"),
            "TERMINATION_MESSAGE_PATH": str(folder / "termination-log"),
        }

    def _token(self, pod: Json) -> str:
        meta, account = pod["metadata"], pod["spec"]["serviceAccountName"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]}
        wanted: Json = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        path = f"/api/v1/namespaces/{meta['namespace']}/serviceaccounts/{account}/token"
        wanted |= {"spec": {"audiences": [], "boundObjectRef": bound}}
        answer = self._rest.insist(self._closing, "POST", path, wanted)
        if answer is None or answer[0] != HTTPStatus.CREATED:
            raise Refused(f"no token of {account} for pod {meta['name']}")
        return str(json.loads(answer[1])["status"]["token"])


def report_ready(cluster: Cluster, namespace: str, selector: str) -> int:
    """Write into the status of the matching pods that they run and are ready; return how many there are.

    Only the API objects change, as if a kubelet spoke: nothing runs.
    """
    pods = json.loads(cluster.kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", "json").stdout)
    for pod in pods["items"]:
        status = json.dumps({"status": pod_status(pod, "Running", {"running": {"startedAt": now()}})})
        patch = ("--subresource=status", "--type=merge", f"--patch={status}")
        cluster.kubectl("patch", "pod", pod["metadata"]["name"], "-n", namespace, *patch)
    return len(pods["items"])


def _declared(container: Json, pod: Json) -> dict[str, str]:
    entries = container.get("env", ())
    literals = {entry["name"]: entry.get("value", "") for entry in entries}
    references = {e["name"]: e["valueFrom"]["fieldRef"]["fieldPath"] for e in entries if "valueFrom" in e}
    return literals | {name: _field(pod, path) for name, path in references.items()}


def _field(pod: Json, path: str) -> str:
    """Return what `metadata.name`, `metadata.labels['key']` and the like refer to."""
    name, _, key = path.removeprefix("metadata.").partition("[")
    value = pod["metadata"].get(name, "")
    return str(value.get(key.strip("']"), "") if key else value)


def _signal(child: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    """Signal the process and all it started; once it was waited for its pid may be another's."""
    if child.poll() is None:
        with suppress(ProcessLookupError):  # it has ended since, and whoever waits for it was faster
            os.killpg(child.pid, signum)
