"""The operator as a process of its own, with the rights of its service account."""

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.chart.rendering import DIGEST, NAMESPACE
from tools.cluster import host, process
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import Process, wait_until

ROOT = Path(__file__).parents[3]
IMAGE = f"localhost/forestall@{DIGEST}"
"""The name of the action image; on the nodes it stands for this checkout."""
MAIN = "forestall.runtime.main"
LAUNCHER = "tests.api.loop.launcher"
WAIT = 120.0


def checkout() -> dict[str, str]:
    """The environment in which this checkout's programs run."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": programs, "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}"}


class Operator:
    """At most one operator at a time. Its log is `log`, its ledger `ledger`."""

    def __init__(self, cluster: ApiTier, log: Path) -> None:
        self._cluster, self.log = cluster, log
        self.ledger = log.with_name("ledger.db")
        self._process: Process | None = None
        self._port = 0

    @property
    def pid(self) -> int:
        """The process that runs now. Raises RuntimeError where none does."""
        if self._process is None or not self.alive:
            raise RuntimeError(f"the operator does not run: see {self.log}")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and process.alive(self._process)

    def start(self, module: str = MAIN, *args: str) -> None:
        """Start it and return once it says that it is ready; nothing happens where it runs."""
        if self.alive:
            return
        self._port = host.free_ports(1)[0]
        settings = {
            **checkout(),
            "KUBECONFIG": str(self._cluster.service_account_kubeconfig(NAMESPACE, "forestall")),
            "FORESTALL_NAMESPACE": NAMESPACE,
            "FORESTALL_ACTION_IMAGE": IMAGE,
            "FORESTALL_HTTP_PORT": str(self._port),
            "FORESTALL_LEDGER": str(self.ledger),
        }
        variables = [f"{name}={value}" for name, value in settings.items()]
        argv = ["env", *variables, sys.executable, "-m", module, *args]
        self._process = started = self._cluster.run("operator", argv, self.log)
        wait_until("the operator to be ready", self._ready, timeout=WAIT, alive_also=(started,))

    def stop(self) -> None:
        """Ask it to end, as the kubelet would."""
        if self._process is not None:
            process.stop(self._process, grace=25.0)

    def died(self) -> None:
        """Wait until it has died by itself."""
        wait_until("the operator to die", lambda: not self.alive, timeout=WAIT)

    @contextmanager
    def instead(self, *args: str) -> Iterator[None]:
        """Run the launcher with these arguments in its place."""
        self.stop()
        self.start(LAUNCHER, *args)
        try:
            yield
        finally:
            self.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hold its breath: what happens meanwhile, it sees all at once afterwards."""
        if self._process is None:
            raise RuntimeError("the operator does not run")
        process.send(self._process, signal.SIGSTOP)
        try:
            yield
        finally:
            process.send(self._process, signal.SIGCONT)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of its own metric's series that have these labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
