"""Whatever happens to an object of any kind reaches its reconciler: made, changed, deleted, or there at a start."""

from collections.abc import Iterator

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import FINDINGS, PLANS, POLICIES, RUNBOOKS, TWINS
from tests.api.loop import objects
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, condition, name_of, state
from tests.api.loop.world import apply
from tests.api.person import Person, expect
from tests.chart.rendering import NAMESPACE

pytestmark = pytest.mark.api

SELDOM = {"interval": "1h"}
"""The policy looks when it is woken, and not by itself."""


@pytest.fixture
def own(shop: Shop) -> Iterator[str]:
    """A name for a twin and a runbook of this test's own; both are removed afterwards."""
    name = f"own-{shop.namespace}"
    yield name
    for kind in ("networktwin", "runbook"):
        shop.world.cluster.kubectl("delete", kind, name, "--ignore-not-found")


def test_runbooks(shop: Shop, own: str) -> None:
    world = shop.world
    shop.open(responses=[objects.response("ImagePull", own)], schedule=SELDOM)
    shop.fault()
    shop.until("the finding", lambda: shop.get(POLICIES, POLICY)["status"]["openFindings"] == 1)
    assert shop.all(PLANS) == []

    apply(world.cluster, [objects.runbook(own)])
    plan = shop.pending()
    shop.until("a digest", lambda: bool(digest(world.read(RUNBOOKS, own))))
    first = digest(world.read(RUNBOOKS, own))
    apply(world.cluster, [objects.runbook(own, "1.0.1", summary="Otherwise.")])
    shop.until("another digest", lambda: digest(world.read(RUNBOOKS, own)) != first)
    world.cluster.kubectl("delete", "runbook", own)
    expect(shop.approve(plan), None)
    stale = shop.reaches(plan, "Stale")
    assert "the runbook is gone" in stale["status"]["message"]


def test_twins(shop: Shop, own: str) -> None:
    world = shop.world
    shop.put(POLICIES, objects.policy(twinRef={"name": own}, schedule=SELDOM))
    shop.until("the policy to miss its twin", lambda: reason(shop) == "TwinMissing")
    apply(world.cluster, [objects.twin(own)])
    shop.until("the policy to be inspected", lambda: reason(shop) == "Inspected")
    shop.until("the twin to be ready", lambda: condition(world.read(TWINS, own), "Ready") == "True")

    apply(world.cluster, [objects.twin(own, "http://127.0.0.1:1")])
    shop.until("the second source", lambda: [one["name"] for one in sources(world.read(TWINS, own))] == SOURCES)
    world.cluster.kubectl("delete", "networktwin", own)
    shop.until("the policy to miss its twin again", lambda: reason(shop) == "TwinMissing")


def test_policies(shop: Shop) -> None:
    shop.open(schedule=SELDOM)
    shop.change(POLICIES, POLICY, {"spec": {"goals": []}})
    shop.until("the goal to be dropped", lambda: not shop.get(POLICIES, POLICY)["status"].get("goals"))
    shop.fault()
    plan = shop.pending()
    (finding,) = shop.all(FINDINGS)
    shop.change(FINDINGS, name_of(finding), {"metadata": {"ownerReferences": None}})  # it and the plan stay behind
    shop.delete(POLICIES, POLICY)
    shop.until("the policy to be gone", lambda: not shop.all(POLICIES))
    expect(shop.approve(plan), None)
    shop.reaches(plan, "Cancelled")
    assert shop.jobs(plan) == []


