"""What happens in the demonstration: four findings, and the loss of a node."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tools.cluster.namespaces import network_of
from tools.demo.loop import Loop
from tools.demo.outage import Address, Probe, Prober, longest_gap, steady
from tools.demo.people import ALICE, MALLORY, Person
from tools.demo.report import Item
from tools.demo.stage import NODE_LOST, SHOP, SYSTEM, UNWATCHED, Stage
from tools.demo.waiting import Stuck, await_value

BROKEN_IMAGE = "localhost/shop:broken"
REASON = "this image is being pushed: wait for it"


class Scenes:
    """The parts of the story, on a prepared stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tell = stage.tell
        self._loop = Loop(stage.cluster, SHOP, stage.tell)
        self._alice = Person(stage, *ALICE)

    def risk(self) -> Item:
        """T-1: both replicas of `orders` are on one node. Nothing is broken yet."""
        self._tell.chapter("T-1: nothing is broken yet, and something will be")
        self._tell.say(
            f"orders runs on {self._nodes_of(SHOP, 'orders')}, and so does orders-alone, which nobody watches"
        )
        since = datetime.now(UTC)
        self._stage.apply("policy.yaml")
        self._loop.await_inspected()
        item = self._remedy("orders would not outlive node2", since, "SinglePointOfFailure", "orders")
        self._tell.say(f"orders now runs on {self._nodes_of(SHOP, 'orders')}")
        return item

    def broken_rollout(self) -> Item:
        """T0: an image that does not exist is rolled out."""
        self._tell.chapter("T0: a bad image is rolled out")
        since = self._roll_out_broken_image("web")
        return self._remedy("bad image of web", since, "ImagePull", "web")

    def saturation(self) -> Item:
        """T0: a service has more work than its pods can do."""
        self._tell.chapter("T0: a service saturates")
        since = datetime.now(UTC)
        self._stage.apply("load.yaml")
        item = self._remedy("checkout saturated", since, "MetricThreshold", "checkout")
        before = next(one.value for one in item.finding.status.evidence)
        self._tell.say(f"busy share of checkout: {before} when it was found, {self._busy()} now; the load goes on")
        return item

    def rejection(self) -> Item:
        """T0: somebody without the right cannot approve; somebody with it says no, and the operator remembers."""
        self._tell.chapter("T0: a plan is rejected, and stays so")
        since = self._roll_out_broken_image("catalog")
        finding = self._loop.await_finding("ImagePull", "catalog")
        plan = self._loop.await_plan(finding)
        Person(self._stage, *MALLORY).is_refused(plan)
        self._alice.reject(plan, REASON)
        rejected = self._loop.await_end(plan)
        if rejected.status.phase != "Rejected":
            raise Stuck(f"plan {plan.metadata.name} ended as {rejected.status.phase}: {rejected.status.message}")
        self._not_proposed_again()
        return Item("bad image of catalog", since, self._loop.await_finding("ImagePull", "catalog"), rejected)

    def loss(self) -> Sequence[tuple[str, Sequence[Probe]]]:
        """The node is lost. Both services are asked all the time; the one that was spread must do better."""
        self._tell.chapter(f"{NODE_LOST} is lost")
        targets = {"orders": self._address(SHOP, "orders"), "orders-alone": self._address(UNWATCHED, "orders-alone")}
        self._tell.say(f"orders runs on {self._nodes_of(SHOP, 'orders')}")
        self._tell.say(f"orders-alone runs on {self._nodes_of(UNWATCHED, 'orders-alone')}")
        pid = self._stage.network_pid()
        with Prober(targets, partial(network_of, pid)) as prober:
            self._await_steady(prober, 0.0, "before")
            stopped = max(probe.ended for probe in prober.probes("orders"))
            self._stage.cluster.stop_node(NODE_LOST)
            self._tell.say(f"{NODE_LOST} is gone, as by a power cut; both services are asked five times a second")
            self._await_steady(prober, stopped, "again")
            seen = [(name, prober.probes(name)) for name in targets]
        if longest_gap(seen[0][1]) >= longest_gap(seen[1][1]):
            raise Stuck("orders was away no shorter than orders-alone: the plan did not help")
        return seen

    def _remedy(self, title: str, since: datetime, kind: str, resource: str) -> Item:
        """Follow a finding through its plan, alice's approval and the Job to its closure."""
        finding = self._loop.await_finding(kind, resource)
        plan = self._loop.await_plan(finding)
        self._alice.approve(plan)
        ended = self._loop.await_end(plan)
        if ended.status.phase != "Succeeded":
            raise Stuck(f"plan {plan.metadata.name} ended as {ended.status.phase}: {ended.status.message}")
        closed = self._loop.await_closed(finding)
        self._tell.say(f"closed in one hop: {closed.metadata.name}")
        return Item(title, since, closed, ended)

    def _roll_out_broken_image(self, deployment: str) -> datetime:
        since = datetime.now(UTC)
        self._stage.kubectl("set", "image", f"deployment/{deployment}", f"app={BROKEN_IMAGE}", "-n", SHOP)
        return since

    def _not_proposed_again(self) -> None:
        """Restart the operator; once it has looked at everything anew there must be no further plan."""
        before = {plan.metadata.name for plan in self._loop.plans()}
        self._stage.kubectl("rollout", "restart", "deployment/forestall", "-n", SYSTEM)
        self._stage.await_available(SYSTEM, "forestall")
        pod = self._operator_pod()
        seen = await_value("the new operator's metrics", partial(self._passes, pod), state=lambda: pod)
        # Two policies, and each of them twice: whatever was under way at the first look is behind at the second.
        self._await_passes(pod, seen + 4)
        after = {plan.metadata.name for plan in self._loop.plans()}
        if after != before:
            raise Stuck(f"plans appeared after the rejection: {', '.join(sorted(after - before))}")
        self._tell.say(
            f"the new operator {pod} has inspected everything: {len(after)} plans before, {len(after)} after"
        )

    def _await_passes(self, pod: str, wanted: int) -> None:
        def done() -> bool | None:
            return (self._passes(pod) or 0) >= wanted or None

        await_value(f"{pod} to inspect", done, state=lambda: f"{self._passes(pod)} inspections of {wanted}")

    def _operator_pod(self) -> str:
        """Return the name of the one operator pod that is not about to end."""
        path = f"/api/v1/namespaces/{SYSTEM}/pods?labelSelector=app.kubernetes.io/name=forestall"

        def only() -> str | None:
            pods = [pod["metadata"] for pod in self._items(path) if "deletionTimestamp" not in pod["metadata"]]
            return pods[0]["name"] if len(pods) == 1 else None

        return await_value("one operator pod", only, state=lambda: str(self._items(path)))

    def _passes(self, pod: str) -> int | None:
        """Return how many inspections the operator's process has carried out, None while it does not say."""
        text = self._stage.cluster.get(f"/api/v1/namespaces/{SYSTEM}/pods/{pod}:8080/proxy/metrics") or ""
        counted = 'forestall_reconcile_seconds_count{kind="InspectionPolicy",result="ok"} '
        return next((int(float(line.split()[-1])) for line in text.splitlines() if line.startswith(counted)), None)

    def _busy(self) -> str:
        """Return the busy share of checkout as the policy measured it last."""
        policy = self._stage.cluster.get(
            f"/apis/forestall.dev/v1alpha1/namespaces/{SHOP}/inspectionpolicies/shop-capacity"
        )
        return next((str(goal["value"]) for goal in policy["status"]["goals"]), "not measured")

    def _nodes_of(self, namespace: str, app: str) -> str:
        path = f"/api/v1/namespaces/{namespace}/pods?labelSelector=app={app}"
        alive = [pod for pod in self._items(path) if "deletionTimestamp" not in pod["metadata"]]
        return " and ".join(sorted({pod["spec"].get("nodeName", "no node") for pod in alive}))

    def _address(self, namespace: str, service: str) -> Address:
        found = self._stage.cluster.get(f"/api/v1/namespaces/{namespace}/services/{service}")
        return found["spec"]["clusterIP"], found["spec"]["ports"][0]["port"]

    def _items(self, path: str) -> list[dict[str, Any]]:
        return list((self._stage.cluster.get(path) or {}).get("items", ()))

    def _await_steady(self, prober: Prober, since: float, when: str) -> None:
        names = ("orders", "orders-alone")

        def both() -> bool | None:
            return all(steady(prober.probes(name), since) for name in names) or None

        def state() -> str:
            return json.dumps({name: [probe.ok for probe in prober.probes(name)[-25:]] for name in names})

        await_value(f"orders and orders-alone to answer steadily {when}", both, state=state)
