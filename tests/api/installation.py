"""The chart's objects on a cluster, with people who hold rights of different kinds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import yaml

from forestall.api.base import Key
from forestall.inspection.scans import Scan
from forestall.planning.scan_job import inputs, manifest
from tests.api.kinds import wait_until_known
from tests.api.person import Answer, Person
from tests.chart.rendering import NAMESPACE as SYSTEM
from tests.chart.rendering import Manifest, render
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

ACTIONS = "forestall-actions"
TEAM = "team"
OPERATOR = f"system:serviceaccount:{SYSTEM}:forestall"
ROBOT = f"system:serviceaccount:{TEAM}:robot"

GROUPS = {
    "admin": ("system:masters",),
    "alice": ("editors", "approvers"),
    "carol": ("editors", "seniors"),
    "dave": ("editors", "strangers"),
    "bob": ("editors",),
    "erin": ("first-line",),
    "frank": ("agents",),
    "gina": ("on-call",),
    "olga": (),
    "system:kube-controller-manager": ("system:masters",),
}
"""Alice may approve plans of low risk under policy `payments`, carol of any; dave may under policy `search` only;
bob may edit every plan. Erin holds the shipped role for approvers, frank the one for proposers, gina the one for
pauses, olga nothing.
The controller manager has its own name where it has no account for each controller."""

ACCOUNTS = {
    "operator": (SYSTEM, "forestall"),
    "robot": (TEAM, "robot"),
    "gitops": (TEAM, "gitops"),
    "job-controller": ("kube-system", "job-controller"),
    "cronjob-controller": ("kube-system", "cronjob-controller"),
    "replicaset-controller": ("kube-system", "replicaset-controller"),
}


class Installation:
    """The chart as installed, and everybody who deals with it."""

    def __init__(self, cluster: ApiTier) -> None:
        self._cluster = cluster
        self._people: dict[str, Person] = {}

    def __getitem__(self, name: str) -> Person:
        """The person or service account of that name."""
        if name not in self._people:
            self._people[name] = Person(
                self._cluster.service_account_kubeconfig(*ACCOUNTS[name])
                if name in ACCOUNTS
                else self._cluster.user_kubeconfig(name, GROUPS[name])
            )
        return self._people[name]


@contextmanager
def install(cluster: ApiTier, *values: str) -> Iterator[Installation]:
    """Install the chart without its Deployment; yield once every policy and right is in force; leave only the CRDs."""
    whole = render(f"namespaces={{{TEAM}}}", *values)
    crds = [manifest for manifest in whole if manifest["kind"] == "CustomResourceDefinition"]
    namespaces = [_namespace(SYSTEM), _namespace(TEAM)]
    rest = [manifest for manifest in whole if manifest["kind"] != "Deployment" and manifest not in crds]
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=yaml.safe_dump_all(crds))
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=120s", "-f", "-", input=yaml.safe_dump_all(crds))
    wait_until_known(cluster)
    objects = [*namespaces, *rest, *_extras()]
    admin = Person(cluster.kubeconfig)
    try:
        cluster.kubectl("apply", "--server-side", "-f", "-", input=yaml.safe_dump_all(objects))
        installation = Installation(cluster)
        _wait_until_enforced(installation)
        _wait_until_granted(installation)
        yield installation
    finally:
        # First: a namespace with Pods in it takes the controllers much longer.
        cluster.kubectl("delete", "jobs", "--all", "-n", ACTIONS, "--cascade=foreground", "--timeout=180s")
        policies = [one for one in objects if one["kind"].startswith("ValidatingAdmissionPolicy")]
        cluster.kubectl("delete", "--ignore-not-found", "-f", "-", input=yaml.safe_dump_all(policies))
        # Before the rest goes: without the runbook there is no status that the last policy could refuse.
        wait_until("the policies to be gone", lambda: not _denies(partial(_forged_status, admin)))
        remove(cluster, objects)


def remove(cluster: ApiTier, objects: Sequence[Manifest]) -> None:
    """Delete objects with their namespaces, which go last: kubectl would take three times as long to wait for each."""
    cluster.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", input=yaml.safe_dump_all(objects))
    namespaces = [f"namespace/{one['metadata']['name']}" for one in objects if one["kind"] == "Namespace"]
    cluster.kubectl("wait", "--for=delete", "--timeout=180s", *namespaces)


def _wait_until_enforced(installation: Installation) -> None:
    """Wait until each policy refuses what it is there to refuse: they take effect one by one."""
    admin, operator = installation["admin"], installation["operator"]
    annotations = {"forestall.dev/approve": "forged"}
    probes: dict[str, Callable[[], Answer]] = {
        "approval": lambda: admin.create(plans(), plan("probe", annotations=annotations), dryRun="All"),
        "approval-objects": lambda: admin.create(approvals(), approval("probe", approver="forged"), dryRun="All"),
        "pauses": lambda: admin.create(pauses(), pause("probe", who="forged"), dryRun="All"),
        "status": lambda: _forged_status(admin),
        "findings": lambda: admin.create(findings(), finding("probe"), dryRun="All"),
        "preview-only": lambda: operator.patch(deployment(), {"metadata": {"annotations": {"probe": "x"}}}),
        "action-jobs": lambda: admin.create(jobs(), job("probe"), dryRun="All"),
        "action-pods": lambda: admin.create(pods(), pod("probe"), dryRun="All"),
        "scans": lambda: admin.create(config_maps(), shard_input("0" * 32), dryRun="All"),
    }
    for name, probe in probes.items():
        wait_until(f"the policy forestall-{name} to be enforced", partial(_denies, probe))


def _wait_until_granted(installation: Installation) -> None:
    """Wait until the last role and the last binding of each kind count: the authorizer hears of them one by one."""
    rights = {
        "bob": ("get", "findings", ""),
        "dave": ("approve-high", "inspectionpolicies", "search"),
        "frank": ("create", "remediationplans", ""),
    }
    for name, (verb, resource, which) in rights.items():
        wait_until(f"the right of {name} to {verb}", partial(_may, installation[name], verb, resource, which))


def _may(person: Person, verb: str, resource: str, name: str) -> bool:
    asked = {"namespace": TEAM, "verb": verb, "group": "forestall.dev", "resource": resource, "name": name}
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = person.create(path, {**kind, "spec": {"resourceAttributes": asked}})
    return answer.allowed and bool(answer.body["status"]["allowed"])


def _denies(probe: Callable[[], Answer]) -> bool:
    answer = probe()
    return not answer.allowed and "forestall: " in answer.message


def _forged_status(person: Person) -> Answer:
    runbook = f"{API}/runbooks/scale/status"
    return person.patch(runbook, {"status": {"digest": "forged"}}, dryRun="All")


# What the tests speak of: paths and objects.

API = "/apis/forestall.dev/v1alpha1"
LABELS = {"forestall.dev/managed": "true", "forestall.dev/plan-uid": "3f0c"}
ANNOTATIONS = {"forestall.dev/plan-digest": f"sha256:{'b' * 64}"}
IMAGE = f"example.com/forestall@sha256:{'a' * 64}"


def plans(name: str = "") -> str:
    """The path of the plans, or of one."""
    return f"{API}/namespaces/{TEAM}/remediationplans" + (name and f"/{name}")


def approvals(name: str = "") -> str:
    """The path of the approvals, or of one."""
    return f"{API}/namespaces/{TEAM}/remediationapprovals" + (name and f"/{name}")


def pauses(name: str = "") -> str:
    """The path of the pauses, or of one."""
    return f"{API}/namespaces/{TEAM}/remediationpauses" + (name and f"/{name}")


def findings(name: str = "") -> str:
    """The path of the findings, or of one."""
    return f"{API}/namespaces/{TEAM}/findings" + (name and f"/{name}")


def deployment(part: str = "") -> str:
    """The path of the one Deployment, or of a part of it."""
    return f"/apis/apps/v1/namespaces/{TEAM}/deployments/web" + (part and f"/{part}")


def service() -> str:
    """The path of the one Service."""
    return f"/api/v1/namespaces/{TEAM}/services/web"


def node(part: str = "") -> str:
    """The path of the one node, or of a part of it."""
    return "/api/v1/nodes/test-worker" + (part and f"/{part}")


def jobs(name: str = "") -> str:
    """The path of the action Jobs, or of one."""
    return f"/apis/batch/v1/namespaces/{ACTIONS}/jobs" + (name and f"/{name}")


def pods(name: str = "") -> str:
    """The path of the action Pods, or of one."""
    return f"/api/v1/namespaces/{ACTIONS}/pods" + (name and f"/{name}")


def config_maps(name: str = "") -> str:
    """The path of the ConfigMaps beside the action Jobs, or of one."""
    return f"/api/v1/namespaces/{ACTIONS}/configmaps" + (name and f"/{name}")


def scan(number: int) -> Manifest:
    """The Job of a scan as the operator renders it, suspended; another one for each number."""
    asked = Scan(
        topology="sha256:1",
        network=str(number),
        kinds=("node",),
        pairs=True,
        limit=1.0,
        scenarios="sha256:2",
        of=3,
        size=1,
    )
    policy = Key("InspectionPolicy", TEAM, "payments")
    return manifest(asked, policy, image=IMAGE, namespace=ACTIONS, parallelism=2, parts=1)


def shard_input(digits: str, uid: str = "1") -> Manifest:
    """The ConfigMap with the input of a scan."""
    (body,) = inputs(f"scan-{digits}", uid, [b"input"])
    return body


def plan(name: str, *, proposer: str = OPERATOR, annotations: dict[str, str] | None = None) -> Manifest:
    """A plan under the inspection policy `payments`."""
    return {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "RemediationPlan",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {
            "policyRef": {"name": "payments"},
            "findingRef": {"name": "imagepull-web"},
            "runbookRef": {"name": "rollout-undo", "version": "1.0.0"},
            "proposer": proposer,
        },
    }


def approval(name: str, *, approver: str, groups: Sequence[str] = (), **spec: Any) -> Manifest:
    """The approval of a plan of low risk under the inspection policy `payments`; `spec` says otherwise."""
    said = {
        "planRef": {"name": "undo-web", "uid": "3f0c"},
        "policyRef": {"name": "payments"},
        "planDigest": f"sha256:{'1' * 64}",
        "riskClass": "Low",
        "decision": "Approve",
        **spec,
    }
    return {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "RemediationApproval",
        "metadata": {"name": name},
        "spec": {**said, "approver": approver, "groups": list(groups)},
    }


def pause(name: str, *, who: str, **spec: Any) -> Manifest:
    """A pause without an end."""
    return {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "RemediationPause",
        "metadata": {"name": name},
        "spec": {"reason": "a release", **spec, "who": who},
    }


def finding(name: str) -> Manifest:
    """A finding of the inspection policy `payments`."""
    return {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "Finding",
        "metadata": {"name": name},
        "spec": {
            "policyRef": {"name": "payments"},
            "type": "ImagePull",
            "resource": {"kind": "Deployment", "namespace": TEAM, "name": "web"},
        },
    }


def job(name: str) -> Manifest:
    """A Job as the operator renders it, suspended."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": dict(LABELS), "annotations": dict(ANNOTATIONS)},
        "spec": {
            "suspend": True,
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 0,
            "activeDeadlineSeconds": 300,
            "ttlSecondsAfterFinished": 600,
            "template": {"spec": _pod_spec()},
        },
    }


