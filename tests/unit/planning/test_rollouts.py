"""A rollout is complete when every replica runs the new state and is available, and the controller has seen it."""

from __future__ import annotations

import pytest

from forestall.planning.rollouts import rollout
from forestall.ports import Json


def deployment(
    *, seen: int = 2, replicas: int = 3, updated: int = 3, available: int = 3, wanted: int | None = 3
) -> Json:
    spec = {} if wanted is None else {"replicas": wanted}
    counts = {"replicas": replicas, "updatedReplicas": updated, "availableReplicas": available}
    return {"spec": spec, "status": {"observedGeneration": seen, **counts}}


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        (deployment(), True),
        (deployment(seen=1), False),
        (deployment(seen=3), True),
        (deployment(replicas=4), False),
        (deployment(updated=2), False),
        (deployment(available=2), False),
        (deployment(wanted=0, replicas=0, updated=0, available=0), True),
        (deployment(wanted=None, replicas=1, updated=1, available=1), True),
        ({"spec": {"replicas": 1}}, False),
    ],
    ids=["complete", "not seen", "seen later", "surplus", "not updated", "not available", "none", "default", "new"],
)
def test_a_rollout_is_complete(found: Json, complete: bool) -> None:
    assert rollout(found, 2)[0] is complete


def test_it_is_told_how_far_it_is() -> None:
    assert rollout(deployment(updated=2, available=1), 2)[1] == "2 of 3 updated, 1 available"
