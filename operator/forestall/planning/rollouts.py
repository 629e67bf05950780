"""How far a Deployment's rollout is: what `RolloutComplete` means."""

from __future__ import annotations

from typing import Any

from forestall.ports import Json


def rollout(target: Json, generation: int) -> tuple[bool, str]:
    """Whether a Deployment has fully rolled out `generation`, and in words how far it is."""
    status: dict[str, Any] = target.get("status") or {}
    wanted = int(target["spec"].get("replicas", 1))
    counts = {name: int(status.get(name, 0)) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    seen = int(status.get("observedGeneration", 0)) >= generation
    complete = seen and all(count == wanted for count in counts.values())
    return complete, f"{counts['updatedReplicas']} of {wanted} updated, {counts['availableReplicas']} available"
