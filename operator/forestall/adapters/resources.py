"""The kinds that forestall reads and writes, as the API server serves them."""

from __future__ import annotations

from forestall.api.base import GROUP, VERSION
from forestall.api.base import Resource as CustomResource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import RemediationPlan
from forestall.api.runbook import Runbook
from forestall.ports import Resource

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
REPLICASETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
JOBS = Resource("batch", "v1", "jobs", "Job")
PODS = Resource("", "v1", "pods", "Pod")
EVENTS = Resource("", "v1", "events", "Event")
NODES = Resource("", "v1", "nodes", "Node")
SERVICES = Resource("", "v1", "services", "Service")
DISRUPTION_BUDGETS = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
VOLUMES = Resource("", "v1", "persistentvolumes", "PersistentVolume")
AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
ADMISSION_POLICIES = Resource(
    "admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy"
)
ADMISSION_BINDINGS = Resource(
    "admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"
)
_RBAC = ("rbac.authorization.k8s.io", "v1")
ROLES = Resource(*_RBAC, "roles", "Role")
CLUSTER_ROLES = Resource(*_RBAC, "clusterroles", "ClusterRole")
ROLE_BINDINGS = Resource(*_RBAC, "rolebindings", "RoleBinding")
CLUSTER_ROLE_BINDINGS = Resource(*_RBAC, "clusterrolebindings", "ClusterRoleBinding")
WHO_AM_I = Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview")


def custom(model: type[CustomResource]) -> Resource:
    """The served form of one of forestall's own kinds."""
    return Resource(GROUP, VERSION, model.crd.plural, model.crd.kind)


POLICIES = custom(InspectionPolicy)
TWINS = custom(NetworkTwin)
FINDINGS = custom(Finding)
RUNBOOKS = custom(Runbook)
PLANS = custom(RemediationPlan)
APPROVALS = custom(RemediationApproval)
PAUSES = custom(RemediationPause)

TARGETS = {one.kind: one for one in (DEPLOYMENTS, NODES, SERVICES)}
"""What a plan can act on, by kind."""
SUBJECTS = {**TARGETS, TWINS.kind: TWINS}
"""What a plan can be about: a network stands for nothing in the cluster but its twin."""
TWIN_KINDS = (
    NODES,
    PODS,
    SERVICES,
    DEPLOYMENTS,
    REPLICASETS,
    JOBS,
    DISRUPTION_BUDGETS,
    CLAIMS,
    VOLUMES,
    AUTOSCALERS,
)
"""What the twin is made of."""
CLUSTER_SCOPED = frozenset((NODES, VOLUMES))
"""Those of the twin's kinds whose objects are in no namespace."""
