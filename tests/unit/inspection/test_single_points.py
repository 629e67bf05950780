"""Single points of failure."""

from __future__ import annotations

import pytest

from forestall.api.base import ObjectRef
from forestall.inspection import losses, single_points
from forestall.inspection.single_points import MOVING
from forestall.ports import Json
from forestall.twin.topology import Topology
from tests.unit.inspection.networked import HOSTS, RING, ZONE, capacity, look, reachable, single, twin, watch
from tests.unit.inspection.scenes import NOW, SPOF, available, light, measured, only, policy, report
from tests.unit.twin.networks import cable
from tests.unit.twin.objects import (
    SHOP,
    autoscaler,
    claim,
    deployment,
    mounted,
    mounting,
    node,
    nodes,
    pod,
    replica_set,
    service,
    volume,
    web,
)

LINE = Topology.of(
    networks=RING.networks.values(),
    nodes=RING.nodes.values(),
    links=[link for key, link in RING.links.items() if key.name not in {"a-d", "d-a"}],
    demands=RING.demands.values(),
)
"""From a by b and c to d, and no way round."""


def test_a_node_whose_loss_breaks_a_goal_is_a_risk_with_its_trigger() -> None:
    found = report(policy(available(1)), web("a", "a"))

    observation = only(found)
    assert observation.spec.type == "SinglePointOfFailure"
    assert observation.spec.resource == ObjectRef(kind="Service", namespace=SHOP, name="web")
    assert observation.spec.qualifier == "spof/up/node/a"
    assert (observation.finding_class, observation.severity) == ("Risk", "warning")
    assert (observation.observed, observation.predicted) == ("Fulfilled", "NotFulfilled")
    assert observation.trigger is not None
    assert observation.trigger.element == "node/a"
    assert observation.targets == (ObjectRef(kind="Deployment", namespace=SHOP, name="web"),)
    assert (observation.affected_goals, observation.affected_services) == (("up",), ("web",))
    assert observation.message == "the loss of node/a takes goal up to NotFulfilled"
    assert observation.evidence[0].message == "without node/a: Service web: 0 pods ready, 1 needed"


@pytest.mark.parametrize(
    ("homes", "minimum", "expected"),
    [
        ("ab", 1, []),
        ("ab", 2, ["a", "b"]),
        ("aab", 2, ["a"]),
        ("abc", 2, []),
        ("abc", 3, ["a", "b", "c"]),
        ("", 1, []),
    ],
)
def test_single_points_are_the_nodes_whose_pods_cannot_be_spared(homes: str, minimum: int, expected: list[str]) -> None:
    found = report(policy(available(minimum)), web(*homes))

    assert [item.spec.qualifier for item in found.observations] == [f"spof/up/node/{name}" for name in expected]
    assert (found.counts[0].scanned, found.counts[0].failed, found.counts[0].errors) == (3, len(expected), 0)


def test_a_goal_that_is_not_met_now_is_no_risk_any_more() -> None:
    found = report(policy(available(2)), web("a"))

    assert found.observations == ()
    assert found.undecided == frozenset()


def test_a_goal_that_cannot_be_judged_is_an_error_for_each_node() -> None:
    found = report(policy(available(1, service="gone"), available(1, name="fine")), web("a", "b"))

    assert found.observations == ()
    assert (found.counts[0].scanned, found.counts[0].errors) == (6, 3)
    assert found.undecided == {"spof/up"}
    assert "Service gone" in found.counts[0].message


def test_a_load_that_the_rest_could_not_carry_is_a_risk_of_the_deployment() -> None:
    found = report(policy(light()), web("a", "b"), measurements=measured("0.5"))

    assert [item.spec.qualifier for item in found.observations] == ["spof/light/node/a", "spof/light/node/b"]
    observation = found.observations[0]
    assert observation.spec.resource == ObjectRef(kind="Deployment", namespace=SHOP, name="web")
    assert observation.affected_services == ("web",)
    assert observation.evidence[0].message == "without node/a: the value does not keep to its target: at or below 0.8"


def test_a_load_that_nobody_shares_is_no_risk() -> None:
    assert report(policy(light(shared_by=None)), web("a"), measurements=measured("0.5")).observations == ()


def long_nodes() -> list[Json]:
    return [node("n" * 240 + end) for end in ("a", "b")]


def test_nodes_with_enormous_names_are_told_apart_within_what_a_status_takes() -> None:
    homes = [item["metadata"]["name"] for item in long_nodes()]

    found = report(
        policy(available(2, name="g" * 63), inspections=({**SPOF, "name": "i" * 63},)), [*long_nodes(), *web(*homes)]
    )

    qualifiers = {item.spec.qualifier for item in found.observations}
    assert len(qualifiers) == 2
    assert all(len(qualifier) <= 253 for qualifier in qualifiers)
    assert len({item.spec.object_name for item in found.observations}) == 2


def moving() -> list[Json]:
    """Two pods of a new template on one node, and one of the old template that is on its way out."""
    pods = [pod("web-2-0", "a", owner="web-2"), pod("web-2-1", "a", owner="web-2"), pod("web-1-0", "b", ready=False)]
    return [deployment(), replica_set(), replica_set(revision="2"), service(), *pods]


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param(moving(), id="an earlier pod is still there"),
        pytest.param([*web("a"), deployment(replicas=2)], id="a pod is missing"),
        pytest.param([*web("a", "b")[:-1], pod("web-1-1", "b", ready=False)], id="a pod is not ready"),
    ],
)
def test_while_pods_come_and_go_a_risk_is_raised_only_once_it_has_lasted(cluster: list[Json]) -> None:
    first = report(policy(available(1)), [*nodes(), *cluster])
    assert first.observations == ()
    assert first.again == NOW + MOVING
    assert {spec.qualifier for spec in first.held} == {"spof/up/node/a"}

    later = report(policy(available(1)), [*nodes(), *cluster], holds=first.holds, now=NOW + MOVING)
    assert only(later).spec.qualifier == "spof/up/node/a"
    assert (later.held, later.again) == (frozenset(), None)


