"""What is read from the objects that a timeline has heard of."""

from tests.api.loop.objects import Json
from tests.api.loop.shop import Shop

UID = "forestall.dev/plan-uid"
"""The label of action Jobs."""


def uid(item: Json) -> str:
    return str(item["metadata"]["uid"])


def same(plan: Json, other: Json) -> bool:
    return uid(plan) == uid(other)


def in_shop(shop: Shop, item: Json) -> bool:
    return bool(item["metadata"]["namespace"] == shop.namespace)


def waits(pod: Json) -> bool:
    return any("waiting" in one.get("state", {}) for one in pod["status"].get("containerStatuses", ()))


def is_pending(plan: Json) -> bool:
    return bool(plan.get("status", {}).get("phase") == "PendingApproval")


def is_approved(plan: Json) -> bool:
    return "forestall.dev/approve" in plan["metadata"].get("annotations", {})
