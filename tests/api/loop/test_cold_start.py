"""An operator that starts among many old findings and plans goes on with the live ones and repeats nothing."""

import asyncio
import json
from collections.abc import Iterable

import pytest

from forestall.adapters.kubernetes.client import KubeClient, connect, path_of
from forestall.adapters.resources import FINDINGS, JOBS, PLANS
from forestall.ports import Json, Resource
from tests.api.installation import ACTIONS
from tests.api.loop.shop import Shop, name_of
from tests.api.person import expect
from tests.chart.rendering import NAMESPACE as SYSTEM
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

PAIRS = 500
"""Old findings, each with its plan."""
CLIENTS = 8


def test_a_thousand_old_objects_are_left_alone_and_live_plans_go_on(shop: Shop) -> None:
    operator = shop.world.operator
    shop.open()
    finding, plan = ended_pair(shop)
    shop.fault()
    live = newest(shop)
    operator.stop()
    asyncio.run(multiply(shop, finding, plan))
    before, jobs = versions(shop), all_jobs(shop)
    expect(shop.approve(live), None)

    operator.start()
    shop.reaches(live, "Succeeded")
    known = PAIRS + 2
    wait_until("all to be known", lambda: operator.metric("forestall_plans", phase="Succeeded") == known)
    wait_until("nothing to wait", lambda: operator.metric("forestall_queue_depth") == 0)

    mine = {name_of(live), live["spec"]["findingRef"]["name"]}
    assert {name: version for name, version in versions(shop).items() if name not in mine} == {
        name: version for name, version in before.items() if name not in mine
    }
    assert len(shop.jobs(live)) == 1
    assert all_jobs(shop) - jobs == {name_of(one) for one in shop.jobs(live)}
    assert operator.metric("forestall_jobs_total") == 1


def ended_pair(shop: Shop) -> tuple[Json, Json]:
    """A finding and its plan after a success."""
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan), None)
    done = shop.succeeded(plan)
    (finding,) = shop.all(FINDINGS)
    return finding, done


def newest(shop: Shop) -> Json:
    """The second plan, once it waits for a person."""
    shop.until("another plan", lambda: len(shop.all(PLANS)) == 2)
    latest = max(shop.all(PLANS), key=lambda one: (one["metadata"]["creationTimestamp"], name_of(one)))
    return shop.reaches(latest, "PendingApproval")


async def multiply(shop: Shop, finding: Json, plan: Json) -> None:
    """Make PAIRS copies under other names, as the operator would have written them."""
    account = str(shop.world.cluster.service_account_kubeconfig(SYSTEM, "forestall"))
    await asyncio.gather(*(copies(account, finding, plan, range(first, PAIRS, CLIENTS)) for first in range(CLIENTS)))


async def copies(account: str, finding: Json, plan: Json, numbers: Iterable[int]) -> None:
    """By one client, which asks for only so much at a time."""
    async with await connect(account) as kube:
        for number in numbers:
            names = [(old, f"{old}-{number}") for old in (name_of(finding), name_of(plan))]
            await copy(kube, FINDINGS, renaming(finding, names))
            await copy(kube, PLANS, renaming(plan, names))


async def copy(kube: KubeClient, kind: Resource, item: Json) -> None:
    namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
    kept = {key: value for key, value in item["metadata"].items() if key in {"name", "namespace", "labels"}}
    await kube.create(kind, namespace, {**item, "metadata": kept})
    await kube.patch_status(kind, namespace, name, {"status": item["status"]})


def renaming(item: Json, names: Iterable[tuple[str, str]]) -> Json:
    text = json.dumps(item)
    for old, new in names:
        text = text.replace(json.dumps(old), json.dumps(new))
    renamed: Json = json.loads(text)
    return renamed


def versions(shop: Shop) -> dict[str, str]:
    """The resourceVersion of each finding and plan by its name."""
    items = [*shop.all(FINDINGS), *shop.all(PLANS)]
    return {name_of(one): str(one["metadata"]["resourceVersion"]) for one in items}


def all_jobs(shop: Shop) -> set[str]:
    """Names of the action Jobs of all plans. Those of earlier tests go after an hour."""
    return {name_of(one) for one in shop.world.admin.send("GET", path_of(JOBS, ACTIONS)).body["items"]}
