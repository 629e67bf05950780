"""A real control plane for the session, and a namespace for each test."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tools.cluster import session_folder
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until


@pytest.fixture(scope="session")
def cluster() -> Iterator[ApiTier]:
    with ApiTier(session_folder("api")).up() as running:
        yield running


@pytest.fixture
def namespace(cluster: ApiTier) -> Iterator[str]:
    name = f"test-{uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    account = ("get", "serviceaccount", "default", "-n", name)
    wait_until("its service account", lambda: cluster.kubectl(*account, check=False).returncode == 0)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
