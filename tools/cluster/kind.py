"""The kind tier: nodes are containers of an engine, Docker or Podman, made by kind."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import yaml

from tools.cluster import build, host, pki
from tools.cluster.certified import Certified
from tools.cluster.oci import read_image

CONFIG = Path(__file__).with_name("kind.yaml")
ENGINES = ("docker", "podman")
"""In the order in which they are asked."""

PATIENCE = "180s"
"""How long nodes may take to be ready."""

RULES = (("INPUT", "-i"), ("OUTPUT", "-o"), ("FORWARD", "-i"), ("FORWARD", "-o"))
"""Chains through which a node's traffic goes in and out of its one interface."""


def engine() -> str | None:
    """Return the container engine that answers, None where none does."""
    return next((name for name in ENGINES if shutil.which(name) and _answers(name)), None)


def unavailable() -> str | None:
    """Say why this machine cannot run the kind tier, None where it can."""
    return None if engine() else f"no container engine answers: neither of {', '.join(ENGINES)}"


class Kind(Certified):
    """A cluster of three nodes; all of them are made at the start."""

    tier = "kind"
    remedy = "it makes all its nodes at the start, and nothing but nodes"

    @property
    def name(self) -> str:
        """What kind calls the cluster; its nodes' names begin with it."""
        return f"forestall-{hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:8]}"

    @property
    def api_port(self) -> int:
        """The loopback port that the engine leads to the API server. Raises host.Missing where there is no cluster."""
        if not self._made.exists():
            raise host.Missing(f"no cluster in {self.folder}: start one by `python -m tools.cluster up kind`")
        server = yaml.safe_load(self._made.read_text())["clusters"][0]["cluster"]["server"]
        return urlsplit(server).port or 443

    def up(self) -> Self:
        """Remove what an earlier run left in the folder, start, and return when the cluster is ready.

        Raises host.Missing, with the reason, where no engine answers.
        """
        found = engine()
        if found is None:
            raise host.Missing(str(unavailable()))
        self.down()
        self._state.create()
        self._state.set("engine", found)
        try:
            self._create()
        except BaseException:
            self.down()
            raise
        return self

    def down(self) -> None:
        """Have kind remove the nodes, and remove the folder; nothing happens the second time."""
        if self._state.get("engine"):
            self._kind("delete", "cluster", f"--kubeconfig={self._made}")
        self._state.remove()

    def partition(self, node: str) -> None:
        """Cut the node off the network; what runs on it runs on."""
        for chain, way in RULES:
            self._inside(node, "iptables", "--insert", chain, way, "eth0", "-j", "DROP")

    def heal(self, node: str) -> None:
        """Undo `partition`."""
        for chain, way in RULES:
            self._inside(node, "iptables", "--delete", chain, way, "eth0", "-j", "DROP")

    def stop_node(self, node: str) -> None:
        """End the node and everything on it at once, as a power cut would."""
        self._engine("kill", node)

    def stop_kubelet(self, node: str) -> None:
        """End the node's kubelet; its containers run on."""
        self._inside(node, "systemctl", "stop", "kubelet")

    def load_image(self, archive: Path, name: str) -> None:
        """Make the image in an OCI archive known by `name` on every node."""
        self._kind("load", "image-archive", str(read_image(archive, name).archive))

    @property
    def _made(self) -> Path:
        """The kubeconfig that kind makes; it never touches the person's own."""
        return self.folder / "kind.kubeconfig"

    def _create(self) -> None:
        self._kind("create", "cluster", f"--config={CONFIG}", f"--kubeconfig={self._made}", f"--wait={PATIENCE}")
        self._take_over_authority()
        self.kubectl("wait", "--for=condition=Ready", "nodes", "--all", f"--timeout={PATIENCE}")

    def _take_over_authority(self) -> None:
        """Have the certificates of people signed by the cluster's own authority."""
        for name in ("ca.crt", "ca.key"):
            pem = self._inside(f"{self.name}-control-plane", "cat", f"/etc/kubernetes/pki/{name}")
            pki.write_private(self._pki.folder / name, pem)

    def _kind(self, *args: str) -> str:
        provider = {"KIND_EXPERIMENTAL_PROVIDER": self._state.get("engine")}
        return _output([str(build.binary("kind")), *args, f"--name={self.name}"], {**os.environ, **provider})

    def _inside(self, node: str, *argv: str) -> str:
        return self._engine("exec", node, *argv)

    def _engine(self, *args: str) -> str:
        return _output([self._state.get("engine"), *args], dict(os.environ))


def _answers(name: str) -> bool:
    try:
        done = subprocess.run([name, "info"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _output(argv: Sequence[str], environment: dict[str, str]) -> str:
    """Run a command and return its output. Raises CalledProcessError, with the command's words as a note."""
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        failure = subprocess.CalledProcessError(done.returncode, argv, done.stdout, done.stderr)
        failure.add_note(done.stderr)
        raise failure
    return done.stdout