def pod(name: str) -> Manifest:
    """A Pod that Pod Security has nothing to say against."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": _pod_spec()}


def _pod_spec() -> dict[str, Any]:
    return {
        "serviceAccountName": "forestall-action-scale",
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "action",
                "image": IMAGE,
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


def _namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _extras() -> list[Manifest]:
    """Rights so wide that between most people and a forgery only the policies stand, and a Deployment."""
    people = [_group("editors"), _account(*ACCOUNTS["operator"]), _account(*ACCOUNTS["robot"])]
    people.append(_account(*ACCOUNTS["gitops"]))
    own = ["networktwins", "inspectionpolicies", "findings", "runbooks"]
    own += ["remediationplans", "remediationapprovals", "remediationpauses"]
    edit = [
        _rule(
            "forestall.dev", [*own, *(f"{name}/status" for name in own)], ["get", "create", "update", "patch", "delete"]
        ),
        _rule("apps", ["deployments", "deployments/scale"], ["get", "create", "update", "patch", "delete"]),
        _rule("", ["services", "nodes", "nodes/status"], ["get", "create", "update", "patch", "delete"]),
    ]
    low = [_rule("forestall.dev", ["inspectionpolicies"], ["approve"], names=["payments"])]
    high = [_rule("forestall.dev", ["inspectionpolicies"], ["approve", "approve-high"], names=["payments"])]
    other = [_rule("forestall.dev", ["inspectionpolicies"], ["approve", "approve-high"], names=["search"])]
    accounts = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": TEAM}}
        for name in ("robot", "gitops")
    ]
    return [
        *accounts,
        *_cluster_wide("test-edit", edit, people),
        *_in_team(
            "approve-low", low, [_group("approvers"), _account(*ACCOUNTS["operator"]), _account(*ACCOUNTS["gitops"])]
        ),
        *_in_team("approve-high", high, [_group("seniors"), _account(*ACCOUNTS["robot"])]),
        *_in_team("approve-other", other, [_group("strangers")]),
        _binding("first-line", "ClusterRole", "forestall-approve", [_group("first-line")]),
        _binding("on-call", "ClusterRole", "forestall-pause", [_group("on-call")]),
        _binding("agents", "ClusterRole", "forestall-propose", [_group("agents")]),
        _web(),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": TEAM},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        },
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "test-worker"}},
    ]


def _web() -> Manifest:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": IMAGE}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": TEAM},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }


def _group(name: str) -> dict[str, str]:
    return {"kind": "Group", "name": name, "apiGroup": "rbac.authorization.k8s.io"}


def _account(namespace: str, name: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def _rule(group: str, resources: list[str], verbs: list[str], names: list[str] | None = None) -> dict[str, list[str]]:
    rule = {"apiGroups": [group], "resources": resources, "verbs": verbs}
    return {**rule, "resourceNames": names} if names else rule


def _in_team(name: str, rules: list[dict[str, list[str]]], subjects: list[dict[str, str]]) -> list[Manifest]:
    return [{**_rbac("Role", name, TEAM), "rules": rules}, _binding(name, "Role", name, subjects)]


def _cluster_wide(name: str, rules: list[dict[str, list[str]]], subjects: list[dict[str, str]]) -> list[Manifest]:
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    binding = {**_rbac("ClusterRoleBinding", name), "roleRef": ref, "subjects": subjects}
    return [{**_rbac("ClusterRole", name), "rules": rules}, binding]


def _binding(name: str, kind: str, role: str, subjects: list[dict[str, str]]) -> Manifest:
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    return {**_rbac("RoleBinding", name, TEAM), "roleRef": ref, "subjects": subjects}


def _rbac(kind: str, name: str, namespace: str | None = None) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name, **place}}
