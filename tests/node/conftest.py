"""A cluster of real nodes for the session, and a namespace for each test."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tools import previous
from tools.cluster import session_folder
from tools.cluster.images import operator_image, python_app_image
from tools.cluster.node_tier import NodeTier, unavailable
from tools.cluster.oci import Image
from tools.cluster.process import wait_until

SERVER = b"""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        metrics = self.path == "/metrics"
        body = "sample_answers 42\\n" if metrics else os.environ["NODE"]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body.encode())

ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests out, saying why, where this machine cannot run nodes."""
    wanting = [item for item in items if item.get_closest_marker("node")]
    reason = unavailable() if wanting else None
    if reason:
        config.hook.pytest_deselected(items=wanting)
        items[:] = [item for item in items if item not in wanting]
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"node tier: {len(wanting)} tests left out: {reason}")


@pytest.fixture(scope="session")
def sample() -> Image:
    return python_app_image("localhost/sample:1", {"server.py": SERVER}, ["python", "/server.py"])


@pytest.fixture(scope="session")
def operator() -> Image:
    return operator_image()


@pytest.fixture(scope="session")
def previous_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the chart, the sources and the locked environment of the previous version."""
    return previous.unpack(tmp_path_factory.mktemp("previous"))


@pytest.fixture(scope="session")
def previous_operator(previous_version: Path) -> Image:
    return operator_image("localhost/forestall:previous", previous_version)


@pytest.fixture(scope="session")
def node_cluster(sample: Image, operator: Image, previous_operator: Image) -> Iterator[NodeTier]:
    with NodeTier(session_folder("node"), [sample, operator, previous_operator]).up() as running:
        yield running


@pytest.fixture
def namespace(node_cluster: NodeTier) -> Iterator[str]:
    name = f"test-{uuid4().hex[:8]}"
    node_cluster.kubectl("create", "namespace", name)
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    wait_until("its service account", lambda: node_cluster.get(account) is not None)
    yield name
    node_cluster.kubectl("delete", "namespace", name, "--wait=false")
