"""Configuration of what Kubernetes runs on each node: kubelet and kube-proxy."""

from pathlib import Path
from typing import Any

from tools.cluster import containerd, dns
from tools.cluster.node import POD_RANGE, Node
from tools.cluster.pki import Certificate

Json = dict[str, Any]

RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
"""For pods that do without the cluster's DNS: nobody listens on a pod's own loopback, so a lookup fails at once."""


def kubelet_config(node: Node, ca: Path, serving: Certificate) -> Json:
    """Return the kubelet's configuration; `serving` proves it to the API server, whose clients `ca` proves."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(ca)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.cert),
        "tlsPrivateKeyFile": str(serving.key),
        "containerRuntimeEndpoint": f"unix://{containerd.SOCKET}",
        "clusterDNS": [dns.ADDRESS],
        "clusterDomain": dns.DOMAIN,
        "resolvConf": str(node.folder / "resolv.conf"),
        "volumePluginDir": str(node.folder / "volume-plugins"),
        "makeIPTablesUtilChains": False,
        **_resources(node),
        **_haste(),
    }


def kubelet_args(node: Node, config: Path, kubeconfig: Path) -> list[str]:
    """Return the kubelet's command, without the program before it."""
    return [
        "kubelet",
        f"--config={config}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        f"--root-dir={node.folder / 'kubelet'}",
        f"--cert-dir={node.folder / 'kubelet-pki'}",
    ]


def proxy_config(node: Node, kubeconfig: Path) -> Json:
    """Return kube-proxy's configuration; it leaves the whole machine's connection tracking as it is."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": node.name,
        "clusterCIDR": POD_RANGE,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "metricsBindAddress": "127.0.0.1:10249",
        "healthzBindAddress": "127.0.0.1:10256",
    }


def _resources(node: Node) -> Json:
    """Settings that keep a node within its control group, on a disk that others fill too."""
    return {
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.control_group}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # Switched off, metrics of disks and eviction would go too.
        "localStorageCapacityIsolation": True,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
            "imagefs.inodesFree": "0%",
        },
    }


def _haste() -> Json:
    """Settings that let tests of failures take seconds."""
    return {
        "nodeStatusUpdateFrequency": "4s",
        "nodeLeaseDurationSeconds": 15,
        "crashLoopBackOff": {"maxContainerRestartPeriod": "5s"},
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "volumeStatsAggPeriod": "0s",
    }
