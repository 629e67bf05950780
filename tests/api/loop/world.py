"""The chart on a real API server with two nodes and the operator's process: all that the loop needs but people."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from forestall.adapters import resources
from forestall.adapters.kubernetes.client import path_of
from forestall.ports import Json, Resource
from tests.api.installation import ACTIONS, remove
from tests.api.kinds import wait_until_known
from tests.api.loop import objects
from tests.api.loop.process import IMAGE, Operator
from tests.api.person import Person, expect
from tests.chart.rendering import NAMESPACE as SYSTEM
from tests.chart.rendering import Manifest, render
from tools.cluster import process
from tools.cluster.api_tier import ApiTier
from tools.cluster.operator import checkout
from tools.cluster.pods import Image, PodRunner
from tools.cluster.process import Process, wait_until

ANY = "any-namespace"
"""Stands in the rendered chart for each namespace whose workloads may be remediated."""
LEFT_OUT = frozenset(("Deployment", "PersistentVolumeClaim"))
"""The operator runs as a process here; a claim that no volume can meet would be told of for ever."""
CONTROLLERS = ("kube-controller-manager", "kube-scheduler")
NODES = ("runner-1", "runner-2")


@dataclass(frozen=True)
class World:
    """The installation, as every test finds it."""

    cluster: ApiTier
    admin: Person
    operator: Operator
    chart: tuple[Manifest, ...]
    """What the chart puts into the cluster, without what it puts into ANY."""
    grants: tuple[Manifest, ...]
    """What the chart puts into ANY."""
    folder: Path

    def person(self, name: str) -> Person:
        """Somebody with a client certificate."""
        return Person(self.cluster.user_kubeconfig(name))

    def open(self, namespace: str) -> None:
        """Make a namespace whose workloads may be remediated, with rights for everybody."""
        grants = [{**grant, "metadata": {**grant["metadata"], "namespace": namespace}} for grant in self.grants]
        people = [objects.rights(user, role) for user, role in objects.ROLES.items()]
        place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        apply(self.cluster, [place, *grants], "-n", namespace)
        apply(self.cluster, people, "-n", namespace)

    def read(self, resource: Resource, name: str) -> Json:
        """One object without a namespace, as it is now."""
        answer = self.admin.send("GET", path_of(resource, "", name))
        expect(answer, None)
        return answer.body

    def shops(self) -> list[str]:
        """The namespaces of tests."""
        names = self.cluster.kubectl("get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
        return [name for name in names if name.startswith("shop-")]

    @contextmanager
    def no_action_pods(self) -> Iterator[None]:
        """Keep the Job controller from making pods: action Jobs are active and do not run."""
        quota = ("quota", "none", "-n", ACTIONS)
        self.cluster.kubectl("create", *quota, "--hard=pods=0")
        try:
            yield
        finally:
            self.cluster.kubectl("delete", *quota)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Take the API server away."""
        with self.controllers_held():
            self.cluster.stop_apiserver()
            try:
                yield
            finally:
                self.cluster.start_apiserver()

    @contextmanager
    def controllers_held(self) -> Iterator[None]:
        """Hold the cluster's own controllers, which then begin anew.

        Left running in an outage, they would give the nodes up and come back to work a minute after the API server.
        """
        controllers = [one for one in self.cluster.processes() if one.name in CONTROLLERS]
        for one in controllers:
            process.send(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in controllers:
                command = _command(one)
                process.stop(one, grace=0.0)
                self.cluster.run(one.name, command, Path(one.log))

    @contextmanager
    def cordoned(self, *nodes: str) -> Iterator[None]:
        """Let these nodes take no new pods."""
        self._cordon(nodes, True)
        try:
            yield
        finally:
            self._cordon(nodes, False)

    def _cordon(self, nodes: Sequence[str], cordon: bool) -> None:
        for node in nodes:
            expect(self.admin.patch(path_of(resources.NODES, "", node), {"spec": {"unschedulable": cordon}}), None)


@contextmanager
def running_nodes(cluster: ApiTier, folder: Path) -> Iterator[None]:
    """Two nodes that run action Jobs by this checkout, and take the application's pods for running."""
    images = {IMAGE: Image(env=checkout()), objects.GOOD: Image(service=True)}
    first, second = (PodRunner(cluster, folder / name, images, name) for name in NODES)
    with first, second:
        yield


@contextmanager
def install(
    cluster: ApiTier,
    folder: Path,
    nodes: Callable[[ApiTier, Path], AbstractContextManager[None]] = running_nodes,
) -> Iterator[World]:
    """Install the chart without what this cluster does not run, start nodes and operator; leave only the CRDs."""
    whole = render(f"namespaces={{{ANY}}}")
    crds = [one for one in whole if one["kind"] == "CustomResourceDefinition"]
    grants = [one for one in whole if one["metadata"].get("namespace") == ANY]
    rest = [one for one in whole if one["kind"] not in LEFT_OUT and one not in crds and one not in grants]
    chart = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}, *rest, objects.editors()]
    apply(cluster, crds, "--force-conflicts")
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=120s", "-f", "-", input=yaml.safe_dump_all(crds))
    wait_until_known(cluster)
    apply(cluster, chart)
    operator = Operator(cluster, folder)
    with nodes(cluster, folder):
        try:
            operator.start()
            apply(cluster, [objects.twin(objects.TWIN)])
            yield World(cluster, Person(cluster.kubeconfig), operator, tuple(chart), tuple(grants), folder)
        finally:
            operator.stop()
            clear(cluster, chart)


def apply(cluster: ApiTier, manifests: list[Manifest], *options: str) -> None:
    """Apply manifests as the administrator."""
    text = yaml.safe_dump_all(manifests)
    cluster.kubectl("apply", "--server-side", *options, "-f", "-", input=text)


def clear(cluster: ApiTier, chart: list[Manifest]) -> None:
    """Remove the chart's objects and the twins."""
    cluster.kubectl("delete", "networktwins", "--all", "--timeout=60s")
    # First: a namespace with Pods in it takes the controllers much longer.
    cluster.kubectl("delete", "jobs", "--all", "-n", ACTIONS, "--cascade=foreground", "--timeout=120s")
    remove(cluster, chart)
    wait_until("the approval policy to be gone", partial(_absent, cluster, "forestall-approval"))


def _command(running: Process) -> list[str]:
    """What a process was started with."""
    return [part.decode() for part in Path(f"/proc/{running.pid}/cmdline").read_bytes().split(b"\0")[:-1]]


def _absent(cluster: ApiTier, policy: str) -> bool:
    found = cluster.kubectl("get", "validatingadmissionpolicies", "-o", "json").stdout
    return all(item["metadata"]["name"] != policy for item in json.loads(found)["items"])
