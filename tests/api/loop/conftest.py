"""One installation for all tests of the loop, and a namespace of its own for each."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from forestall.adapters.resources import DEPLOYMENTS, POLICIES
from tests.api.loop import objects
from tests.api.loop.loads import Loads, measuring
from tests.api.loop.networks import Networks
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.world import World, apply, install
from tools.cluster.api_tier import ApiTier


@pytest.fixture(scope="package")
def world(cluster: ApiTier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with install(cluster, tmp_path_factory.mktemp("loop")) as installed:
        yield installed


@pytest.fixture(scope="package")
def loads(world: World) -> Iterator[Loads]:
    """Loads that a Prometheus measures, for the twin `measured`."""
    with measuring(world.folder / "prometheus") as measured:
        apply(world.cluster, [objects.twin(objects.MEASURED, measured.prometheus.url)])
        yield measured


@pytest.fixture
def shop(world: World) -> Iterator[Shop]:
    """A namespace in which nothing stands yet; the operator runs."""
    world.operator.start()
    opened = Shop(world, f"shop-{uuid4().hex[:8]}")
    world.open(opened.namespace)
    yield opened
    for kind in (POLICIES, DEPLOYMENTS):
        for item in opened.all(kind):
            opened.delete(kind, name_of(item))
    world.cluster.kubectl("delete", "namespace", opened.namespace, "--wait=false")


@pytest.fixture
def networks(world: World) -> Iterator[Networks]:
    """Documents of networks, and a twin that nobody has applied yet."""
    world.operator.start()
    made = Networks(world, f"nets-{uuid4().hex[:8]}")
    yield made
    made.close()
