"""An action changes what was approved, once, and follows it to its effect; in doubt it changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from forestall.actions.order import Order
from forestall.actions.perform import DONE, FAILED, NOTHING_TO_DO, PRECONDITION_FAILED, TRIES, Result, perform
from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import DEPLOYMENTS, REPLICASETS
from forestall.planning.hashing import reads_hash
from forestall.ports import Json, KubeError
from tests.unit.gates.scene import NOW
from tests.unit.planning.objects import BAD, GOOD, deployment, replicaset
from tests.unit.runtime.instant import run

READS = ("spec.replicas", "spec.template")
UNLABELLED = replicaset("cart-2", GOOD, 2)
UNLABELLED["metadata"]["labels"] = {"app": "basket"}


def cluster(target: Json | None = None) -> MemoryKube:
    kube = MemoryKube(FixedClock(NOW))
    kube.put(DEPLOYMENTS, target or deployment())
    kube.put(REPLICASETS, replicaset("cart-1", GOOD, 1))
    kube.put(REPLICASETS, UNLABELLED)
    return kube


def scaling(to: str = "5", **more: Any) -> Order:
    order = Order(
        action="scale",
        effect="SetReplicas",
        kind="Deployment",
        namespace="shop",
        name="cart",
        uid="uid-cart",
        reads=READS,
        reads_hash=reads_hash(deployment(), READS),
        parameters={"replicas": to},
        post_checks=(),
        timeout=300,
    )
    return replace(order, **more)


def performed(
    kube: MemoryKube, order: Order, *, check_only: bool = False, meanwhile: Callable[[MemoryKube], None] | None = None
) -> Result:
    """Perform the order; `meanwhile` happens a minute later."""

    async def both() -> Result:
        loop = asyncio.get_running_loop()
        if meanwhile is not None:
            loop.call_later(60, meanwhile, kube)
        return await perform(order, kube, check_only=check_only, time=loop.time)

    return run(both())


def replicas(kube: MemoryKube) -> int:
    found = asyncio.run(kube.get(DEPLOYMENTS, "shop", "cart"))
    return int(found["spec"]["replicas"])


def untouched(kube: MemoryKube) -> bool:
    return not kube.made("json_patch", "merge_patch", "patch_status", "create")


def test_it_tries_and_then_makes_the_change_as_itself() -> None:
    kube = cluster()
    result = performed(kube, scaling())
    assert (result.code, result.message, replicas(kube)) == (DONE, "changed", 5)
    patches = [(call.dry_run, call.manager) for call in kube.calls if call.verb == "json_patch"]
    assert patches == [(True, "forestall-action-scale"), (False, "forestall-action-scale")]


def test_it_tells_how_it_left_the_target() -> None:
    assert performed(cluster(), scaling()).target_hash == reads_hash(deployment(replicas=5), READS)


def test_a_check_changes_nothing() -> None:
    kube = cluster()
    assert performed(kube, scaling(), check_only=True).code == DONE
    assert untouched(kube)


def test_a_target_that_is_as_wanted_is_left_alone_and_its_state_not_told_as_the_action_s_own() -> None:
    kube = cluster()
    result = performed(kube, scaling("3"))
    assert (result.code, result.target_hash) == (NOTHING_TO_DO, "")
    assert untouched(kube)


PRECONDITIONS: dict[str, tuple[Order, str]] = {
    "another object has the name": (scaling(uid="uid-old"), "made anew"),
    "what the decision rests on has changed": (scaling(reads_hash="sha256:else"), "changed since approval"),
    "a parameter is missing": (scaling(parameters={}), "parameters[replicas] is missing"),
    "a parameter is no number": (scaling("many"), "invalid literal"),
    "the ReplicaSet to return to is gone": (
        scaling(effect="RestorePreviousTemplate", parameters={"to": "cart-0", "template": "sha256:1"}),
        "no ReplicaSet cart-0 any more",
    ),
    "the ReplicaSet to return to has other labels": (
        scaling(effect="RestorePreviousTemplate", parameters={"to": "cart-2", "template": "sha256:1"}),
        "no ReplicaSet cart-2 any more",
    ),
    "the template to return to was exchanged": (
        scaling(effect="RestorePreviousTemplate", parameters={"to": "cart-1", "template": "sha256:1"}),
        "was changed after the plan was made",
    ),
    "the target is gone": (scaling(name="gone"), "404"),
}


@pytest.mark.parametrize(("order", "why"), PRECONDITIONS.values(), ids=PRECONDITIONS.keys())
def test_nothing_is_changed_when(order: Order, why: str) -> None:
    kube = cluster()
    result = performed(kube, order)
    assert result.code == PRECONDITION_FAILED
    assert why in result.message
    assert untouched(kube)


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, PRECONDITION_FAILED), (409, PRECONDITION_FAILED), (422, PRECONDITION_FAILED)]
    + [(status, FAILED) for status in (0, 403, 429, 500)],
)
@pytest.mark.parametrize("verb", ["get", "json_patch"])
def test_a_refusal_ends_it(status: int, code: int, verb: Any) -> None:
    kube = cluster()
    kube.refuse(verb, DEPLOYMENTS, KubeError(status, "No", "not now"), times=1 if verb == "get" else TRIES)
    result = performed(kube, scaling())
    assert (result.code, replicas(kube)) == (code, 3)
    assert "not now" in result.message


def test_a_target_that_changes_between_the_check_and_the_change_is_left_alone() -> None:
    class Racing(MemoryKube):
        async def json_patch(self, *args: Any, dry_run: bool = False, **kwargs: Any) -> Json:
            answer = await super().json_patch(*args, dry_run=dry_run, **kwargs)
            if dry_run:
                self.put(DEPLOYMENTS, deployment(replicas=4))
            return answer

    kube = Racing(FixedClock(NOW))
    kube.put(DEPLOYMENTS, deployment())
    assert performed(kube, scaling()).code == PRECONDITION_FAILED
    assert replicas(kube) == 4


def rolled_out(kube: MemoryKube, *, generation: int = 5, available: int = 5) -> None:
    counts = {"replicas": 5, "updatedReplicas": 5, "availableReplicas": available, "observedGeneration": generation}
    kube.put(DEPLOYMENTS, {**deployment(replicas=5), "status": counts})


def test_it_waits_until_the_rollout_is_complete() -> None:
    result = performed(cluster(), scaling(post_checks=("RolloutComplete",)), meanwhile=rolled_out)
    assert (result.code, result.message) == (DONE, "5 of 5 updated, 5 available")


def test_a_rollout_that_is_not_complete_in_time_is_a_failure_that_says_how_far_it_is() -> None:
    result = performed(
        cluster(), scaling(post_checks=("RolloutComplete",)), meanwhile=lambda kube: rolled_out(kube, available=4)
    )
    assert result.code == FAILED
    assert result.message == "changed, but not rolled out in time: 5 of 5 updated, 4 available"


def test_an_api_server_that_is_away_during_the_rollout_is_waited_for() -> None:
    kube = cluster()

    def go_away(_: MemoryKube) -> None:
        kube.refuse("get", DEPLOYMENTS, KubeError(0, "Unreachable", "away"), times=20)
        rolled_out(kube)

    assert performed(kube, scaling(post_checks=("RolloutComplete",)), meanwhile=go_away).code == DONE


def test_what_others_change_during_the_rollout_does_not_pass_for_this_change() -> None:
    def interfere(kube: MemoryKube) -> None:
        kube.put(DEPLOYMENTS, deployment(BAD, replicas=5))
        rolled_out_by_others = {"replicas": 5, "updatedReplicas": 5, "availableReplicas": 5, "observedGeneration": 9}
        kube.put(DEPLOYMENTS, {**deployment(BAD, replicas=5), "status": rolled_out_by_others})

    result = performed(cluster(), scaling(post_checks=("RolloutComplete",)), meanwhile=interfere)
    assert result.target_hash == reads_hash(deployment(replicas=5), READS)


def test_a_result_is_told_in_the_room_that_a_termination_message_has() -> None:
    told = Result(FAILED, "x" * 9000, "sha256:1").to_json()
    assert told == {"code": FAILED, "message": "x" * 1500, "targetHash": "sha256:1"}
