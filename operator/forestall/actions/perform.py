"""The change itself: checked against what was approved, tried as a dry run, made, and followed to its effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forestall.actions import draining
from forestall.actions.order import Order
from forestall.adapters.resources import REPLICASETS, TARGETS
from forestall.planning.changes import change, changes_anything, needs_history
from forestall.planning.hashing import reads_hash
from forestall.planning.patches import ChangeImpossibleError
from forestall.planning.rollouts import rollout
from forestall.planning.templates import history_labels
from forestall.ports import Json, Kube, KubeError

DONE, FAILED, PRECONDITION_FAILED, NOTHING_TO_DO = 0, 1, 40, 41
MARGIN_SECONDS = 10.0
TRIES = 5
"""How often a change is computed anew because somebody else has written to the object since it was read: a kubelet or
a controller its status, most likely. Each time everything is checked again."""
LOST_RACE = frozenset((409, 422))


@dataclass(frozen=True, slots=True)
class Result:
    """How the action ended: the exit code and what the termination message says."""

    code: int
    message: str
    target_hash: str = ""
    """Hash of what the order reads, as this very change left it; empty where nothing was changed."""

    def to_json(self) -> Json:
        """The termination message."""
        return {"code": self.code, "message": self.message[:1500], "targetHash": self.target_hash}


async def perform(order: Order, kube: Kube, *, check_only: bool, time: Callable[[], float]) -> Result:
    """Check; then, unless `check_only`, act and wait until the effect is complete."""
    deadline = time() + order.timeout - MARGIN_SECONDS
    try:
        changed = await _change(order, kube, check_only=check_only)
    except KubeError as error:
        conflict = error.status in {404, *LOST_RACE}
        return Result(PRECONDITION_FAILED if conflict else FAILED, f"the API server refused: {error}")
    if isinstance(changed, Result):
        return changed
    try:
        complete, told = await _followed(order, kube, changed, deadline, time)
    except KubeError as error:
        complete, told = False, f"changed, but the API server refused to tell what came of it: {error}"
    # As this change left the target: what anybody else changes meanwhile must not pass for it.
    return Result(DONE if complete else FAILED, told, reads_hash(changed, order.reads))


async def _change(order: Order, kube: Kube, *, check_only: bool) -> Json | Result:
    """The object as changed; or the end. A lost race is run again; the last one raises KubeError."""
    for left in reversed(range(TRIES)):
        target = await kube.get(TARGETS[order.kind], order.namespace, order.name)
        try:
            patch = await _checked(order, target, kube)
            if isinstance(patch, Result):
                return patch
            if check_only:
                return Result(DONE, "every check passed; nothing was changed")
            return await _patch(order, kube, patch, dry_run=False)
        except KubeError as error:
            if error.status not in LOST_RACE or not left:
                raise
    raise AssertionError("the last try returns or raises")


async def _checked(order: Order, target: Json, kube: Kube) -> list[Json] | Result:
    """The patch to be made; or the end, where there is nothing to do or the target is not what was approved."""
    if target["metadata"]["uid"] != order.uid:
        return Result(PRECONDITION_FAILED, "the target was deleted and made anew since the plan was approved")
    try:
        patch = change(order.effect, target, order.parameters, replicasets=await _history(order, target, kube))
        more = await draining.movable(order, kube) if order.effect == "Drain" else ()
    except (ChangeImpossibleError, ValueError) as error:
        return Result(PRECONDITION_FAILED, str(error))
    if not changes_anything(patch) and not more:
        return Result(NOTHING_TO_DO, "the target is already as wanted")
    if reads_hash(target, order.reads) != order.reads_hash:
        return Result(PRECONDITION_FAILED, "fields that the decision rests on have changed since approval")
    await _patch(order, kube, patch, dry_run=True)
    return patch


async def _history(order: Order, target: Json, kube: Kube) -> Sequence[Json]:
    """The ReplicaSets that the change itself needs."""
    if not needs_history(order.effect):
        return ()
    return await kube.list(REPLICASETS, order.namespace, labels=history_labels(target))


async def _patch(order: Order, kube: Kube, patch: list[Json], *, dry_run: bool) -> Json:
    resource, manager = TARGETS[order.kind], order.manager
    return await kube.json_patch(resource, order.namespace, order.name, patch, manager=manager, dry_run=dry_run)


async def _followed(
    order: Order, kube: Kube, changed: Json, deadline: float, time: Callable[[], float]
) -> tuple[bool, str]:
    """Whether the effect is complete before the time is up, and in words how far it is."""
    if order.effect == "Drain":
        return await draining.drained(order, kube, deadline, time)
    if "RolloutComplete" in order.post_checks:
        return await _rolled_out(order, kube, changed, deadline, time)
    return True, "changed"


async def _rolled_out(
    order: Order, kube: Kube, changed: Json, deadline: float, time: Callable[[], float]
) -> tuple[bool, str]:
    """Wait until every replica runs the new state; what is missing, if the time is up first."""
    generation, state = changed["metadata"]["generation"], "not seen yet"
    while time() < deadline:
        try:
            target = await kube.get(TARGETS[order.kind], order.namespace, order.name)
            complete, state = rollout(target, generation)
        except KubeError as error:  # an API server that is away for a while does not undo the change
            complete, state = False, str(error)
        if complete:
            return True, state
        await asyncio.sleep(0.25)
    return False, f"changed, but not rolled out in time: {state}"
