"""One namespace with an application in it, and what people see and do there."""

from collections.abc import Callable
from typing import Any

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import DEPLOYMENTS, EVENTS, FINDINGS, JOBS, PLANS, POLICIES, SERVICES
from forestall.api.remediationplan import TERMINAL
from forestall.ports import Resource
from tests.api.installation import ACTIONS
from tests.api.loop import objects
from tests.api.loop.objects import BROKEN, POLICY, Json
from tests.api.loop.process import WAIT
from tests.api.loop.world import World
from tests.api.person import Answer, expect
from tools.cluster.process import wait_until


class Shop:
    """The namespace `namespace`, seen by the administrator."""

    def __init__(self, world: World, namespace: str) -> None:
        self.world, self.namespace = world, namespace

    # What stands there.

    def get(self, resource: Resource, name: str) -> Json:
        """One object as it is now."""
        answer = self.world.admin.send("GET", path_of(resource, self.namespace, name))
        expect(answer, None)
        return answer.body

    def all(self, resource: Resource) -> list[Json]:
        """All objects of a kind."""
        found: list[Json] = self.world.admin.send("GET", path_of(resource, self.namespace)).body["items"]
        return found

    def put(self, resource: Resource, body: Json, **query: str) -> Json:
        """Apply an object."""
        answer = self.world.admin.apply(path_of(resource, self.namespace, body["metadata"]["name"]), body, **query)
        expect(answer, None)
        return answer.body

    def change(self, resource: Resource, name: str, change: Json) -> Json:
        """Merge a change into an object."""
        answer = self.world.admin.patch(path_of(resource, self.namespace, name), change)
        expect(answer, None)
        return answer.body

    def delete(self, resource: Resource, name: str, **query: str) -> None:
        """Delete an object."""
        expect(self.world.admin.send("DELETE", path_of(resource, self.namespace, name), query=query), None)

    def open(self, **spec: Any) -> None:
        """Bring up the application and the policy, and wait until the policy is being inspected."""
        self.put(DEPLOYMENTS, objects.deployment())
        self.put(SERVICES, objects.service())
        self.until("the application to be ready", lambda: self.ready() == 2)
        self.put(POLICIES, objects.policy(**spec))
        self.inspected()

    def ready(self, name: str = "web") -> int:
        """Ready replicas of a Deployment whose rollout is complete; 0 while it is not."""
        found = self.get(DEPLOYMENTS, name)
        status = found.get("status", {})
        whole = all(status.get(count) == found["spec"]["replicas"] for count in ("replicas", "updatedReplicas"))
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        return int(status.get("readyReplicas", 0)) if whole and seen else 0

    def suspend(self, suspend: bool) -> None:
        """Suspend the policy, or let it go on."""
        self.change(POLICIES, POLICY, {"spec": {"suspend": suspend}})

    def fault(self) -> None:
        """Give the application an image that cannot be had."""
        self.change(DEPLOYMENTS, "web", template(containers=[{"name": "web", "image": BROKEN}]))

    # What is waited for.

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait for a condition; where it does not come, say how the plans stand."""
        try:
            wait_until(f"{what} in {self.namespace}", condition, timeout=WAIT, interval=0.1)
        except TimeoutError as error:
            plans = [(one["metadata"]["name"], one.get("status")) for one in self.all(PLANS)]
            error.add_note(f"plans: {plans}")
            raise

    def inspected(self) -> None:
        """Wait until the policy as it is now has been inspected under an enforced approval policy."""
        self.until("the policy to be inspected", lambda: self.says("Ready") and self.says("ApprovalPolicyEnforced"))

    def says(self, condition: str, status: str = "True") -> bool:
        """Whether the policy has the condition in that status, for its present generation."""
        found = self.get(POLICIES, POLICY)
        return any(
            (one["type"], one["status"], one["observedGeneration"])
            == (condition, status, found["metadata"]["generation"])
            for one in found.get("status", {}).get("conditions", ())
        )

    def pending(self) -> Json:
        """The one plan, once it waits for a person."""
        self.until("a plan", lambda: bool(self.all(PLANS)))
        (plan,) = self.all(PLANS)
        return self.reaches(plan, "PendingApproval")

    def reaches(self, plan: Json, phase: str) -> Json:
        """The plan once it is in that phase; it must not end in another one."""
        name, seen = name_of(plan), list[Json]()

        def there() -> bool:
            seen[:] = [self.get(PLANS, name)]  # read again, it might have gone on
            return phase_of(seen[0]) in {phase, *TERMINAL}

        self.until(f"plan {name} to be {phase}", there)
        (found,) = seen
        assert phase not in TERMINAL or phase_of(found) == phase, found["status"]["message"]
        return found

    def phase(self, plan: Json) -> str:
        """The plan's phase now; empty before it has one."""
        return phase_of(self.get(PLANS, name_of(plan)))

    def vetoed(self, plan: Json, phase: str, gate: str, reason: str) -> Json:
        """The plan once it is in that phase with that veto on record; no Job was made for it."""
        self.until(f"the gate {gate} to say {reason}", lambda: reason in vetoes(self.get(PLANS, name_of(plan)), gate))
        found = self.reaches(plan, phase)
        assert reason in vetoes(found, gate), found["status"]
        assert self.jobs(plan) == []
        return found

    # What people do, and what came of it.

    def approve(self, plan: Json, who: str = "alice", **annotations: str) -> Answer:
        """Approve the plan as `who`; annotations replace the honest ones."""
        digest = self.get(PLANS, name_of(plan))["status"].get("planDigest", "")
        said = {"approve": digest, "approved-by": who, **annotations}
        return self.annotate(plan, who, **said)

    def reject(self, plan: Json, who: str = "alice", reason: str = "not now") -> Answer:
        """Reject the plan as `who`."""
        return self.annotate(plan, who, reject=reason, **{"rejected-by": who})

    def annotate(self, plan: Json, who: str, **annotations: str | None) -> Answer:
        """Set forestall's annotations on a plan; None takes one away."""
        change = {"metadata": {"annotations": {f"forestall.dev/{key}": value for key, value in annotations.items()}}}
        return self.world.person(who).patch(path_of(PLANS, self.namespace, name_of(plan)), change)

    def passes(self) -> float:
        """How often policies have been inspected since the operator started."""
        return self.world.operator.metric("forestall_reconcile_seconds_count", kind="InspectionPolicy", result="ok")

    def jobs(self, plan: Json) -> list[Json]:
        """The action Jobs that carry the plan's UID."""
        query = {"labelSelector": f"forestall.dev/plan-uid={plan['metadata']['uid']}"}
        found: list[Json] = self.world.admin.send("GET", path_of(JOBS, ACTIONS), query=query).body["items"]
        return found

    def succeeded(self, plan: Json) -> Json:
        """The plan once it has succeeded, with its one Job and its finding closed."""
        found = self.reaches(plan, "Succeeded")
        assert len(self.jobs(plan)) == len(found["status"]["attempts"]) == 1
        self.until("the finding to be closed", lambda: [state(one) for one in self.all(FINDINGS)] == ["Closed"])
        return found

    def events(self, plan: Json) -> dict[str, str]:
        """Messages of the plan's Events by reason."""
        uid = plan["metadata"]["uid"]
        return {one["reason"]: one["message"] for one in self.all(EVENTS) if one["involvedObject"].get("uid") == uid}


def condition(item: Json, kind: str) -> str:
    """An object's condition of that type: True, False or Unknown; empty where it has none."""
    conditions = item.get("status", {}).get("conditions", ())
    return next((str(one["status"]) for one in conditions if one["type"] == kind), "")


def name_of(item: Json) -> str:
    """An object's name."""
    return str(item["metadata"]["name"])


def phase_of(plan: Json) -> str:
    """A plan's phase; empty before it has one."""
    return str(plan.get("status", {}).get("phase", ""))


def state(finding: Json) -> str:
    """A finding's state; empty before it has one."""
    return str(finding.get("status", {}).get("state", ""))


def vetoes(plan: Json, gate: str) -> set[str]:
    """The reasons that a gate has against the plan."""
    return {one["reason"] for one in plan["status"].get("gates", ()) if one["gate"] == gate and not one["ok"]}


def template(**pod: Any) -> Json:
    """The change of a Deployment's pod template."""
    return {"spec": {"template": {"spec": pod}}}
