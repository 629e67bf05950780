"""Undoing a plan: the inverse that it recorded, run by the very program that its Jobs run."""

import asyncio
import time
from pathlib import Path

from forestall.actions.order import Order
from forestall.actions.perform import DONE, perform
from forestall.adapters.kubernetes.client import connect
from forestall.api.remediationplan import RemediationPlan, Step
from forestall.planning.changes import ACTIONS
from forestall.planning.hashing import reads_hash

TIMEOUT = 60.0
"""Seconds that a step may take."""


def undo(plan: RemediationPlan, kubeconfig: Path) -> list[str]:
    """Run the plan's rollback as the person whom `kubeconfig` names; why that did not work."""
    if not plan.status.rollback:
        return ["the plan has no inverse"]
    told = [asyncio.run(_run(plan, step, kubeconfig)) for step in plan.status.rollback]
    return [f"the inverse of the plan failed: {text}" for text in told if text]


async def _run(plan: RemediationPlan, step: Step, kubeconfig: Path) -> str:
    async with await connect(str(kubeconfig)) as kube:
        result = await perform(order(plan, step), kube, check_only=False, time=time.monotonic)
    return "" if result.code == DONE else result.message


def order(plan: RemediationPlan, step: Step) -> Order:
    """Return the step on the plan's target. It rests on no field: the judge has rolled the target out anew since."""
    if plan.status.target is None:
        raise ValueError(f"plan {plan.metadata.name} has no target")
    ref = plan.status.target.ref
    return Order(
        action=step.argv[0],
        effect=ACTIONS[step.argv[0]],
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        uid=plan.status.target.uid,
        reads=(),
        reads_hash=reads_hash({}, ()),
        parameters={item.name: item.value for item in step.parameters},
        post_checks=(),
        timeout=TIMEOUT,
    )
