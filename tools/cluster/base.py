"""What every kind of cluster does alike, by kubectl; the kinds add what they can do beyond it."""

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from tools.cluster import Unsupported, build, pki


class Base(ABC):
    """A cluster that has a kubeconfig; it refuses every verb that its kind does not define."""

    tier: ClassVar[str]
    remedy: ClassVar[str]
    """What to use instead where this kind refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    @abstractmethod
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, usable from this machine."""

    @property
    def prometheus_url(self) -> str:
        """Refused unless the kind runs a Prometheus of its own."""
        raise self._unsupported("run a Prometheus")

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002 - the name that subprocess gives it
        user: str | None = None,
        groups: Sequence[str] = (),
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, as the administrator or as `user` in `groups`, and return its output as text."""
        kubeconfig = self.kubeconfig if user is None else self.user_kubeconfig(user, groups)
        done = subprocess.run(
            (build.binary("kubectl"), f"--kubeconfig={kubeconfig}", *args),
            env=self._environment(),
            input=input,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            failure = subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
            failure.add_note(done.stderr)
            raise failure
        return done

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Refused unless the kind has an authority that can certify people."""
        raise self._unsupported(f"certify the user {name} in {list(groups)}")

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig with a fresh token, valid for one hour, of a service account that exists."""
        token = self.kubectl("create", "token", name, "-n", namespace, "--duration=1h").stdout.strip()
        path = self.folder / "service-accounts" / namespace / f"{name}.kubeconfig"
        whole = self.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json").stdout
        return pki.with_token(whole, token, path)

    def nodes(self) -> list[str]:
        """Return the names of the nodes."""
        return self.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()

    def add_node(self) -> str:
        """Refused unless the kind makes nodes."""
        raise self._unsupported("add a node")

    def add_fake_nodes(self, count: int, *, delay: float = 0.0, broken: Sequence[str] = ()) -> list[str]:
        """Refused where there are real nodes: pods that should run would land on fake ones."""
        raise self._unsupported(f"add {count} fake nodes (pods after {delay} s, {list(broken)} broken)")

    def partition(self, node: str) -> None:
        """Refused unless the kind makes nodes."""
        raise self._unsupported(f"cut {node} off")

    def heal(self, node: str) -> None:
        """Refused unless the kind makes nodes."""
        raise self._unsupported(f"heal {node}")

    def stop_node(self, node: str) -> None:
        """Refused unless the kind makes nodes."""
        raise self._unsupported(f"stop {node}")

    def stop_kubelet(self, node: str) -> None:
        """Refused unless the kind makes nodes."""
        raise self._unsupported(f"stop the kubelet of {node}")

    def load_image(self, archive: Path, name: str) -> None:
        """Refused unless the kind makes nodes."""
        raise self._unsupported(f"load {archive} as {name}")

    @abstractmethod
    def up(self) -> Self:
        """Remove what an earlier run left in the folder, start, and return when the cluster is ready."""

    @abstractmethod
    def down(self) -> None:
        """Remove the cluster and everything it left on the machine; nothing happens the second time."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.down()

    def _unsupported(self, verb: str) -> Unsupported:
        return Unsupported(self.tier, verb, self.remedy)

    def _environment(self) -> dict[str, str]:
        # A home of its own: the person's contexts, preferences and caches are neither read nor written.
        return {**{k: v for k, v in os.environ.items() if k != "KUBECONFIG"}, "HOME": str(self.folder / "home")}
