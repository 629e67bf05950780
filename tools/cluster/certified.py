"""Clusters whose certificate authority is ours: people, components and the administrator get certificates."""

import hashlib
import http.client
import json
import ssl
from abc import abstractmethod
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tools.cluster.base import Base
from tools.cluster.pki import Certificate, Pki, kubeconfig
from tools.cluster.process import State

TIMEOUT = 30.0
"""Seconds after which an answer is not waited for any longer: a busy machine may stop for several."""


class Certified(Base):
    """A cluster in a state folder with keys of its own, its API server reached at a loopback port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._state = State(folder)
        self._pki = Pki(folder / "pki")

    @property
    @abstractmethod
    def api_port(self) -> int:
        """The loopback port at which the API server is reached from this machine."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig: a client certificate in `system:masters`."""
        path = self.folder / "admin.kubeconfig"
        return path if path.exists() else self._write_kubeconfig(path, self._admin(), self._local_server)

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Return the kubeconfig of a person, by a client certificate; made once per name and groups."""
        digest = hashlib.sha256(json.dumps([name, *groups]).encode()).hexdigest()[:16]
        path = self.folder / "users" / f"{digest}.kubeconfig"
        if path.exists():
            return path
        return self._write_kubeconfig(path, self._pki.issue(f"user-{digest}", name, groups), self._local_server)

    def get(self, path: str) -> Any:
        """Return the JSON, or text, that the API server serves the administrator at `path`, None if it does not."""
        context = ssl.create_default_context(cafile=self._pki.ca())
        context.load_cert_chain(self._admin().cert, self._admin().key)
        connection = http.client.HTTPSConnection("127.0.0.1", self.api_port, timeout=TIMEOUT, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            return None
        structured = answer.getheader("Content-Type", "").startswith("application/json")
        return json.loads(body) if structured else body.decode()

    @property
    def _local_server(self) -> str:
        return f"https://127.0.0.1:{self.api_port}"

    def _admin(self) -> Certificate:
        return self._pki.issue("admin", "forestall-test-admin", ("system:masters",))

    def _write_kubeconfig(self, path: Path, cert: Certificate, server: str) -> Path:
        return kubeconfig(path, server=server, ca=self._pki.ca(), cert=cert)
