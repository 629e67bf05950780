"""A fault is found, planned, proved on the twin, approved, mended, verified and counted."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from forestall.adapters.resources import POLICIES
from tests.api.loop.objects import BROKEN, GOOD, POLICY
from tests.api.loop.shop import Shop, name_of

pytestmark = pytest.mark.api


def test_a_broken_image_is_undone_once_a_person_has_approved_it(shop: Shop) -> None:
    shop.open()
    shop.fault()
    plan = shop.pending()
    status = plan["status"]
    assert [one["runbook"] for one in status["candidates"]] == ["DoNothing", "rollout-undo"]
    assert [one["verdict"] for one in status["candidates"]] == ["Accepted", "Chosen"]
    assert changed_lines(status["diff"]) == {f"-image: {BROKEN}", f"+image: {GOOD}"}
    assert status["planDigest"].startswith("sha256:")
    shop.until("the plan's Event", lambda: "ApprovalPending" in shop.events(plan))
    assert shop.jobs(plan) == []

    name, digest = name_of(plan), status["planDigest"]
    said = (f"forestall.dev/approve={digest}", "forestall.dev/approved-by=alice")
    shop.world.cluster.kubectl("annotate", "plan", name, "-n", shop.namespace, *said, user="alice")
    done = shop.succeeded(plan)

    assert done["status"]["verification"]["result"] == "Fulfilled"
    assert done["status"]["approval"]["name"] == "alice"
    assert done["status"]["score"]["matched"] == done["status"]["score"]["total"] > 0
    assert in_order(done["status"]["timestamps"])
    assert shop.ready() == 2
    shop.until("the closure to be counted", lambda: closure(shop) == {"eligible": 1, "oneHop": 1})


def changed_lines(diff: str) -> set[str]:
    """The lines that a diff takes away or adds, without their indentation."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return {line[0] + line[1:].strip(" -") for line in lines}


def in_order(times: Mapping[str, str]) -> bool:
    found = [datetime.fromisoformat(times[name]) for name in ("detected", "decided", "acted", "verified")]
    return found == sorted(found)


def closure(shop: Shop) -> object:
    return shop.get(POLICIES, POLICY)["status"].get("closure")
