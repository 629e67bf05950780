"""This checkout in place of an image, where no node runs any: the operator is a process with its account's rights."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.cluster.api_tier import ApiTier
from tools.cluster.images import ROOT
from tools.cluster.process import Process

MAIN = "forestall.runtime.main"


def checkout() -> dict[str, str]:
    """Return the environment in which this checkout's programs run."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": programs, "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}"}


@dataclass(frozen=True, kw_only=True)
class Replica:
    """How one process of the operator runs."""

    name: str
    namespace: str
    """The operator's own, where its service account is."""
    kubeconfig: Path
    image: str
    """Of action Jobs, by digest."""
    folder: Path
    """Where its log and its ledger are."""
    port: int
    """Where it serves health and metrics, on loopback."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further ones."""

    @property
    def log(self) -> Path:
        """All that it says."""
        return self.folder / f"{self.name}.log"

    @property
    def ledger(self) -> Path:
        """Its ledger, in SQLite."""
        return self.folder / f"{self.name}.db"

    def start(self, cluster: ApiTier, program: Sequence[str] = (MAIN,)) -> Process:
        """Start it as part of the cluster; `program` is a module and its arguments."""
        settings = {
            **checkout(),
            "KUBECONFIG": str(self.kubeconfig),
            "FORESTALL_NAMESPACE": self.namespace,
            "FORESTALL_REPLICA": self.name,
            "FORESTALL_ACTION_IMAGE": self.image,
            "FORESTALL_HTTP_PORT": str(self.port),
            "FORESTALL_LEDGER": str(self.ledger),
            **self.settings,
        }
        variables = [f"{name}={value}" for name, value in settings.items()]
        return cluster.run(self.name, ["env", *variables, sys.executable, "-m", *program], self.log)

    @property
    def ready(self) -> bool:
        """Whether it says that it is ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
