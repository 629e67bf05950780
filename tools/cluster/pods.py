"""Job pods as processes, where there are no nodes: no isolation, volumes, probes, limits or real images."""

import base64
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kubernetes import client, watch
from urllib3.exceptions import HTTPError

from tools.cluster import Cluster, pki
from tools.cluster.fake_node import SIZE, FakeNode, now, pod_status

Json = dict[str, Any]
Run = tuple[subprocess.Popen[bytes], Future[None]]


@dataclass(frozen=True)
class Image:
    """What stands for a container image: the command of a container that gives none, and its environment."""

    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


class PodRunner(FakeNode):
    """A node that runs the Job pods bound to it, each its one container; a context manager.

    The command runs as a process with the image's and the container's variables (literal values and
    `metadata.*` references) and, for what a node would mount: KUBERNETES_SERVICE_HOST and _PORT;
    FORESTALL_SERVICEACCOUNT_DIR, a folder with the `token`, `ca.crt` and `namespace` of the pod's own service
    account, and KUBECONFIG for the same; FORESTALL_TERMINATION_LOG and TERMINATION_MESSAGE_PATH, the file of
    the termination message. Output goes to `folder/POD/log`. An image that is not among `images` is never
    pulled, as on a node that finds no such image. Pods of known images that no Job owns stay Pending.
    """

    def __init__(self, cluster: Cluster, folder: Path, images: Mapping[str, Image], node: str = "runner") -> None:
        super().__init__(cluster.kubeconfig, node)
        self._folder, self._images = folder, images
        self._cluster = json.loads(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(int(SIZE["pods"]))
        self._runs: dict[str, Run | None] = {}
        self._leaving: set[str] = set()

    def __enter__(self) -> Self:
        super().__enter__()
        self._watching = self._pool.submit(self._watch)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._watching.result()
        for child, _ in filter(None, self._runs.values()):
            _signal(child, signal.SIGKILL)
        self._pool.shutdown()
        super().__exit__(*exc)

    def _watch(self) -> None:
        pods, mine = self.core.list_pod_for_all_namespaces, f"spec.nodeName={self.name}"
        while not self._closing.is_set():
            with suppress(client.ApiException, HTTPError):  # an outage; each watch begins with all the pods
                for event in watch.Watch().stream(pods, field_selector=mine, timeout_seconds=2):
                    self._on_pod(event["raw_object"]) if event["type"] != "DELETED" else None

    def _on_pod(self, pod: Json) -> None:
        uid, leaves = pod["metadata"]["uid"], "deletionTimestamp" in pod["metadata"]
        if uid not in self._runs:
            self._runs[uid] = None if leaves or pod["status"]["phase"] != "Pending" else self._admit(pod)
        if leaves and uid not in self._leaving:
            self._leaving.add(uid)
            self._pool.submit(self._remove, pod, self._runs[uid])

    def _admit(self, pod: Json) -> Run | None:
        if any(container["image"] not in self._images for container in pod["spec"]["containers"]):
            for reason in ("ErrImagePull", "ImagePullBackOff"):
                self._report(pod, "Pending", {"waiting": {"reason": reason, "message": "no such image here"}})
            return None
        owners = pod["metadata"].get("ownerReferences", ())
        return self._run(pod) if any(owner["kind"] == "Job" for owner in owners) else None

    def _run(self, pod: Json) -> Run:
        container, folder = pod["spec"]["containers"][0], self._folder / pod["metadata"]["name"]
        image = self._images[container["image"]]
        folder.mkdir(parents=True, exist_ok=True)
        env = {**image.env, **_declared(container, pod), **self._provided(folder, pod)}
        # By `env`, so that an absent program is an exit code as any other.
        argv = ["env", *container.get("command", image.entrypoint), *container.get("args", ())]
        began = now()
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(argv, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        self._report(pod, "Running", {"running": {"startedAt": began}})
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
        self._report(pod, "Failed" if code else "Succeeded", {"terminated": end})

    def _remove(self, pod: Json, run: Run | None) -> None:
        if run is not None:
            child, reporter = run
            _signal(child, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                child.wait(pod["metadata"].get("deletionGracePeriodSeconds", 30))
            _signal(child, signal.SIGKILL)
            reporter.result()
        self._insist(self.core.delete_namespaced_pod, *_name(pod), grace_period_seconds=0)

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
        bound = client.V1BoundObjectReference(kind="Pod", name=meta["name"], uid=meta["uid"])
        spec = client.V1TokenRequestSpec(audiences=[], bound_object_ref=bound)
        wanted = client.AuthenticationV1TokenRequest(spec=spec)
        answer = self.core.create_namespaced_service_account_token(account, meta["namespace"], wanted)
        return str(answer.to_dict()["status"]["token"])

    def _report(self, pod: Json, phase: str, state: Json) -> None:
        status = self.core.patch_namespaced_pod_status
        self._insist(status, *_name(pod), {"status": pod_status(pod, phase, state)})

    def _insist(self, call: Callable[..., object], *args: object, **options: object) -> None:
        """Call until the API server gives an answer, whatever it is: a node outlives an outage."""
        while not self._closing.is_set():
            try:
                call(*args, **options)
            except (client.ApiException, HTTPError) as error:
                if getattr(error, "status", 503) >= 429:  # it did not decide
                    self._closing.wait(0.2)
                    continue
            return


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


def _name(pod: Json) -> tuple[str, str]:
    return pod["metadata"]["name"], pod["metadata"]["namespace"]


def _signal(child: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    """Signal the process and all it started; once it was waited for its pid may be another's."""
    if child.poll() is None:
        os.killpg(child.pid, signum)
