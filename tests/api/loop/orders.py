"""Pauses and approvals in a shop, as people make them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import APPROVALS, PAUSES, PLANS
from tests.api.installation import approval, pause
from tests.api.loop import objects
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.world import apply
from tests.api.person import Answer, expect

ANYBODY = ("system:authenticated",)
"""The groups of people whose certificate names none."""


def decide(shop: Shop, plan: Json, who: str, **spec: Any) -> Answer:
    """Approve the plan by an object named after `who`; `spec` replaces the honest claims."""
    found = shop.get(PLANS, name_of(plan))
    honest = {
        "planRef": {"name": name_of(plan), "uid": found["metadata"]["uid"]},
        "policyRef": {"name": POLICY},
        "planDigest": found["status"].get("planDigest", ""),
        "riskClass": found["status"].get("riskClass", "High"),
    }
    body = approval(f"by-{who}", approver=who, groups=ANYBODY, **{**honest, **spec})
    return shop.world.person(who).create(path_of(APPROVALS, shop.namespace), body)


def answered(shop: Shop, who: str) -> tuple[str, str]:
    """Status and reason of the operator's answer to the decision of `who`, once there is one."""
    found: list[Json] = []

    def told() -> bool:
        found[:] = shop.get(APPROVALS, f"by-{who}").get("status", {}).get("conditions", ())
        return bool(found)

    shop.until(f"the answer to {who}", told)
    return found[0]["status"], found[0]["reason"]


@contextmanager
def paused(shop: Shop, namespace: str = "", **spec: Any) -> Iterator[str]:
    """A pause in the shop's namespace or another one, by gina, who is on call; yields its name."""
    place, name = namespace or shop.namespace, f"pause-{shop.namespace}"
    gina, body = shop.world.person("gina"), pause(name, who="gina", **spec)
    if namespace:
        apply(shop.world.cluster, [objects.rights("gina", "forestall-pause")], "-n", place)
        # The API server hears of a right a moment after it has stored it.
        shop.until("gina's right", lambda: gina.create(path_of(PAUSES, place), body, dryRun="All").allowed)
    expect(gina.create(path_of(PAUSES, place), body), None)
    try:
        yield name
    finally:
        expect(gina.send("DELETE", path_of(PAUSES, place, name)), None)


def condition(item: Json, kind: str) -> str:
    """The status of an object's condition; empty where it has none of that type."""
    found = item.get("status", {}).get("conditions", ())
    return next((str(one["status"]) for one in found if one["type"] == kind), "")
