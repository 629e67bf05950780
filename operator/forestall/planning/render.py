"""What would run, on what, under which rules: rendered once, and bound to one digest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from forestall.api.base import Key, ObjectRef
from forestall.api.inspectionpolicy import Response
from forestall.api.remediationplan import RiskClass, Step, Target
from forestall.api.runbook import Runbook
from forestall.planning import job
from forestall.planning.changes import inverse, resolve
from forestall.planning.hashing import reads_hash, sha256_of
from forestall.planning.ownership import owners
from forestall.planning.runbooks import digest, parameters
from forestall.planning.targets import affected, hanging, key_of, makeup
from forestall.ports import Json
from forestall.twin.views import Snapshot

_MOST_OWNERS: Final = 16


@dataclass(frozen=True, slots=True)
class Rendered:
    """The Jobs of a plan, those that undo it, what they act on, and the digest over all that was read."""

    target: Target
    steps: tuple[Step, ...]
    rollback: tuple[Step, ...]
    content_digest: str


def render(
    *,
    response: Response,
    runbook: Runbook,
    arguments: Mapping[str, str],
    snapshot: Snapshot,
    kind: str,
    target: Json,
    replicasets: Sequence[Json],
    image: str,
    risk: RiskClass,
) -> Rendered:
    """Render a plan for `target`, an object of that kind as it was just read, with its namespace's ReplicaSets.

    `arguments` are the runbook's, `image` the action image by digest. Names of Jobs, attempts, times, loads and
    all that the runbook does not read stay out of the digest. Raises ChangeImpossibleError where the object does not
    allow the change or, for a reversible runbook, its inverse.
    """
    spec = runbook.spec
    resolved = resolve(spec.effect, target, arguments, replicasets)
    steps = _steps(runbook, resolved, image)
    rollback = (
        () if spec.irreversible or spec.by_people else (_rollback(runbook, target, resolved, replicasets, image),)
    )
    acted_on = _target(runbook, kind, target)
    content = {
        "runbook": digest(runbook),
        "parameters": resolved,
        "jobs": [job.template(step, acted_on, spec) for step in steps],
        "response": sha256_of(response.to_json()),
        "target": {"uid": acted_on.uid, "reads": acted_on.reads_hash},
        "footprint": sha256_of(footprint(snapshot, key_of(acted_on.ref))),
        "riskClass": risk,
        "rollback": [step.to_json() for step in rollback],
    }
    return Rendered(acted_on, steps, rollback, sha256_of(content))


def plan_digest(content_digest: str, uid: str) -> str:
    """What an approval must name: sha256 over the text of the content digest followed by the plan's UID."""
    return f"sha256:{hashlib.sha256(f'{content_digest}{uid}'.encode()).hexdigest()}"


def footprint(snapshot: Snapshot, target: Key) -> Json:
    """What of the twin a prediction for the target rests on, without names of pods, loads or unrelated elements.

    The target, its pods counted by node and state, those nodes, and the Services that hang on it. Raises KeyError
    where the target is not in the snapshot.
    """
    return {
        "target": makeup(snapshot, target),
        "nodes": _nodes(snapshot, target),
        "services": {str(key): dict(snapshot.services[key].selector) for key in affected(snapshot, target)},
    }


def _nodes(snapshot: Snapshot, target: Key) -> Json:
    pods = hanging(snapshot, target)
    counts = Counter((pod.node, _state(snapshot.is_ready(pod), pod.current)) for pod in pods)
    found: dict[str, Any] = {}
    for (node, state), count in counts.items():
        found.setdefault(node, _standing(snapshot, node))[state] = count
    return found


def _state(ready: bool, current: bool) -> str:
    return ("ready" if ready else "notReady") + ("" if current else "Earlier")


def _standing(snapshot: Snapshot, name: str) -> Json:
    node = snapshot.nodes.get(name)
    return {"serves": bool(node and node.ready), "schedulable": bool(node and node.schedulable)}


def _steps(runbook: Runbook, resolved: Mapping[str, str], image: str) -> tuple[Step, ...]:
    return tuple(
        Step(
            name=action.name,
            argv=action.argv,
            parameters=parameters(resolved),
            service_account_name=action.service_account_name,
            image=action.image or image,
            own_image=bool(action.image),
            env=action.env,
            timeout=action.timeout,
            retries=action.retries,
        )
        for action in runbook.spec.actions
    )


def _rollback(
    runbook: Runbook, target: Json, resolved: Mapping[str, str], replicasets: Sequence[Json], image: str
) -> Step:
    """The step back. It runs as the account of what it undoes, which can do both, whatever else is enabled."""
    argv, undoing = inverse(runbook.spec.effect, target, resolved, replicasets)
    return Step(
        name=argv[0],
        argv=argv,
        parameters=parameters(undoing),
        service_account_name=runbook.spec.actions[0].service_account_name,
        image=image,
        timeout=max(action.timeout for action in runbook.spec.actions),
    )


def _target(runbook: Runbook, kind: str, target: Json) -> Target:
    metadata = target["metadata"]
    return Target(
        ref=ObjectRef(kind=kind, namespace=metadata.get("namespace", ""), name=metadata["name"]),
        uid=metadata["uid"],
        reads_hash=reads_hash(target, runbook.spec.reads),
        owners=owners(target, runbook.spec.writes)[:_MOST_OWNERS],
    )