def test_findings(shop: Shop) -> None:
    shop.open(responses=[objects.response("ImagePull", "rollout-undo", mode="Observe")], schedule=SELDOM)
    operator = Person(shop.world.cluster.service_account_kubeconfig(NAMESPACE, "forestall"))
    expect(operator.create(path_of(FINDINGS, shop.namespace), stray_finding(shop)), None)
    shop.until("the stray finding to be judged", lambda: states(shop) == ["Cleared"])

    shop.fault()
    shop.until("the real finding", lambda: "Open" in states(shop))
    known, seen = shop.all(FINDINGS), shop.passes()
    shop.change(FINDINGS, "stray", {"metadata": {"labels": {"seen": "true"}}})
    shop.until("an inspection after the change", lambda: shop.passes() > seen)
    real = next(one for one in known if state(one) == "Open")
    shop.delete(FINDINGS, name_of(real))
    shop.until("the finding to be recorded anew", lambda: uid(shop, name_of(real)) not in {"", real["metadata"]["uid"]})


def test_plans(shop: Shop) -> None:
    shop.open(schedule=SELDOM)
    shop.fault()
    first = shop.pending()
    shop.delete(PLANS, name_of(first))
    shop.until(
        "another plan", lambda: [one["metadata"]["uid"] for one in shop.all(PLANS)] != [first["metadata"]["uid"]]
    )
    second = shop.pending()
    expect(shop.reject(second), None)
    shop.reaches(second, "Rejected")

    proposed = {**second, "spec": {**second["spec"], "proposer": "bob"}, "metadata": {"name": "by-bob"}}
    del proposed["status"]
    expect(shop.world.person("bob").create(path_of(PLANS, shop.namespace), proposed), None)
    third = shop.reaches(proposed, "PendingApproval")
    expect(shop.approve(third), None)
    shop.reaches(third, "Succeeded")


def test_a_new_operator_takes_over_what_happened_before_its_start(shop: Shop, own: str) -> None:
    world = shop.world
    shop.open()
    shop.fault()
    plan = shop.pending()
    world.operator.stop()
    apply(world.cluster, [objects.twin(own), objects.runbook(own)])
    nodes = [{"name": "nodes", "singlePointOfFailure": {}}]
    shop.put(POLICIES, objects.policy("second", twinRef={"name": own}, goals=[], inspections=nodes, responses=[]))
    shop.change(POLICIES, POLICY, {"spec": {"riskLimits": {"maxAffectedServices": 2}}})
    expect(shop.approve(plan), None)

    world.operator.start()
    shop.succeeded(plan)
    shop.until("the new twin", lambda: condition(world.read(TWINS, own), "Ready") == "True")
    shop.until("the new runbook", lambda: condition(world.read(RUNBOOKS, own), "Ready") == "True")
    shop.until("the new policy", lambda: condition(shop.get(POLICIES, "second"), "Ready") == "True")
    shop.until("the changed policy", lambda: shop.says("Ready"))


SOURCES = ["objects", "metrics"]


def sources(twin: Json) -> list[Json]:
    """What a twin says of its sources."""
    found: list[Json] = twin.get("status", {}).get("sources", [])
    return found


def digest(runbook: Json) -> str:
    """A runbook's digest; empty before it has one."""
    return str(runbook.get("status", {}).get("digest", ""))


def reason(shop: Shop) -> str:
    """Why the policy is ready, or is not."""
    conditions = shop.get(POLICIES, POLICY).get("status", {}).get("conditions", ())
    return next((str(one["reason"]) for one in conditions if one["type"] == "Ready"), "")


def states(shop: Shop) -> list[str]:
    """The states of all findings."""
    return [state(one) for one in shop.all(FINDINGS)]


def uid(shop: Shop, name: str) -> str:
    """The UID of the finding that has this name; empty where none has."""
    return next((str(one["metadata"]["uid"]) for one in shop.all(FINDINGS) if name_of(one) == name), "")


def stray_finding(shop: Shop) -> Json:
    """A finding of the policy's that nothing speaks for."""
    resource = {"kind": "Deployment", "namespace": shop.namespace, "name": "web"}
    spec = {"policyRef": {"name": POLICY}, "type": "ImagePull", "resource": resource, "qualifier": "images/stray"}
    kind = {"apiVersion": "forestall.dev/v1alpha1", "kind": "Finding"}
    return {**kind, "metadata": {"name": "stray"}, "spec": spec}
