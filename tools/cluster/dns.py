"""Cluster DNS: a CoreDNS beside the control plane, which pods reach by the usual Service."""

import http.client
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tools.cluster.namespaces import network_of
from tools.cluster.node import HUB_ADDRESS

ADDRESS = "10.96.0.10"
"""Where pods ask."""

DOMAIN = "cluster.local"
USER = "system:coredns"
READY_PORT = 8181

_NAMED = {"name": "kube-dns", "namespace": "kube-system"}
_PORTS = [{"name": name, "port": 53, "protocol": protocol} for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))]
_GROUP = "rbac.authorization.k8s.io"

OBJECTS: Sequence[dict[str, Any]] = (
    {"apiVersion": "v1", "kind": "Service", "metadata": _NAMED, "spec": {"clusterIP": ADDRESS, "ports": _PORTS}},
    {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**_NAMED, "labels": {"kubernetes.io/service-name": _NAMED["name"]}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [HUB_ADDRESS]}],
        "ports": _PORTS,
    },
    {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": USER},
        "rules": [
            {"apiGroups": [""], "resources": ["namespaces", "pods", "services"], "verbs": ["list", "watch"]},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        ],
    },
    {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": USER},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": USER}],
    },
)
"""The Service, whose one endpoint is no pod, and what CoreDNS may do: see what has a name."""


def corefile(kubeconfig: Path) -> str:
    """Return the configuration: the cluster's names, and an answer at once that there are no others."""
    return f"""{DOMAIN}:53 in-addr.arpa:53 {{
    bind {HUB_ADDRESS}
    errors
    ready 127.0.0.1:{READY_PORT}
    kubernetes {DOMAIN} in-addr.arpa {{
        kubeconfig {kubeconfig}
        pods verified
    }}
    cache 5
}}
.:53 {{
    bind {HUB_ADDRESS}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def answers(hub: int) -> bool:
    """Say whether it knows the cluster's names, in the network of the process `hub`."""
    connection = http.client.HTTPConnection("127.0.0.1", READY_PORT, timeout=5)
    try:
        with network_of(hub):
            connection.request("GET", "/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
