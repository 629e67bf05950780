"""The change itself: checked against what was approved, tried as a dry run, made, and followed to its effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from forestall.actions.order import Order
from forestall.adapters.resources import DEPLOYMENTS, REPLICASETS
from forestall.planning.changes import ChangeImpossibleError, change, changes_anything
from forestall.planning.hashing import reads_hash
from forestall.planning.rollouts import rollout
from forestall.ports import Json, Kube, KubeError

DONE, FAILED, PRECONDITION_FAILED, NOTHING_TO_DO = 0, 1, 40, 41
MARGIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """How the action ended: the exit code and what the termination message says."""

    code: int
    message: str
    target_hash: str = ""

    def to_json(self) -> Json:
        """The termination message."""
        return {"code": self.code, "message": self.message[:1500], "targetHash": self.target_hash}


async def perform(order: Order, kube: Kube, *, check_only: bool, time: Callable[[], float]) -> Result:
    """Check; then, unless `check_only`, act and wait until the rollout is complete."""
    deadline = time() + order.timeout - MARGIN_SECONDS
    try:
        target = await kube.get(DEPLOYMENTS, order.namespace, order.name)
        patch = await _checked(order, target, kube)
        if isinstance(patch, Result):
            return patch
        if check_only:
            return Result(DONE, "every check passed; nothing was changed")
        changed = await kube.json_patch(DEPLOYMENTS, order.namespace, order.name, patch, manager=order.manager)
    except KubeError as error:
        conflict = error.status in {404, 409, 422}
        return Result(PRECONDITION_FAILED if conflict else FAILED, f"the API server refused: {error}")
    complete, told = True, "changed"
    if "RolloutComplete" in order.post_checks:
        complete, told = await _rolled_out(order, kube, changed, deadline, time)
    after = await kube.get(DEPLOYMENTS, order.namespace, order.name)
    return Result(DONE if complete else FAILED, told, reads_hash(after, order.reads))


async def _checked(order: Order, target: Json, kube: Kube) -> list[Json] | Result:
    """The patch to be made; or the end, where there is nothing to do or the target is not what was approved."""
    if target["metadata"]["uid"] != order.uid:
        return Result(PRECONDITION_FAILED, "the target was deleted and made anew since the plan was approved")
    restoring = order.effect == "RestorePreviousTemplate"
    replicasets = await kube.list(REPLICASETS, order.namespace) if restoring else ()
    try:
        patch = change(order.effect, target, order.parameters, replicasets=replicasets)
    except ChangeImpossibleError as error:
        return Result(PRECONDITION_FAILED, str(error))
    if not changes_anything(patch):
        return Result(NOTHING_TO_DO, "the target is already as wanted", reads_hash(target, order.reads))
    if reads_hash(target, order.reads) != order.reads_hash:
        return Result(PRECONDITION_FAILED, "fields that the decision rests on have changed since approval")
    await kube.json_patch(DEPLOYMENTS, order.namespace, order.name, patch, manager=order.manager, dry_run=True)
    return patch


async def _rolled_out(
    order: Order, kube: Kube, changed: Json, deadline: float, time: Callable[[], float]
) -> tuple[bool, str]:
    """Wait until every replica runs the new state; what is missing, if the time is up first."""
    generation, state = changed["metadata"]["generation"], "not seen yet"
    while time() < deadline:
        target = await kube.get(DEPLOYMENTS, order.namespace, order.name)
        complete, state = rollout(target, generation)
        if complete:
            return True, state
        await asyncio.sleep(0.25)
    return False, f"changed, but not rolled out in time: {state}"
