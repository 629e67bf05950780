"""The operator as a process of its own, with the rights of its service account."""

import signal
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.chart.rendering import DIGEST, NAMESPACE
from tools.cluster import host, process
from tools.cluster.api_tier import ApiTier
from tools.cluster.operator import MAIN, Replica
from tools.cluster.pki import Pki, write_private
from tools.cluster.process import Process, wait_until

ROOT = Path(__file__).parents[3]
IMAGE = f"localhost/forestall@{DIGEST}"
"""The name of the action image; on the nodes it stands for this checkout."""
LAUNCHER = "tests.api.loop.launcher"
WAIT = 120.0


def secrets(folder: Path) -> Path:
    """The folder, with what the receiver of alerts needs; made once for all replicas."""
    pki = Pki(folder)
    made = pki.issue("receiver", "receiver", sans=("127.0.0.1",))
    for name, file in (("tls.crt", made.cert), ("tls.key", made.key)):
        write_private(folder / name, file.read_text())
    write_private(folder / "token", "token of the tests")
    return folder


class Operator:
    """One replica, at most one process at a time. Its log is `log`, its ledger `ledger`.

    `way` makes of its kubeconfig the one that it is given.
    """

    def __init__(
        self,
        cluster: ApiTier,
        folder: Path,
        replica: str = "operator",
        *,
        way: Callable[[Path], Path] = lambda kubeconfig: kubeconfig,
    ) -> None:
        self._cluster, self.replica, self._way = cluster, replica, way
        self.secrets = secrets(folder / "alerts")
        self.alerts_port = host.free_ports(1)[0]
        self._process: Process | None = None
        self._replica = Replica(
            name=replica,
            namespace=NAMESPACE,
            kubeconfig=Path(),
            image=IMAGE,
            folder=folder,
            port=0,
            settings=self._alerts(),
        )

    @property
    def log(self) -> Path:
        """All that it says."""
        return self._replica.log

    @property
    def ledger(self) -> Path:
        """Its ledger."""
        return self._replica.ledger

    @property
    def pid(self) -> int:
        """The process that runs now. Raises RuntimeError where none does."""
        if self._process is None or not self.alive:
            raise RuntimeError(f"the operator does not run: see {self.log}")
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it serves health and metrics; another one after each start."""
        return self._replica.port

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and process.alive(self._process)

    def start(self, module: str = MAIN, *args: str) -> None:
        """Start it and return once it says that it is ready; nothing happens where it runs."""
        if self.alive:
            return
        kubeconfig = self._way(self._cluster.service_account_kubeconfig(NAMESPACE, "forestall"))
        self._replica = replace(self._replica, kubeconfig=kubeconfig, port=host.free_ports(1)[0])
        self._process = started = self._replica.start(self._cluster, (module, *args))
        wait_until("the operator to be ready", lambda: self.ready, timeout=WAIT, alive_also=(started,))

    @property
    def ready(self) -> bool:
        """Whether it says so."""
        return self._replica.ready

    def send(self, signum: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            process.send(self._process, signum)

    def stop(self) -> None:
        """Ask it to end, as the kubelet would."""
        if self._process is not None:
            process.stop(self._process, grace=25.0)

    def kill(self) -> None:
        """End it as the kernel would: it can do nothing more."""
        self.send(signal.SIGKILL)
        self.died()

    def died(self) -> None:
        """Wait until it has died by itself."""
        wait_until("the operator to die", lambda: not self.alive, timeout=WAIT)

    @contextmanager
    def told(self, **further: str) -> Iterator[None]:
        """Run it with further settings, also after another start."""
        self.stop()
        self._replica = replace(self._replica, settings={**self._alerts(), **further})
        self.start()
        try:
            yield
        finally:
            self.stop()
            self._replica = replace(self._replica, settings=self._alerts())

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
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    @property
    def leads(self) -> bool:
        """Whether it is the one that acts, by its own word."""
        return self.metric("forestall_leader") == 1

    def metric(self, name: str, **labels: str) -> float:
        """The sum of its own metric's series that have these labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    def _alerts(self) -> dict[str, str]:
        """What has it receive alerts."""
        return {
            "FORESTALL_ALERTS_PORT": str(self.alerts_port),
            "FORESTALL_ALERTS_TOKEN": str(self.secrets / "token"),
            "FORESTALL_ALERTS_CERTIFICATE": str(self.secrets),
        }
