"""Alerts that Alertmanager tells of a shop whose cart has a rollout that cannot be pulled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from forestall.adapters.alertmanager import Alert, Notification
from forestall.adapters.resources import DEPLOYMENTS, FINDINGS
from forestall.ports import Json
from forestall.runtime.alerts import Intake
from tests.unit.planning.objects import BAD, deployment
from tests.unit.planning.world import NOW
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import World, broken

MATCHERS = [{"label": "alertname", "values": ["Slow"]}]
TARGET = {"kind": "Deployment", "nameLabel": "deployment"}
SLOW: Json = {"name": "slow", "alert": {"matchers": MATCHERS, "target": TARGET}}
LABELS = {"alertname": "Slow", "namespace": "shop", "deployment": "cart"}
Story = Callable[[World, Intake], Awaitable[None]]


def alert(
    fingerprint: str = "a1", status: str = "firing", *, since: Any = NOW, until: Any = None, **labels: str
) -> Alert:
    return Alert.model_validate(
        {
            "status": status,
            "fingerprint": fingerprint,
            "startsAt": since.isoformat(),
            "endsAt": until.isoformat() if until else "0001-01-01T00:00:00Z",
            "labels": {**LABELS, **labels},
            "annotations": {"summary": f"the cart\u202e crawls\n{fingerprint}"},
        }
    )


def notification(*alerts: Alert, unreadable: int = 0, truncated: int = 0) -> Notification:
    return Notification(alerts, unreadable, truncated)


def told(story: Story, *inspections: Json, **spec: Any) -> None:
    """A story in a shop whose cart has a rollout that cannot be pulled, and whose policy takes alerts over."""

    async def whole() -> None:
        world = await broken(inspections=list(inspections or [SLOW]), responses=[answer()], **spec)
        world.kube.put(DEPLOYMENTS, {**deployment(BAD), "kind": "Deployment"})
        try:
            await story(world, Intake(world.context))
        finally:
            await world.context.twins.stop()

    run(whole())


def answer() -> Json:
    return {"name": "mend", "match": {"types": ["Alert"]}, "mode": "Open", "ladder": [{"runbook": "rollout-undo"}]}


async def stored(world: World) -> list[str]:
    """Fingerprints on the only finding, as the API server has it."""
    (found,) = await world.kube.list(FINDINGS)
    return [one["fingerprint"] for one in found.get("status", {}).get("alerts", ())]


def count(world: World, fate: str) -> float:
    return world.context.metrics.registry.get_sample_value("forestall_alerts_total", {"fate": fate}) or 0.0