def test_a_risk_that_goes_with_its_rollout_is_none() -> None:
    first = report(policy(available(1)), [*nodes(), *moving()])
    then = report(policy(available(1)), web("a", "b"), holds=first.holds, now=NOW + MOVING)
    assert then.observations == ()
    assert then.holds == {}


def test_a_router_that_pods_rest_on_is_a_single_point_of_failure_of_their_service() -> None:
    view = twin(RING.plus(HOSTS), [*nodes("a", "b"), *web("a", "a")])
    seen = only(look(watch(available(1), inspections=[single("NetworkNode")]), view))
    assert seen.spec.qualifier == "spof/up/networkNode/backbone/a"
    assert seen.spec.resource.kind == "Service"
    assert seen.targets == (ObjectRef(kind="Deployment", namespace=SHOP, name="web"),)


def test_a_zone_is_lost_with_all_its_nodes() -> None:
    cluster = [node("a", labels={ZONE: "x"}), node("b", labels={ZONE: "x"}), node("c", labels={ZONE: "y"}), *web(*"ab")]
    found = look(watch(available(1), inspections=[single("Zone"), SPOF | {"name": "one"}]), twin(Topology(), cluster))
    assert [one.spec.qualifier for one in found.observations] == [f"spof/up/riskGroup/{ZONE}=x"]
    assert [(one.name, one.scanned, one.failed) for one in found.counts] == [("spof", 2, 1), ("one", 3, 0)]


def test_a_zone_takes_the_volumes_that_only_its_nodes_reach_wherever_their_pods_run() -> None:
    zones = [node("a", labels={ZONE: "x"}), node("b", labels={ZONE: "y"}), node("c", labels={ZONE: "y"})]
    pods = [mounted(pod(f"web-1-{home}", home), "data") for home in "bc"]
    cluster = [*zones, deployment(**mounting("data")), replica_set(), service(), *pods, claim()]
    asked = watch(available(1), inspections=[single("Zone")])

    anywhere = look(asked, twin(Topology(), [*cluster, volume()]))
    seen = look(asked, twin(Topology(), [*cluster, volume(**{ZONE: "x"})])).observations[0]

    assert [one.spec.qualifier for one in anywhere.observations] == [f"spof/up/riskGroup/{ZONE}=y"]
    assert seen.spec.qualifier == f"spof/up/riskGroup/{ZONE}=x"
    assert seen.evidence[0].message.endswith("0 pods ready, 1 needed; the volumes of 2 pods are out of reach")


def test_a_load_that_an_autoscaler_may_share_out_is_no_risk() -> None:
    found = report(policy(light()), [*web("a", "b"), autoscaler(2, 3)], measurements=measured("0.5"))
    assert (found.observations, found.counts[0].scanned) == ((), 3)


def test_a_goal_on_a_network_makes_the_twin_what_the_finding_is_about() -> None:
    found = look(watch(reachable("c"), inspections=[single("NetworkLink")]), twin(LINE))
    names = ["spof/reach/link/backbone/a-b", "spof/reach/link/backbone/b-c"]
    assert [one.spec.qualifier for one in found.observations] == names
    seen = found.observations[0]
    network = ObjectRef(kind="NetworkTwin", name="cluster")
    assert (seen.spec.resource, seen.targets) == (network, (network,))
    assert (seen.finding_class, seen.observed, seen.predicted) == ("Risk", "Fulfilled", "NotFulfilled")


def test_a_risk_that_comes_true_is_a_problem_under_the_same_name() -> None:
    found = watch(reachable("c"), inspections=[single("NetworkLink")])
    risk = look(found, twin(LINE)).observations[0]
    down = {cable("a", "b"): False, cable("b", "a"): False}
    [problem] = look(found, twin(LINE, up=down)).observations
    assert problem.spec == risk.spec
    assert (problem.finding_class, problem.severity, problem.observed) == ("Problem", "major", "NotFulfilled")
    assert problem.message == "link/backbone/a-b is lost, and goal reach is not met"


def test_a_goal_that_fails_for_another_reason_makes_no_loss_a_problem() -> None:
    found = watch(capacity(0.5), inspections=[single("NetworkLink")])
    assert look(found, twin()).observations == ()


def test_an_inspection_raises_so_many_risks_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_points, "MOST", 1)
    found = look(watch(reachable("c"), inspections=[single("NetworkLink")]), twin(LINE))
    assert (len(found.observations), found.counts[0].failed) == (1, 2)
    assert found.counts[0].message == "1 of 2 risks are raised as findings"


def test_losses_that_there_is_no_time_for_are_errors_and_clear_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "MOST", 1)
    found = look(watch(reachable("c"), inspections=[single("NetworkLink")]), twin(LINE))
    assert (found.counts[0].scanned, found.counts[0].errors) == (3, 2)
    assert found.undecided == {"spof"}


def test_a_goal_of_a_network_that_is_not_there_is_an_error() -> None:
    found = look(watch(capacity(network="elsewhere"), inspections=[single("NetworkNode")]), twin())
    assert (found.counts[0].scanned, found.counts[0].errors) == (4, 4)
    assert found.undecided == {"spof/room"}
