"""What happens in the demonstration: what would break, what would not mend it, and what does."""

import shutil
from dataclasses import dataclass

from forestall.api.finding import Finding
from forestall.api.networkplan import NetworkPrediction
from forestall.api.remediationplan import RemediationPlan
from forestall.cli.failures import Exit
from tools.demo.ground import Ground, run_forestall
from tools.demo.loop import Loop
from tools.demo.people import Person
from tools.demo.twin.readings import Objection, fact, objection, proved, with_metrics
from tools.demo.twin.report import Risk, network_table
from tools.demo.twin.stage import CITY, NETWORK, TOPOLOGY, put_topology
from tools.demo.waiting import Stuck

ALICE = (CITY, "alice", "city-supervisors")
"""May approve the plans of the city's policies."""


@dataclass(frozen=True)
class Planted:
    """A risk that the example holds."""

    title: str
    type: str
    qualifier: str
    proof: str
    """How the evidence that shows it begins."""


ROUTER = Planted(
    "the clinic hangs on one router",
    "SinglePointOfFailure",
    "routers/clinic/networkNode/city/market",
    "without networkNode/city/market",
)
CONDUIT = Planted("two cables share a conduit", "Contingency", "ducts/city", "without riskGroup/river-bridge")
CABLE = Planted("a lost cable overloads others", "Contingency", "cables/city", "without link/city/north-west")
WINDOW = Planted(
    "works leave no failure to spare",
    "Maintenance",
    "works/city/harbour-works",
    "without link/city/east-market",
)


