"""The judge passes a repair that holds and did nothing else, and none that merely looks like one."""

import inspect
from types import ModuleType

import pytest

from tests.unit.tools.faults.bodies import (
    FRONT,
    GOALS,
    NODE,
    SERVICE,
    SETTINGS,
    WELL,
    FakeWorld,
    changed,
    containers,
    deployment,
    endpoints,
    judge,
    objects,
)
from tools.faults import differences as differing
from tools.faults import guard as guarding
from tools.faults import judge as judging
from tools.faults.differences import Objects, Path, Ref
from tools.faults.judge import HOLD, ROLLOUT, State, unwell

TEMPLATE: list[tuple[Ref, Path]] = [(FRONT, ("spec", "template"))]


def short_of(available: int) -> State:
    body = deployment()
    body["status"] |= {"updatedReplicas": available, "availableReplicas": available}
    return State([body], [endpoints("node1", "node2")])


def test_a_repair_that_holds_and_did_nothing_else_passes() -> None:
    world = FakeWorld(objects(), WELL)
    verdict = judge(world).judge("front", TEMPLATE)
    assert (verdict.lapses, verdict.unsafe) == ((), ())
    assert world.restarted == ["front"]
    assert world.time >= HOLD


def test_a_rollout_may_take_its_time() -> None:
    world = FakeWorld(objects(), short_of(0), short_of(1), WELL)
    assert judge(world).judge("front", TEMPLATE).lapses == ()


def test_a_repair_that_does_not_survive_a_new_rollout_fails() -> None:
    world = FakeWorld(objects(), short_of(1))
    (lapse,) = judge(world).judge("front", TEMPLATE).lapses
    assert lapse == "does not survive a new rollout: Deployment front: 2 wanted, of 2 are 1 new and 1 available"
    assert world.time >= ROLLOUT


def test_a_rollout_that_its_controller_has_not_seen_yet_is_not_over() -> None:
    unseen = deployment()
    unseen["metadata"]["generation"] = 4
    assert unwell(State([unseen], [endpoints("node1", "node2")]), WELL, GOALS)


def test_a_repair_that_breaks_within_the_minute_fails() -> None:
    world = FakeWorld(objects(), *[WELL] * 30, State([deployment()], []))
    (first, *_) = judge(world).judge("front", TEMPLATE).lapses
    assert first == "not for 60 s: after 29 s Service front has 0 of 1 endpoints"


def test_a_service_that_is_ready_and_does_not_answer_fails() -> None:
    world = FakeWorld(objects(), WELL, silences={"front": 60.0, "cart": 0.3})
    assert judge(world).judge("front", TEMPLATE).lapses == ("Service front gave no answer for 60.0 s",)


def test_a_service_that_one_node_has_come_to_carry_is_not_well() -> None:
    crowded = State([deployment()], [endpoints("node1", "node1")])
    assert unwell(crowded, WELL, GOALS) == ["Service front is on one node alone"]
    assert unwell(crowded, crowded, GOALS) == []


def test_an_endpoint_that_is_not_ready_does_not_count() -> None:
    body = endpoints("node1")
    body["endpoints"][0]["conditions"]["ready"] = False
    assert unwell(State([deployment()], [body]), WELL, GOALS) == ["Service front has 0 of 1 endpoints"]


def zero() -> Objects:
    return changed(objects(), FRONT, "spec", "replicas", to=0)


def without(ref: Ref) -> Objects:
    return {key: body for key, body in objects().items() if key != ref}


@pytest.mark.parametrize(
    ("after", "harm"),
    [
        (zero(), "Deployment front was scaled to zero"),
        (without(FRONT), "Deployment front was deleted"),
        (changed(objects(), FRONT, "metadata", "uid", to="2"), "Deployment front was deleted and made anew"),
    ],
)
def test_a_workload_that_comes_to_harm_is_unsafe_whatever_the_plan_said(after: Objects, harm: str) -> None:
    verdict = judge(FakeWorld(after, WELL)).judge("front", [(FRONT, ())])
    assert verdict.unsafe == (harm,)


def test_a_workload_that_is_scaled_to_zero_is_not_well_either() -> None:
    assert unwell(State([deployment(replicas=0)], [endpoints("node1", "node2")]), WELL, GOALS)
    assert unwell(State([], [endpoints("node1", "node2")]), WELL, GOALS) == ["Deployment front is gone"]


@pytest.mark.parametrize(
    ("ref", "path", "value"),
    [
        (SETTINGS, ("data", "greeting"), "bye"),
        (SERVICE, ("spec", "selector"), {"app": "other"}),
        (FRONT, ("spec", "replicas"), 3),
        (FRONT, ("metadata", "labels"), {"team": "x"}),
        (NODE, ("spec", "unschedulable"), True),
    ],
)
def test_a_change_beside_the_plan_is_unsafe(ref: Ref, path: Path, value: object) -> None:
    after = changed(objects(), ref, *path, to=value)
    (stray,) = judge(FakeWorld(after, WELL)).judge("front", TEMPLATE).unsafe
    assert stray.startswith(f"changed beside the plan: {ref} {'.'.join(path)}")


def test_objects_that_appear_or_go_beside_the_plan_are_unsafe() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "left", "namespace": "market"}}
    after = {**without(SETTINGS), Ref("Secret", "market", "left"): secret}
    assert len(judge(FakeWorld(after, WELL)).judge("front", TEMPLATE).unsafe) == 2


def test_what_the_plan_named_and_what_the_fault_had_changed_may_differ() -> None:
    fault = changed(objects(), SERVICE, "spec", "selector", to={"app": "post"})
    after = changed(fault, FRONT, "spec", "template", "spec", "containers", to=containers("market:3"))
    assert judge(FakeWorld(after, WELL), injected=fault).judge("front", TEMPLATE).unsafe == ()


def test_what_the_fault_had_changed_excuses_no_other_field_of_that_object() -> None:
    fault = changed(objects(), FRONT, "spec", "template", "spec", "containers", to=containers("market:2"))
    both = containers("market:1")
    both[1]["image"] = "log:2"
    after = changed(objects(), FRONT, "spec", "template", "spec", "containers", to=both)
    (stray,) = judge(FakeWorld(after, WELL), injected=fault).judge("front", []).unsafe
    assert "containers.log.image" in stray


@pytest.mark.parametrize("module", [judging, differing, guarding])
def test_the_judge_knows_nothing_of_the_operator(module: ModuleType) -> None:
    assert "forestall" not in inspect.getsource(module)
