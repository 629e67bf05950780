"""Every option is tried on the twin against doing nothing; what would leave a goal worse may not run."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from forestall.api.base import Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import Candidate
from forestall.planning.simulate import CAVEAT, Option, Simulated, examine
from forestall.ports import Json
from forestall.twin.views import Potential
from tests.unit.planning.objects import runbook
from tests.unit.planning.world import (
    CART,
    available,
    broken_rollout,
    heavy_load,
    images_pull,
    light_load,
    load_inspection,
    measured,
    node,
    pod,
    policy,
    single_point,
    snapshot,
    world,
)
from tests.unit.twin.objects import autoscaler, claim, mounting, volume

UNDO = Option(runbook("RestorePreviousTemplate"), CART)
SPREAD = Option(runbook("SpreadOverNodes"), CART)


def scale(replicas: int | str) -> Option:
    return Option(runbook("SetReplicas"), CART, (Parameter(name="replicas", value=str(replicas)),))


def tried(
    objects: list[Json], *options: Option, of: Finding, under: InspectionPolicy | None = None, load: str = "0.9"
) -> tuple[Simulated, ...]:
    return examine(under or policy(), snapshot(objects), measured(load), of, options=options)


def candidates(*args: Any, **kwargs: Any) -> list[Candidate]:
    return [one.candidate for one in tried(*args, **kwargs)]


def test_doing_nothing_comes_first_and_is_chosen_where_nothing_is_better() -> None:
    found = candidates(world("worker-1", "worker-2", "worker-3"), of=single_point())
    assert [(one.runbook, one.verdict) for one in found] == [("DoNothing", "Chosen")]


def test_restoring_the_template_resolves_images_that_cannot_be_pulled() -> None:
    nothing, undo = candidates(broken_rollout(), UNDO, of=images_pull())
    assert (nothing.verdict, nothing.resolves) == ("Accepted", False)
    assert (undo.verdict, undo.resolves) == ("Chosen", True)


def test_more_pods_of_a_template_that_cannot_be_pulled_resolve_nothing() -> None:
    assert not candidates(broken_rollout(), scale(5), of=images_pull())[1].resolves


def test_a_target_without_an_earlier_template_cannot_be_restored() -> None:
    undo = candidates(world("worker-1"), UNDO, of=images_pull())[1]
    assert (undo.verdict, undo.counterexample) == (
        "Rejected",
        "Deployment/shop/cart has no earlier template to restore",
    )


def test_spreading_removes_a_single_point_of_failure() -> None:
    nothing, spread = candidates(world("worker-1", "worker-1", "worker-1"), SPREAD, of=single_point())
    assert (nothing.broken, spread.broken) == (1, 0)
    assert (spread.verdict, spread.resolves, spread.affected_services) == ("Chosen", True, 1)


def test_a_goal_that_another_loss_would_still_break_is_not_resolved() -> None:
    goals = available(3)
    spread = candidates(world("worker-1", "worker-1", "worker-1"), SPREAD, of=single_point(), under=policy(goals))[1]
    assert not spread.resolves
    assert (spread.verdict, spread.counterexample) == (
        "Rejected",
        "goal up becomes NotFulfilled when node/worker-2 is lost",
    )


def test_scaling_down_below_what_a_loss_needs_is_rejected_with_the_loss() -> None:
    down = candidates(world("worker-1", "worker-2", "worker-3"), scale(2), of=heavy_load())[1]
    assert down.verdict == "Rejected"
    assert down.counterexample == "goal up becomes NotFulfilled when node/worker-2 is lost"


def test_scaling_down_below_the_goal_is_rejected_outright() -> None:
    down = candidates(world("worker-1", "worker-2", "worker-3"), scale(1), of=heavy_load())[1]
    assert (down.verdict, down.counterexample) == ("Rejected", "goal up becomes NotFulfilled")


BOUNDS = "HorizontalPodAutoscaler/shop/cart keeps Deployment/shop/cart at 2 to 4 pods and would undo"


@pytest.mark.parametrize(
    ("wanted", "acts", "expected"),
    [
        (4, True, f"{BOUNDS} 4: change its bounds instead"),
        (5, True, f"{BOUNDS} 5: change its bounds instead"),
        (5, False, f"{BOUNDS} 5: change its bounds instead"),
        (4, False, ""),
    ],
)
def test_a_number_of_pods_that_an_autoscaler_would_undo_is_rejected(wanted: int, acts: bool, expected: str) -> None:
    scaler = autoscaler(2, 4, target="cart", acts=acts)
    up = candidates([*world("worker-1", "worker-2"), scaler], scale(wanted), of=heavy_load())[1]
    assert (up.verdict == "Rejected", up.counterexample) == (bool(expected), expected)


def test_the_autoscaler_of_another_workload_undoes_nothing() -> None:
    up = candidates([*world("worker-1", "worker-2"), autoscaler(2, 4, target="web")], scale(5), of=heavy_load())[1]
    assert up.verdict != "Rejected"


def test_pods_that_their_volume_holds_are_not_spread() -> None:
    cluster = world("worker-1", "worker-1", "worker-1")
    (template,) = (item["spec"]["template"] for item in cluster if item["kind"] == "Deployment")
    template["spec"] |= mounting("data")
    next(item for item in cluster if item["kind"] == "Node")["metadata"]["labels"] = {"disk": "local"}
    disk = [claim(), volume(disk="local")]

    free, held = (candidates([*cluster, *bound], SPREAD, of=single_point())[1] for bound in ([claim(), volume()], disk))

    assert (free.verdict, free.resolves) == ("Chosen", True)
    assert (held.verdict, held.resolves) == ("Rejected", False)
    assert held.counterexample == "pods of Deployment/shop/cart that find no node with room: 2"


def test_scaling_to_nothing_breaks_the_goal_of_a_load_that_pods_share() -> None:
    under = policy(light_load(), ladder=[])
    down = candidates(
        world("worker-1", "worker-2"),
        Option(_any_scale(), CART, _replicas("0")),
        of=heavy_load(),
        under=under,
        load="0.5",
    )[1]
    assert (down.verdict, down.counterexample) == ("Rejected", "goal light becomes NotFulfilled")


def test_spreading_onto_full_nodes_is_rejected() -> None:
    """Two nodes are full, so that a strict spread would leave pods without a place."""
    full = [node("worker-1", cpu="8"), node("worker-2", cpu="0"), node("worker-3", cpu="0")]
    spread = candidates(
        world("worker-1", "worker-1", "worker-1", nodes=full), SPREAD, of=single_point(), under=policy(available(1))
    )[1]
    assert (spread.verdict, spread.counterexample) == (
        "Rejected",
        "pods of Deployment/shop/cart that find no node with room: 2",
    )


def test_scaling_up_without_room_is_rejected() -> None:
    full = [node("worker-1", cpu="1"), node("worker-2", cpu="1")]
    up = candidates(world("worker-1", "worker-2", nodes=full), scale(3), of=heavy_load())[1]
    assert (up.verdict, up.resolves) == ("Rejected", False)
    assert up.counterexample == "pods of Deployment/shop/cart that find no node with room: 1"


def test_a_node_that_strangers_filled_is_full() -> None:
    objects = [
        *world("worker-1", "worker-1", "worker-1", nodes=[node("worker-1"), node("worker-2")]),
        pod("hog", "worker-2", owner="hog-1", cpu="4"),
    ]
    assert candidates(objects, SPREAD, of=single_point())[1].verdict == "Rejected"


def test_one_pod_more_brings_a_shared_load_under_its_threshold() -> None:
    goals = (available(1), light_load())
    up = candidates(world("worker-1", "worker-2"), scale(3), of=heavy_load(), under=policy(*goals))[1]
    assert (up.verdict, up.resolves) == ("Chosen", True)


@pytest.mark.parametrize(("replicas", "load", "resolved"), [(3, "0.9", True), (3, "1.3", False), (4, "1.3", True)])
def test_a_deployments_load_is_shared_by_its_pods_where_no_goal_says_otherwise(
    replicas: int, load: str, resolved: bool
) -> None:
    assert (
        candidates(world("worker-1", "worker-2"), scale(replicas), of=heavy_load(), load=load)[1].resolves is resolved
    )


def test_a_value_that_a_goal_says_nobody_shares_does_not_change() -> None:
    under = policy(available(1), light_load(shared_by=None))
    assert not candidates(world("worker-1", "worker-2"), scale(9), of=heavy_load(), under=under)[1].resolves


def test_a_services_value_that_no_goal_explains_is_not_predicted() -> None:
    under = policy(inspections=[load_inspection("Service")])
    assert not candidates(world("worker-1", "worker-2"), scale(9), of=heavy_load(), under=under)[1].resolves


def test_of_several_series_the_findings_own_one_counts() -> None:
    under = policy(available(1), inspections=[load_inspection("Deployment", nameLabel="app")])
    for values, resolved in ((("0.9",), True), (("0.9", "0.9"), False)):
        found = examine(
            under,
            snapshot(world("worker-1", "worker-2")),
            measured(*values, app="cart"),
            heavy_load(),
            options=[scale(3)],
        )
        assert found[1].candidate.resolves is resolved


@pytest.mark.parametrize("load", ["NaN", "Infinity"])
def test_a_value_that_is_no_number_resolves_nothing(load: str) -> None:
    assert not candidates(world("worker-1", "worker-2"), scale(9), of=heavy_load(), load=load)[1].resolves


def test_an_inspection_that_is_gone_resolves_nothing() -> None:
    under = policy(inspections=[{"name": "images", "workload": {"checks": ["ImagePull"]}}])
    assert not candidates(world("worker-1", "worker-2"), scale(9), of=heavy_load(), under=under)[1].resolves


@pytest.mark.parametrize("lost", ["worker-9", "", "worker-1/extra"])
def test_a_single_point_that_is_gone_from_the_twin_is_not_called_resolved(lost: str) -> None:
    assert not candidates(world("worker-1", "worker-1"), SPREAD, of=single_point(lost))[1].resolves


def test_arguments_that_are_not_valid_reject_the_candidate_and_name_the_field() -> None:
    bad = candidates(world("worker-1"), scale("1e1000"), of=heavy_load())[1]
    assert bad.verdict == "Rejected"
    assert bad.counterexample.startswith("parameters[replicas]: ")


def test_the_best_is_chosen_and_the_rejected_come_last() -> None:
    found = candidates(
        world("worker-1", "worker-1"), scale(1), scale(3), SPREAD, of=single_point(), under=policy(available(1))
    )
    assert [(one.runbook, one.verdict) for one in found] == [
        ("DoNothing", "Accepted"),
        ("scale", "Chosen"),
        ("spread-replicas", "Accepted"),
        ("scale", "Accepted"),
    ]


def test_among_equals_what_can_be_undone_comes_first_then_the_order_of_the_ladder() -> None:
    lasting = Option(runbook("SpreadOverNodes", irreversible=True), CART)
    wide = Option(runbook("SpreadOverNodes"), CART, (Parameter(name="max-skew", value="1"),))
    found = tried(world("worker-1", "worker-1"), lasting, SPREAD, wide, of=single_point(), under=policy(available(1)))
    assert [one.candidate.parameters for one in found[1:]] == [(), wide.parameters, ()]
    assert found[1].candidate.verdict == "Chosen"


RULE = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "cart"}}}
APART = {
    "requiredDuringSchedulingIgnoredDuringExecution": [{name: RULE[name] for name in ("topologyKey", "labelSelector")}]
}
CARRIED: dict[str, tuple[Json, str]] = {
    "spread as wanted": ({"topologySpreadConstraints": [RULE]}, "spreads its pods over nodes already, by a skew of 1"),
    "apart": ({"affinity": {"podAntiAffinity": APART}}, "keeps its pods on nodes of their own already"),
    "spread less": ({"topologySpreadConstraints": [{**RULE, "maxSkew": 2}]}, ""),
    "spread where it can be": ({"topologySpreadConstraints": [{**RULE, "whenUnsatisfiable": "ScheduleAnyway"}]}, ""),
    "spread over zones": ({"topologySpreadConstraints": [{**RULE, "topologyKey": "zone"}]}, ""),
}


@pytest.mark.parametrize(("more", "why"), CARRIED.values(), ids=CARRIED.keys())
def test_pods_whose_template_spreads_them_already_are_not_spread_once_more(more: Json, why: str) -> None:
    objects = world("worker-1", "worker-1")
    (cart,) = (one for one in objects if one["kind"] == "Deployment")
    cart["spec"]["template"]["spec"] |= more
    (_, spread) = candidates(objects, SPREAD, of=single_point(), under=policy(available(1)))
    assert spread.verdict == ("Rejected" if why else "Chosen")
    assert why in spread.counterexample
    assert ("restart its pods" in spread.counterexample) is bool(why)


def test_what_only_moves_pods_about_is_accepted_but_not_chosen() -> None:
    nothing, spread = candidates(world("worker-1", "worker-2", "worker-3"), SPREAD, of=heavy_load())
    assert (nothing.verdict, spread.verdict) == ("Chosen", "Accepted")


def test_exactly_one_candidate_is_chosen() -> None:
    for objects, of in ((world("worker-1"), heavy_load()), (broken_rollout(), images_pull())):
        found = candidates(objects, UNDO, SPREAD, scale(3), of=of)
        assert [one.verdict for one in found].count("Chosen") == 1


def test_the_prediction_tells_every_goal_before_and_after_with_its_limits() -> None:
    goals = (available(3), light_load())
    up = tried(world("worker-1", "worker-2"), scale(3), of=heavy_load(), under=policy(*goals))[1]
    told = [(one.name, one.before, one.after, one.value) for one in up.prediction.goals]
    assert told == [
        ("up", "NotFulfilled", "Fulfilled", Decimal(3)),
        ("light", "NotFulfilled", "Fulfilled", Decimal("0.6")),
    ]
    assert (up.prediction.ready_pods, up.prediction.nodes, up.prediction.caveat) == (3, 3, CAVEAT)
    assert all(word in CAVEAT for word in ("Steady state", "preferences", "Start-up time"))


def test_a_candidate_is_tried_on_a_supposition_and_leaves_the_snapshot_alone() -> None:
    before = snapshot(world("worker-1", "worker-1"))
    one = examine(policy(), before, {}, single_point(), options=[scale(5)])[1]
    assert isinstance(one.potential, Potential)
    assert len(before.pods_of_workload(CART)) == 2
    assert len(one.potential.pods_of_workload(CART)) == 5


def test_a_target_that_is_not_in_the_twin_is_an_error() -> None:
    with pytest.raises(KeyError):
        examine(policy(), snapshot([]), {}, single_point(), options=[SPREAD])


def _any_scale() -> Any:
    replicas = {"name": "replicas", "description": "Pods.", "type": "Integer"}
    return runbook("SetReplicas", parameters=[replicas])


def _replicas(value: str) -> tuple[Parameter, ...]:
    return (Parameter(name="replicas", value=value),)