class Scenes:
    """The parts of the story, where the city is and no policy."""

    def __init__(self, ground: Ground, loop: Loop) -> None:
        self._ground, self._loop, self._tell = ground, loop, ground.tell
        self._alice = Person(ground, *ALICE)

    def play(self) -> list[Risk]:
        """Play all of it and return what became of each risk. Raises Stuck where the loop does not get there."""
        router, conduit, cable, window = self.risks()
        mended = self.retuned(cable)
        self.beyond_metrics(conduit)
        spread = self.spread()
        still = [Risk(one.title, self._loop.finding(one.finding)) for one in (router, conduit, window)]
        if shut := [one.title for one in still if one.finding.status.state != "Open"]:
            raise Stuck(f"nobody has done anything about it, and it is not open any more: {'; '.join(shut)}")
        return [mended, spread, *still]

    def risks(self) -> list[Risk]:
        """T-1: nothing is broken, and four things would break the network."""
        self._tell.chapter("T-1: nothing is broken, but much would be")
        self._ground.apply("policies.yaml")
        self._loop.await_inspected()
        found = [self._risk(planted) for planted in (ROUTER, CONDUIT, CABLE, WINDOW)]
        for risk in found:
            if risk.finding.status.finding_class != "Risk":
                raise Stuck(f"{risk.title}: it is a {risk.finding.status.finding_class}, though nothing has failed")
        self._is_a_trap(found[2].finding, found[3].finding)
        return found

    def retuned(self, risk: Risk) -> Risk:
        """A fix that would overload another link is rejected, and a better one proposed; people carry it out."""
        self._tell.chapter("A fix that would overload another link, and one that does not")
        plan = self._loop.await_proposal(risk.finding)
        self._reproduce(objection(plan))
        self._is_proposed(plan)
        self._tell.chapter("People set the metrics, in that order")
        self._set_metrics(plan)
        done = self._loop.await_end(plan, "Cancelled")
        proved(done)
        return Risk(risk.title, self._loop.await_cleared(risk.finding), done)

    def beyond_metrics(self, conduit: Risk) -> None:
        """Against a shared conduit no metric helps, and that is told."""
        self._tell.chapter("What no metric helps against")
        reason = self._loop.await_reason(conduit.finding)
        self._tell.say(f"{conduit.title}: {reason}")

    def spread(self) -> Risk:
        """A plan on Kubernetes: proved on the twin, approved, run as a Job, scored."""
        self._tell.chapter("The same on Kubernetes: a router that takes a service along")
        before = self._ground.nodes_of(CITY, "orders")
        self._tell.say(f"both replicas of orders run on {before}")
        planted = Planted(
            "one router under both replicas",
            "SinglePointOfFailure",
            "routers/orders-available/networkNode/city/west",
            "without networkNode/city/west",
        )
        risk = self._risk(planted, "orders")
        plan = self._loop.await_plan(risk.finding)
        self._alice.approve(plan)
        done = self._loop.await_end(plan, "Succeeded")
        proved(done)
        closed = self._loop.await_closed(risk.finding)
        after = self._ground.nodes_of(CITY, "orders")
        if after == before:
            raise Stuck(f"the replicas of orders still run on {after}")
        self._tell.say(f"the replicas of orders now run on {after}: the loss of either router leaves one")
        return Risk(risk.title, closed, done)

    def _risk(self, planted: Planted, resource: str = CITY) -> Risk:
        self._tell.say(f"{planted.title}:")
        finding = self._loop.await_finding(planted.type, resource, planted.qualifier)
        self._tell.quote(fact(finding, planted.proof))
        return Risk(planted.title, finding)

    def _is_a_trap(self, today: Finding, window: Finding) -> None:
        """Raise Stuck unless the loss that does harm inside the window does none today."""
        if any(one.message.startswith(WINDOW.proof) for one in today.status.evidence):
            raise Stuck(f"{WINDOW.proof} there is harm today, too: the window is no trap")
        if "room" not in window.status.affected_goals:
            raise Stuck(f"the window breaks no goal: {window.status.message}")
        self._tell.say("today that loss does no harm: every link has room, and the goal `room` is met")

    def _reproduce(self, against: Objection) -> None:
        """Ask the twin the same question by hand, and raise Stuck unless it answers the same."""
        changes = [part for link, metric in against.changes for part in ("--change", f"{link}:metric={metric}")]
        question = ["twin", "what-if", "--twin", CITY, *changes, "--fail", against.lost, "--max-utilisation", "1"]
        self._tell.command(f"kubectl forestall {' '.join(question)}")
        done = run_forestall(*question, "--kubeconfig", str(self._ground.cluster.kubeconfig))
        answer = f"{against.link} at {against.use:.0%}".replace("%", " %")
        if done.returncode != Exit.ERROR or answer not in done.stderr:
            raise Stuck(f"the twin does not say '{answer}': {done.stdout}{done.stderr}")
        self._tell.quote(done.stderr)

    def _is_proposed(self, plan: RemediationPlan) -> None:
        """Show the plan's figures. Raises Stuck unless it mends the network and is for people to carry out."""
        network = _network(plan)
        self._tell.say(f"plan {plan.metadata.name} is {plan.status.phase}: before, during and after it")
        self._tell.show(network_table(network))
        if not network.before.failing or network.after.failing:
            raise Stuck(f"losses that fail the network: {network.before.failing}, then {network.after.failing}")
        if plan.status.mode != "Propose" or plan.status.plan_digest or plan.status.steps:
            raise Stuck(f"plan {plan.metadata.name} is more than a proposal: {plan.status.mode}")
        self._alice.is_refused(plan, by=Exit.NOT_NOW)

    def _set_metrics(self, plan: RemediationPlan) -> None:
        """Apply the documents with the metrics of the plan, as whoever tends the routers would report them."""
        folder = self._ground.cluster.folder / "topology"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(TOPOLOGY, folder)
        document = folder / NETWORK
        metrics = [one.metric for one in _network(plan).changes if one.metric]
        document.write_text(with_metrics(document.read_text(), metrics))
        put_topology(self._ground, folder)


def _network(plan: RemediationPlan) -> NetworkPrediction:
    """Return what the twin says of the network. Raises Stuck where it says nothing."""
    prediction = plan.status.prediction
    if prediction is None or prediction.network is None:
        raise Stuck(f"plan {plan.metadata.name} says nothing of the network")
    return prediction.network
