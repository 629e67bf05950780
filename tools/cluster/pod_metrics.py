"""How the cluster's own Prometheus finds pods: by the usual annotations, with a service account's rights."""

from pathlib import Path
from typing import Any

from tools.cluster.node import HUB_ADDRESS

PORT = 9090
IN_CLUSTER_URL = f"http://{HUB_ADDRESS}:{PORT}"
"""Where pods reach it."""

NAMESPACE, ACCOUNT = "kube-system", "prometheus"

RIGHTS = (
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": NAMESPACE}},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ACCOUNT},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}],
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": ACCOUNT},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    },
)
"""The service account and what it may do: see pods."""

_POD = "__meta_kubernetes_pod_"
_ANNOTATION = f"{_POD}annotation_prometheus_io_"


def scrape_configs(kubeconfig: Path) -> list[dict[str, Any]]:
    """Return the scrape configuration for running pods with the annotation `prometheus.io/scrape: "true"`.

    `prometheus.io/port` and `prometheus.io/path` say where. Series get the labels `namespace`, `pod`, `node`
    and, from the pod's label of that name, `app`.
    """
    return [
        {
            "job_name": "pods",
            "kubernetes_sd_configs": [{"role": "pod", "kubeconfig_file": str(kubeconfig)}],
            "relabel_configs": [
                {"source_labels": [f"{_ANNOTATION}scrape"], "action": "keep", "regex": "true"},
                {"source_labels": [f"{_POD}phase"], "action": "keep", "regex": "Running"},
                {
                    "source_labels": [f"{_POD}ip", f"{_ANNOTATION}port"],
                    "separator": ":",
                    "regex": r"(.+:\d+)",
                    "target_label": "__address__",
                },
                _copied(f"{_ANNOTATION}path", "__metrics_path__"),
                _copied("__meta_kubernetes_namespace", "namespace"),
                _copied(f"{_POD}name", "pod"),
                _copied(f"{_POD}node_name", "node"),
                _copied(f"{_POD}label_app", "app"),
            ],
        }
    ]


def _copied(source: str, target: str) -> dict[str, Any]:
    return {"source_labels": [source], "regex": "(.+)", "target_label": target}
