"""Command lines of the control plane, the same in every tier; nothing is started here.

Each list begins with the component's name: put the path of the one Kubernetes binary before it.
"""

from ipaddress import ip_address
from pathlib import Path

from tools.cluster.pki import Pki

SERVICE_RANGE = "10.96.0.0/24"
"""Addresses of Services."""

ISSUER = "https://kubernetes.default.svc"
"""Who signs service-account tokens."""


def etcd_args(*, data: Path, client_port: int, peer_port: int) -> list[str]:
    """Return the command of an etcd on loopback that never waits for the disk: its clusters are thrown away."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        "etcd",
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver_args(
    pki: Pki, *, bind: str, advertise: str, port: int, etcd_port: int, hosts: tuple[str, ...]
) -> list[str]:
    """Return the command of an API server on `bind`:`port`.

    It announces the address `advertise`, its certificate is for the names and addresses in `hosts`, and
    people and components prove who they are by certificates of `pki`.
    """
    return [
        "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--bind-address={bind}",
        f"--advertise-address={advertise}",
        f"--secure-port={port}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",
        *_endpoint_reconciler(advertise),
        *_identity(pki, hosts),
        *_front_proxy(pki),
    ]


def controller_manager_args(pki: Pki, *, kubeconfig: Path, folder: Path) -> list[str]:
    """Return the command of a controller-manager that notices a lost node after 16 s and hurries otherwise."""
    return [
        "kube-controller-manager",
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki.service_account_keys()[0]}",
        f"--root-ca-file={pki.ca()}",
        "--secure-port=0",
        "--node-monitor-period=2s",
        "--node-monitor-grace-period=16s",
        "--pvclaimbinder-sync-period=1s",
        # Left alone, it makes its folder of volume plugins on the host.
        f"--flex-volume-plugin-dir={folder / 'volume-plugins'}",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def scheduler_args(*, kubeconfig: Path) -> list[str]:
    """Return the command of a scheduler."""
    return ["kube-scheduler", f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"]


def _endpoint_reconciler(advertise: str) -> list[str]:
    # An endpoint may not be a loopback address: the default reconciler would log an error every 10 s.
    return ["--endpoint-reconciler-type=none"] if ip_address(advertise).is_loopback else []


def _identity(pki: Pki, hosts: tuple[str, ...]) -> list[str]:
    signing, public = pki.service_account_keys()
    serving = pki.issue("apiserver", "kube-apiserver", sans=hosts)
    kubelet = pki.issue("apiserver-kubelet", "kube-apiserver-kubelet-client", ("system:masters",))
    return [
        f"--tls-cert-file={serving.cert}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={pki.ca()}",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={public}",
        f"--service-account-signing-key-file={signing}",
        f"--kubelet-client-certificate={kubelet.cert}",
        f"--kubelet-client-key={kubelet.key}",
        f"--kubelet-certificate-authority={pki.ca()}",
        "--kubelet-preferred-address-types=InternalIP,Hostname",
    ]


def _front_proxy(pki: Pki) -> list[str]:
    proxy = pki.issue("front-proxy", "front-proxy-client")
    return [
        f"--requestheader-client-ca-file={pki.ca()}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={proxy.cert}",
        f"--proxy-client-key-file={proxy.key}",
    ]
