"""Real Kubernetes clusters on any machine, without a container engine.

`up` starts one; whatever its kind, it is used through the interface `Cluster`.
"""

import pkgutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, Self

from tools.cluster.host import cache_dir
from tools.cluster.process import Process, alive, current

Tier = Literal["api", "node", "kind", "existing"]
"""api: a control plane without nodes, no root. node: real nodes, root on Linux. kind: real nodes by a container
engine. existing: somebody's own."""

BACKENDS = MappingProxyType(
    {
        "api": "tools.cluster.api_tier:ApiTier",
        "node": "tools.cluster.node_tier:NodeTier",
        "kind": "tools.cluster.kind:Kind",
        "existing": "tools.cluster.existing:Existing",
    }
)
"""Where each tier's class is; imported when wanted, since each of them imports this module's interface."""


class Unsupported(NotImplementedError):  # noqa: N818 - a refusal by design, not a fault
    """This kind of cluster cannot do what was asked."""

    def __init__(self, tier: str, verb: str, remedy: str) -> None:
        super().__init__(f"the {tier} tier cannot {verb}: {remedy}")


class Cluster(Protocol):
    """A cluster in a state folder. As a context manager it takes itself down at the end.

    Constructing one with its folder starts nothing: it attaches to what runs there, if anything does.
    """

    @property
    def tier(self) -> str:
        """The kind of cluster: `api`, `node`, `kind` or `existing`."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, usable from this machine."""

    @property
    def prometheus_url(self) -> str:
        """Base URL of the cluster's own Prometheus, reachable from this machine."""

    def up(self) -> Self:
        """Remove what an earlier run left in the folder, start, and return when the cluster is ready."""

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002 - the name that subprocess gives it
        user: str | None = None,
        groups: Sequence[str] = (),
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, as the administrator or as `user` in `groups`, and return its output as text.

        `input` is its standard input. Raises CalledProcessError, with kubectl's words as a note, if it
        fails and `check` is set.
        """

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Return the kubeconfig of a person whom the API server knows, with the rights of nobody but RBAC's."""

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig with a fresh token, valid for one hour, of a service account that exists."""

    def nodes(self) -> list[str]:
        """Return the names of the nodes."""

    def add_node(self) -> str:
        """Start a further node and return its name when it is ready."""

    def add_fake_nodes(self, count: int, *, delay: float = 0.0, broken: Sequence[str] = ()) -> list[str]:
        """Add so many nodes in name only and return their names when pods may be bound to them.

        Of each pod there it is said that it runs, `delay` seconds after it was bound, and of those of an image
        in `broken` that this cannot be had. Nothing runs.
        """

    def partition(self, node: str) -> None:
        """Cut the node off the network; what runs on it runs on."""

    def heal(self, node: str) -> None:
        """Undo `partition`."""

    def stop_node(self, node: str) -> None:
        """End the node and everything on it at once, as a power cut would."""

    def stop_kubelet(self, node: str) -> None:
        """End the node's kubelet; its containers run on."""

    def load_image(self, archive: Path, name: str) -> None:
        """Make the image in an OCI archive known by `name` on every node."""

    def down(self) -> None:
        """Remove the cluster and everything it left on the machine; nothing happens the second time."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def up(tier: Tier, *, state: Path | None = None) -> Cluster:
    """Start a cluster and return it when it is ready; remains of an earlier one in `state` are removed first.

    `state` is the folder it lives in, by default one per tier and user. The tier `existing` takes the
    cluster that the environment variable FORESTALL_KUBECONFIG names and starts nothing.
    """
    return attach(tier, state=state).up()


def attach(tier: Tier, *, state: Path | None = None) -> Cluster:
    """Return the cluster that lives in `state`, running or not."""
    cluster: Cluster = pkgutil.resolve_name(BACKENDS[tier])(state or cluster_folder(tier))
    return cluster


def cluster_folder(tier: Tier) -> Path:
    """Return the folder of this user's one lasting cluster of that kind."""
    return cache_dir() / "clusters" / tier


def session_folder(tier: Tier) -> Path:
    """Return a folder for a cluster that lasts no longer than this program.

    Clusters of earlier programs that ended without taking them down are taken down first.
    """
    parent = cache_dir() / "clusters" / f"{tier}-sessions"
    for folder in sorted(parent.glob("*-*")):
        pid, _, start_time = folder.name.partition("-")
        if not alive(Process("owner", int(pid), int(start_time))):
            attach(tier, state=folder).down()
    here = current("owner")
    return parent / f"{here.pid}-{here.start_time}"
