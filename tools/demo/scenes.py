"""What happens in the demonstration: one risk and three faults, and what becomes of each."""

from datetime import UTC, datetime

from tools.demo.loop import Loop
from tools.demo.people import ALICE, MALLORY, Person
from tools.demo.report import Item
from tools.demo.restart import restart_operator
from tools.demo.stage import SHOP, UNWATCHED, Stage
from tools.demo.waiting import Stuck

BROKEN_IMAGE = "localhost/shop:broken"
REASON = "this image is still being pushed: wait for it"


class Scenes:
    """The parts of the story, on a prepared stage."""

    def __init__(self, stage: Stage, loop: Loop) -> None:
        self._stage = stage
        self._loop = loop
        self._tell = stage.tell
        self._alice = Person(stage, *ALICE)

    def risk(self) -> Item:
        """T-1: both replicas of `orders` are on one node. Nothing is broken yet."""
        self._tell.chapter("T-1: nothing is broken yet, but something would be")
        for namespace, name in ((SHOP, "orders"), (UNWATCHED, "orders-alone")):
            self._tell.say(f"both replicas of {namespace}/{name} run on {self._stage.nodes_of(namespace, name)}")
        since = datetime.now(UTC)
        self._stage.apply("policy.yaml")
        self._loop.await_inspected()
        item = self._remedy("orders on one node", since, "SinglePointOfFailure", "orders")
        self._tell.say(f"the replicas of {SHOP}/orders now run on {self._stage.nodes_of(SHOP, 'orders')}")
        return item

    def broken_rollout(self) -> Item:
        """T0: an image that does not exist is rolled out."""
        self._tell.chapter("T0: a bad image is rolled out")
        since = self._roll_out_broken_image("web")
        return self._remedy("web: bad image", since, "ImagePull", "web")

    def saturation(self) -> Item:
        """T0: a service has more work than its pods can do."""
        self._tell.chapter("T0: a service saturates")
        since = datetime.now(UTC)
        self._stage.apply("load.yaml")
        item = self._remedy("checkout: too busy", since, "MetricThreshold", "checkout")
        found = next(evidence.value for evidence in item.finding.status.evidence)
        said = item.plan.status.prediction.goals[0].value if item.plan.status.prediction else None
        now = self._loop.goal_value("shop-capacity", "checkout-headroom")
        self._tell.say(f"busy share of checkout: {found} when found, {said} predicted, {now} now; the load goes on")
        return item

    def rejection(self) -> Item:
        """T0: one without the right cannot approve; one with it says no, and a new operator still knows."""
        self._tell.chapter("T0: a plan is rejected, and stays so")
        since = self._roll_out_broken_image("catalog")
        finding = self._loop.await_finding("ImagePull", "catalog")
        plan = self._loop.await_plan(finding)
        Person(self._stage, *MALLORY).is_refused(plan)
        self._alice.reject(plan, REASON)
        rejected = self._loop.await_end(plan, "Rejected")
        before = self._loop.plan_names()
        restart_operator(self._stage)
        # It is from there on that the new operator has looked at everything.
        self._loop.await_inspected()
        if self._loop.plan_names() != before:
            raise Stuck(f"plans appeared after the rejection: {', '.join(sorted(self._loop.plan_names() - before))}")
        still = self._loop.finding(finding)
        self._tell.say(
            f"the finding is still {still.status.state}, and no plan was added to the {len(before)} there were"
        )
        return Item("catalog: bad image", since, still, rejected)

    def _remedy(self, title: str, since: datetime, kind: str, resource: str) -> Item:
        """Follow a finding through its plan, alice's approval and the Job to its closure."""
        finding = self._loop.await_finding(kind, resource)
        plan = self._loop.await_plan(finding)
        self._alice.approve(plan)
        succeeded = self._loop.await_end(plan, "Succeeded")
        return Item(title, since, self._loop.await_closed(finding), succeeded)

    def _roll_out_broken_image(self, deployment: str) -> datetime:
        """Return when the fault was brought in."""
        since = datetime.now(UTC)
        self._stage.kubectl("set", "image", f"deployment/{deployment}", f"app={BROKEN_IMAGE}", "-n", SHOP)
        return since
