"""What each effect leaves behind on the twin, and which findings that resolves."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import Key, Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Rung
from forestall.api.remediationplan import Candidate
from forestall.planning.simulate import Option, Simulated, examine, options
from forestall.ports import Json
from tests.unit.planning.objects import BAD, deployment, runbook
from tests.unit.planning.troubled import OOM, UNREADY, container, leads, world
from tests.unit.planning.world import CART, CART_SERVICE, finding, history, node, pod, policy, snapshot

NODE = Key("Node", "", "worker-1")
CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
MAINTENANCE = {"key": "example.com/maintenance", "effect": "NoSchedule"}
DEDICATED = {"node": "worker-1", "key": MAINTENANCE["key"], "effect": "NoSchedule"}


def about(kind: str, resource: Key = CART, *targets: Key) -> Finding:
    found = finding(kind, "state", targets=[one._asdict() for one in (targets or (resource,))])
    return found.model_copy(
        update={
            "spec": found.spec.model_copy(update={"resource": found.spec.resource.model_validate(resource._asdict())})
        }
    )


def tried(objects: list[Json], effect: str, target: Key, of: Finding, /, **given: str) -> Simulated:
    parameters = tuple(Parameter(name=name.replace("_", "-"), value=value) for name, value in given.items())
    return examine(policy(), snapshot(objects), {}, of, options=[Option(runbook(effect), target, parameters)])[1]


def candidate(objects: list[Json], effect: str, target: Key, of: Finding, /, **given: str) -> Candidate:
    return tried(objects, effect, target, of, **given).candidate


def starving(memory: str = "48Mi", **more: Any) -> list[Json]:
    return [node("worker-1"), *world(container(memory=memory), states={"cart": OOM}, **more)]


def test_an_alert_is_answered_by_what_mends_the_trouble_that_the_twin_sees() -> None:
    given = {"container": "cart", "resource": "limits.memory", "amount": "96"}
    assert candidate(starving(), "SetResources", CART, about("Alert"), **given).verdict == "Chosen"
    assert candidate(starving(), "SetResources", CART, about("Alert"), **{**given, "amount": "47"}).verdict != "Chosen"


def test_an_alert_about_what_is_well_on_the_twin_is_resolved_by_nothing() -> None:
    well = [node("worker-1"), *world(container(memory="48Mi"), ready=True)]
    for effect, given in (("RestartPods", {}), ("SetReplicas", {"replicas": "2"})):
        one = examine(policy(), snapshot(well), {}, about("Alert"), options=[option(effect, **given)])
        assert [(tried.candidate.verdict, tried.candidate.resolves) for tried in one] == [
            ("Chosen", False),
            ("Accepted", False),
        ]


def option(effect: str, **given: str) -> Option:
    return Option(runbook(effect), CART, tuple(Parameter(name=name, value=value) for name, value in given.items()))


@pytest.mark.parametrize(("amount", "resolved"), [("96", True), ("49", True), ("47", False)])
def test_a_container_that_starved_lives_with_a_higher_limit_of_memory_only(amount: str, resolved: bool) -> None:
    given = {"container": "cart", "resource": "limits.memory", "amount": amount}
    assert candidate(starving(), "SetResources", CART, about("OutOfMemory"), **given).resolves is resolved


def test_a_container_that_starves_for_a_moment_between_two_starts_is_not_called_mended() -> None:
    nothing = examine(policy(), snapshot(starving(ready=True)), {}, about("OutOfMemory"), options=[])[0]
    assert not nothing.candidate.resolves


def test_more_cpu_feeds_nobody() -> None:
    given = {"container": "cart", "resource": "limits.cpu", "amount": "900"}
    assert not candidate(starving(), "SetResources", CART, about("OutOfMemory"), **given).resolves


def test_requests_that_no_node_has_room_for_are_rejected() -> None:
    given = {"container": "cart", "resource": "requests.cpu", "amount": "4001"}
    found = candidate(starving(), "SetResources", CART, about("OutOfMemory"), **given)
    assert (found.verdict, found.counterexample) == ("Rejected", f"pods of {CART} that find no node with room: 1")


def test_smaller_requests_find_a_node() -> None:
    big = container(resources={"requests": {"cpu": "9"}})
    objects = [node("worker-1"), *world(big, home="")]
    given = {"container": "cart", "resource": "requests.cpu", "amount": "1000"}
    assert candidate(objects, "SetResources", CART, about("Unschedulable"), **given).resolves


def unasked(port: int, *declared: int, **more: Any) -> list[Json]:
    probe = {"httpGet": {"port": port}}
    one = container("cart", *declared, readinessProbe=probe)
    return [node("worker-1"), *world(one, states={"cart": UNREADY}, **more)]


@pytest.mark.parametrize(
    ("asked", "declared", "to", "resolved"),
    [(8081, (8080,), "8080", True), (8081, (8080,), "8082", False), (8080, (8080, 9000), "9000", False)],
)
def test_a_probe_is_answered_on_the_port_that_is_declared(
    asked: int, declared: tuple[int, ...], to: str, resolved: bool
) -> None:
    found = candidate(unasked(asked, *declared), "SetProbePort", CART, about("ProbeFailing"), container="cart", port=to)
    assert found.resolves is resolved


def test_a_probe_on_another_port_does_not_mend_what_crashes() -> None:
    crashing = {**UNREADY, **OOM}
    probe = {"httpGet": {"port": 8081}}
    objects = [node("worker-1"), *world(container("cart", 8080, readinessProbe=probe), states={"cart": crashing})]
    assert not candidate(objects, "SetProbePort", CART, about("ProbeFailing"), container="cart", port="8080").resolves


def test_a_restart_mends_one_of_many_but_not_what_ails_them_all() -> None:
    stuck = unasked(8080, 8080)
    assert not candidate(stuck, "RestartPods", CART, about("ProbeFailing")).resolves
    pod = next(item for item in stuck if item["kind"] == "Pod")
    like = {
        **pod,
        "metadata": {**pod["metadata"], "name": "cart-1-b"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    deployment = next(item for item in stuck if item["kind"] == "Deployment")
    deployment["spec"]["replicas"] = 2
    assert candidate([*stuck, like], "RestartPods", CART, about("ProbeFailing")).resolves


@pytest.mark.parametrize(("to", "resolved"), [("8080", True), ("8082", False)])
def test_a_service_is_reached_through_the_port_that_its_pods_have(to: str, resolved: bool) -> None:
    objects = [node("worker-1"), *world(container("cart", 8080), ready=True), leads("cart", 9090, app="cart")]
    of = about("NoReadyEndpoints", CART_SERVICE)
    found = tried(objects, "SetTargetPort", CART_SERVICE, of, port="80", target_port=to)
    assert (found.candidate.resolves, found.prediction.ready_pods) == (resolved, int(resolved))
    assert found.candidate.affected_services == 1


@pytest.mark.parametrize(("value", "resolved"), [("cart", True), ("carts", False)])
def test_a_service_is_reached_through_the_label_that_its_pods_have(value: str, resolved: bool) -> None:
    objects = [node("worker-1"), *world(container("cart", 8080), ready=True), leads("cart", 8080, app="crat")]
    of = about("NoReadyEndpoints", CART_SERVICE)
    assert candidate(objects, "SetSelectorLabel", CART_SERVICE, of, label="app", value=value).resolves is resolved


def barred(*taints: Json, **spec: Any) -> list[Json]:
    return [node("worker-1", taints=list(taints), **spec), *world(container(), home="")]


def test_pods_that_wait_find_a_place_on_a_node_that_is_open_again() -> None:
    closed = barred(CORDONED, unschedulable=True)
    of = about("Unschedulable", CART, CART, NODE)
    found = tried(closed, "Uncordon", NODE, of, node="worker-1")
    assert (found.candidate.resolves, found.prediction.ready_pods) == (True, 1)


def test_a_node_that_bears_another_taint_takes_them_no_more_than_before() -> None:
    closed = barred(CORDONED, MAINTENANCE, unschedulable=True)
    of = about("Unschedulable", CART, CART, NODE)
    assert not candidate(closed, "Uncordon", NODE, of, node="worker-1").resolves
    assert not candidate(closed, "RemoveTaint", NODE, of, **DEDICATED).resolves
    assert candidate(barred(MAINTENANCE), "RemoveTaint", NODE, of, **DEDICATED).resolves


@pytest.mark.parametrize(
    ("effect", "target", "given", "why"),
    [
        ("Uncordon", NODE, {"node": "worker-1"}, "Node/worker-1 is not cordoned"),
        ("RemoveTaint", NODE, DEDICATED, "Node/worker-1 has no taint example.com/maintenance:NoSchedule"),
        (
            "SetResources",
            CART,
            {"container": "x", "resource": "limits.cpu", "amount": "1"},
            f"{CART} has no container x",
        ),
        (
            "SetResources",
            CART,
            {"container": "cart", "resource": "limits.memory", "amount": "48"},
            f"container cart of {CART} has that amount already",
        ),
        (
            "SetProbePort",
            CART,
            {"container": "cart", "port": "1"},
            f"container cart of {CART} has no probe that asks a port",
        ),
        ("SetTargetPort", CART_SERVICE, {"port": "81", "target_port": "1"}, f"{CART_SERVICE} has no port 81"),
        ("SetTargetPort", CART_SERVICE, {"port": "80", "target_port": "9090"}, f"{CART_SERVICE} leads there already"),
        ("SetSelectorLabel", CART_SERVICE, {"label": "app", "value": "cart"}, f"{CART_SERVICE} selects so already"),
    ],
)
def test_what_would_change_nothing_or_cannot_be_is_rejected(
    effect: str, target: Key, given: dict[str, str], why: str
) -> None:
    objects = [*starving(), leads("cart", 9090, app="cart")]
    found = candidate(objects, effect, target, about("OutOfMemory", CART, CART, NODE), **given)
    assert (found.verdict, found.counterexample) == ("Rejected", why)


def running(number: int, **spec: Any) -> list[Json]:
    """A Service with one pod on worker-1, and so many nodes."""
    names = [f"worker-{index}" for index in range(1, number + 1)]
    return [*map(node, names), *world(container("cart", 8080), ready=True, **spec), leads("cart", 8080, app="cart")]


def drain(objects: list[Json], minimum: int) -> Candidate:
    """The drain of worker-1 under a policy that examines no losses of its own."""
    goal = {"name": "up", "available": {"service": "cart", "minReady": minimum}}
    option = Option(
        runbook("Drain"), NODE, (Parameter(name="node", value="worker-1"), Parameter(name="local-data", value="Keep"))
    )
    under = policy(goal, inspections=[{"name": "state", "workload": {"checks": ["NodeNotReady"]}}])
    return examine(under, snapshot(objects), {}, about("NodeNotReady", NODE), options=[option])[1].candidate


def test_a_drain_that_would_break_a_goal_on_its_way_is_rejected_though_its_end_is_sound() -> None:
    found = drain(running(2), 1)
    assert (found.verdict, found.counterexample) == (
        "Rejected",
        "goal up becomes NotFulfilled while node worker-1 is drained",
    )


def test_a_drain_without_room_elsewhere_is_rejected() -> None:
    assert drain(running(1), 1).counterexample == f"pods of {CART} that find no node with room: 1"


def test_a_drain_of_a_node_that_has_failed_brings_its_pods_back() -> None:
    failed = [item for item in running(2) if item["metadata"]["name"] != "worker-1"]
    found = drain([node("worker-1", ready=False), *failed], 1)
    assert (found.verdict, found.broken) == ("Chosen", 0)


def test_pods_that_nothing_is_known_to_make_anew_are_gone_with_a_drain() -> None:
    objects = [item for item in running(2) if item["kind"] not in ("Deployment", "ReplicaSet")]
    assert drain(objects, 1).verdict == "Rejected"


def test_pods_of_a_daemon_set_stay_where_they_are() -> None:
    objects = [item for item in running(2) if item["kind"] not in ("Deployment", "ReplicaSet")]
    [pod] = [item for item in objects if item["kind"] == "Pod"]
    pod["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "name": "cart", "controller": True}]
    assert drain(objects, 1).verdict == "Accepted"


def test_what_is_vouched_for_counts_as_resolved_and_comes_after_what_is_proved() -> None:
    vouched = Option(runbook("Vouched"), CART)
    given = {"container": "cart", "resource": "limits.memory", "amount": "96"}
    proved = Option(
        runbook("SetResources"), CART, tuple(Parameter(name=name, value=text) for name, text in given.items())
    )
    alone = examine(policy(), snapshot(starving()), {}, about("OutOfMemory"), options=[vouched])
    assert [one.candidate.verdict for one in alone] == ["Accepted", "Chosen"]
    both = examine(policy(), snapshot(starving()), {}, about("OutOfMemory"), options=[vouched, proved])
    assert [one.candidate.verdict for one in both] == ["Accepted", "Chosen", "Accepted"]
    assert both[1].candidate.runbook == "patch-resources"


def test_nothing_on_the_twin_mends_a_node_or_a_job() -> None:
    failed = [node("worker-1", ready=False), *world(container())]
    assert not candidate(failed, "Cordon", NODE, about("NodeNotReady", NODE), node="worker-1").resolves
    job = Key("Job", "shop", "report")
    assert not candidate(failed, "RestartPods", CART, about("FailedJob", job, CART)).resolves


def rung(name: str, **sources: str) -> Rung:
    given = [{"name": key.replace("_", "-"), "from": value} for key, value in sources.items()]
    return Rung.model_validate({"runbook": name, "parameters": given})


def test_a_rung_for_nodes_is_tried_on_each_node_of_the_finding_and_on_no_other() -> None:
    objects = [*map(node, ("worker-1", "worker-2", "worker-3")), *world(container())]
    second = Key("Node", "", "worker-2")
    of = about("Unschedulable", CART, CART, NODE, second, Key("Node", "", "gone"))
    found, why = options(rung("uncordon", node="Node"), runbook("Uncordon"), of, snapshot(objects))
    assert ([one.target for one in found], why) == ([NODE, second], "")
    assert [one.parameters[0].value for one in found] == ["worker-1", "worker-2"]


def test_a_rung_for_which_the_twin_has_no_value_or_the_finding_no_target_says_why() -> None:
    view = snapshot([node("worker-1"), *world(container())])
    sized = rung("patch-resources", container="AilingContainer", amount="DoubleMemory")
    assert options(sized, runbook("SetResources"), about("OutOfMemory"), view) == (
        (),
        f"there is no container of {CART} in trouble",
    )
    found = options(rung("uncordon", node="Node"), runbook("Uncordon"), about("OutOfMemory"), view)
    assert found == ((), "none of the finding's targets is a Node that the twin has")


def test_a_target_of_another_namespace_is_not_acted_on() -> None:
    elsewhere = Key("Deployment", "bank", "vault")
    view = snapshot([node("worker-1"), *world(container())])
    of = about("OutOfMemory", elsewhere, elsewhere, CART)
    assert [one.target for one in options(rung("rollout-restart"), runbook("RestartPods"), of, view)[0]] == [CART]


def renewed(before: Json, after: Json) -> list[Json]:
    """A Deployment whose old pods have gone, and whose new pod waits for a place."""
    objects = world(container(), home="", **after)
    deployment, present, _ = objects
    template = {"metadata": deployment["spec"]["template"]["metadata"], "spec": {"containers": [container()], **before}}
    former = {**present, "metadata": {**present["metadata"], "name": "cart-0"}, "spec": {"template": template}}
    present["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "2"}
    former["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
    return [node("worker-1"), *objects, former]


NOWHERE: Json = {"nodeSelector": {"disk": "none"}}


@pytest.mark.parametrize(("before", "resolved"), [({}, True), (NOWHERE, False)])
def test_a_restored_template_is_placed_by_its_own_rules_and_not_by_those_that_it_replaces(
    before: Json, resolved: bool
) -> None:
    found = candidate(renewed(before, NOWHERE), "RestorePreviousTemplate", CART, about("Unschedulable"))
    assert (found.resolves, found.verdict) == (resolved, "Chosen" if resolved else "Accepted")


def refused(*homes: str) -> list[Json]:
    """A new template of `cart` whose pods a quota refuses; of the old one there is a pod on each of `homes`."""
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: small"}
    return [
        *map(node, ("worker-1", "worker-2")),
        deployment(BAD, replicas=2) | {"status": {"conditions": [failure]}},
        *({**item, "kind": "ReplicaSet"} for item in history()),
        *(pod(f"cart-1-{number}", home) for number, home in enumerate(homes)),
    ]


@pytest.mark.parametrize(
    ("effect", "given", "homes", "resolved"),
    [
        ("RestorePreviousTemplate", {}, ["worker-1", "worker-2"], True),
        ("RestorePreviousTemplate", {}, ["worker-1"], False),
        ("RestartPods", {}, ["worker-1", "worker-2"], False),
        ("SetReplicas", {"replicas": "3"}, ["worker-1", "worker-2"], False),
    ],
)
def test_a_quota_is_answered_only_by_what_needs_no_pod_that_it_might_refuse(
    effect: str, given: dict[str, str], homes: list[str], resolved: bool
) -> None:
    assert candidate(refused(*homes), effect, CART, about("QuotaExceeded"), **given).resolves is resolved
