"""A new process of the operator, which knows nothing but what the API server holds."""

from functools import partial

from tools.demo.ground import SYSTEM
from tools.demo.stage import Stage
from tools.demo.waiting import await_value

PASSES = 4
"""Inspections to wait for: there are two policies, and what was under way at the first look is behind at the second."""

SELECTOR = "app.kubernetes.io/name=forestall"

COUNTED = 'forestall_reconcile_seconds_count{kind="InspectionPolicy",result="ok"} '
"""The operator's own metric of inspections, as its text begins."""


def restart_operator(stage: Stage) -> None:
    """Replace the operator's process and wait until the new one has gone through its inspections."""
    stage.kubectl("rollout", "restart", "deployment/forestall", "-n", SYSTEM)
    stage.await_available(SYSTEM, "forestall")
    pod = await_value("one operator pod", partial(_only_pod, stage), state=lambda: str(stage.pods(SYSTEM, SELECTOR)))
    seen = await_value("the new operator's metrics", partial(_passes, stage, pod), state=lambda: pod)

    def enough() -> bool | None:
        return (_passes(stage, pod) or 0) >= seen + PASSES or None

    await_value(f"{pod} to inspect", enough, state=lambda: f"{_passes(stage, pod)} inspections, {seen} at first")
    stage.tell.say(f"{pod}, a new process, has carried out {_passes(stage, pod)} inspections")


def _only_pod(stage: Stage) -> str | None:
    """Return the name of the one operator pod that is not about to end, None while there are others."""
    names = [str(pod["metadata"]["name"]) for pod in stage.pods(SYSTEM, SELECTOR)]
    return names[0] if len(names) == 1 else None


def _passes(stage: Stage, pod: str) -> int | None:
    """Return how many inspections the operator's process has carried out, None while it does not say."""
    text = stage.cluster.get(f"/api/v1/namespaces/{SYSTEM}/pods/{pod}:8080/proxy/metrics") or ""
    return next((int(float(line.split()[-1])) for line in text.splitlines() if line.startswith(COUNTED)), None)
