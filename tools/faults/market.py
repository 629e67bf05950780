"""The sample market in one namespace of a stage: what the judge sees of it, and what a person does to it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise

import yaml

from tools.cluster import session_folder
from tools.cluster.images import ROOT, python_app_image
from tools.demo.outage import Probe, Prober
from tools.demo.stage import Play, Stage
from tools.demo.waiting import await_value
from tools.faults.differences import Json, Objects, differences, ref_of
from tools.faults.judge import State, unwell

EXAMPLE = ROOT / "examples" / "market"
IMAGE = "localhost/market:1"
PROGRAM = ROOT / "tools" / "faults" / "app" / "market.py"

SERVICES = ("stock", "cart", "front", "mail")
"""Those of application.yaml."""

LARGE = "search"
"""The service of search.yaml, whose pods take over half of a node each."""

LARGE_SHARE = 0.55

DERIVED = frozenset(
    (
        "controllerrevisions.apps",
        "endpoints",
        "endpointslices.discovery.k8s.io",
        "events",
        "events.events.k8s.io",
        "leases.coordination.k8s.io",
        "pods",
        "replicasets.apps",
    )
)
"""Kinds that controllers keep: what follows from other objects, or only tells of them."""


def play(namespaces: Sequence[str]) -> Play:
    """Return the play of the harness. Its cluster ends with the program."""
    image = python_app_image(IMAGE, {"app/market.py": PROGRAM}, ["python", "/app/market.py"])
    return Play(EXAMPLE, image, namespaces, session_folder("node"), {"actions": {"uncordon": {"enabled": True}}})


class Market:
    """The market in one namespace. `own_group` is the API group whose objects are the repairer's, not the market's."""

    def __init__(self, stage: Stage, namespace: str, own_group: str) -> None:
        self._stage = stage
        self.namespace = namespace
        self._own_group = own_group
        self._kinds = ""

    def open(self, *, with_large: bool) -> None:
        """Bring in all services, and wait until they are available."""
        self._stage.apply("people.yaml", "application.yaml", namespace=self.namespace)
        if with_large:
            self._apply_large()
        self._stage.await_available(self.namespace, *self.deployments())

    def kubectl(self, *args: str) -> str:
        """Run kubectl in the namespace as the administrator."""
        return self._stage.kubectl("-n", self.namespace, *args)

    def deployments(self) -> Sequence[str]:
        """Return the names of the Deployments."""
        return [one["metadata"]["name"] for one in self.state().deployments]

    def state(self) -> State:
        """Return how the namespace stands now."""
        return State(
            self._listed(f"/apis/apps/v1/namespaces/{self.namespace}/deployments"),
            self._listed(f"/apis/discovery.k8s.io/v1/namespaces/{self.namespace}/endpointslices"),
        )

    def goals(self) -> Mapping[str, int]:
        """Return how many ready endpoints the policy wants of each Service."""
        spec = yaml.safe_load((EXAMPLE / "policy.yaml").read_text())["spec"]
        return {one["available"]["service"]: one["available"]["minReady"] for one in spec["goals"]}

    def objects(self) -> Objects:
        """Return all objects of the namespace that are not derived from others, and the nodes."""
        self._kinds = self._kinds or self._listable()
        cluster = self._stage.cluster
        told = cluster.kubectl("get", self._kinds, "-n", self.namespace, "-o", "json").stdout
        nodes = cluster.kubectl("get", "nodes", "-o", "json").stdout
        return {ref_of(one): one for text in (told, nodes) for one in json.loads(text)["items"]}

    def restart(self, deployment: str) -> None:
        """Have all pods of a Deployment made anew."""
        self.kubectl("rollout", "restart", f"deployment/{deployment}")

    @contextmanager
    def asking(self) -> Iterator[Callable[[], Mapping[str, float]]]:
        """Ask every Service for `/`; what it gives returns each one's longest time without an answer so far."""
        names = [one["metadata"]["name"] for one in self._listed(f"/api/v1/namespaces/{self.namespace}/services")]
        targets = {name: self._stage.address(self.namespace, name) for name in names}
        with Prober(targets, self._stage.network) as prober:
            yield lambda: {name: longest_silence(prober.probes(name)) for name in names}

    def restore(self, baseline: Objects) -> list[str]:
        """Put every object back as it was captured; what differs nevertheless."""
        for ref in dict.fromkeys(one.ref for one in differences(baseline, self.objects())):
            if ref in baseline:
                self._stage.kubectl("replace", "-f", "-", manifest=json.dumps(_replaceable(baseline[ref])))
            else:
                self.kubectl("delete", ref.kind, ref.name)
        return [f"undoing does not restore the baseline: {one}" for one in differences(baseline, self.objects())]

    def await_well(self, before: State) -> None:
        """Wait until all is as well as it was."""

        def well() -> bool | None:
            return not unwell(self.state(), before, self.goals()) or None

        await_value("the market to be well", well, state=lambda: str(unwell(self.state(), before, self.goals())))

    def _apply_large(self) -> None:
        self._stage.apply("search.yaml", namespace=self.namespace)
        node = json.loads(self._stage.cluster.kubectl("get", "node", "node1", "-o", "json").stdout)
        share = int(float(node["status"]["allocatable"]["cpu"]) * 1000 * LARGE_SHARE)
        self.kubectl("set", "resources", f"deployment/{LARGE}", f"--requests=cpu={share}m,memory=48Mi")

    def _listable(self) -> str:
        options = ("--namespaced", "--verbs=list", "-o", "name")
        found = self._stage.cluster.kubectl("api-resources", *options).stdout.split()
        return ",".join(one for one in found if one not in DERIVED and not one.endswith(f".{self._own_group}"))

    def _listed(self, path: str) -> Sequence[Json]:
        items: Sequence[Json] = (self._stage.cluster.get(path) or {}).get("items", ())
        return items


def longest_silence(probes: Sequence[Probe]) -> float:
    """Return the longest time in seconds without an answer, from the first request on to the end of the last one."""
    if not probes:
        return 0.0
    answered = sorted(probe.ended for probe in probes if probe.ok)
    moments = [min(probe.asked for probe in probes), *answered, max(probe.ended for probe in probes)]
    return max(after - before for before, after in pairwise(moments))


def _replaceable(body: Json) -> Json:
    """The object without what ties it to the moment when it was captured."""
    moment = ("resourceVersion", "managedFields", "generation", "creationTimestamp")
    metadata = {name: value for name, value in body["metadata"].items() if name not in moment}
    return {**{name: value for name, value in body.items() if name != "status"}, "metadata": metadata}
