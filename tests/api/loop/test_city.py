"""The demonstration about networks plays to its end on the operator of the tests, with the files of the example."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from tests.api.loop.networks import RIGHTS, rights
from tests.api.loop.process import IMAGE, WAIT
from tests.api.loop.world import NODES, World, apply
from tools.demo.ground import Ground
from tools.demo.loop import Loop
from tools.demo.narration import Narration
from tools.demo.twin.nodes import standing
from tools.demo.twin.scenes import Scenes
from tools.demo.twin.stage import CITY, DOCUMENTS, EXAMPLE, settle

pytestmark = pytest.mark.api


@pytest.fixture
def city(world: World) -> Iterator[tuple[Ground, io.StringIO]]:
    """The city without any policy, and what is told of it."""
    told = io.StringIO()
    ground = Ground(Narration(Console(file=told, width=200)), world.cluster, EXAMPLE)
    world.operator.start()
    world.open(CITY)
    with world.cordoned(*NODES), standing(world.cluster, world.folder / "city", IMAGE):
        ground.apply("namespaces.yaml")
        apply(world.cluster, rights(DOCUMENTS))
        settle(ground)
        yield ground, told
        for kind in ("inspectionpolicies", "deployments"):
            world.cluster.kubectl("delete", kind, "--all", "-n", CITY)
        world.cluster.kubectl("delete", "networktwin", CITY)
        world.cluster.kubectl("delete", "clusterrole", RIGHTS)
        world.cluster.kubectl("delete", "namespace", CITY, DOCUMENTS, "--wait=false")


def test_what_would_break_is_found_and_answered_as_far_as_it_can_be(city: tuple[Ground, io.StringIO]) -> None:
    ground, told = city
    risks = Scenes(ground, Loop(ground.cluster.get, CITY, ground.tell, WAIT)).play()
    ended = {risk.title: risk.plan.status.phase for risk in risks if risk.plan}
    assert ended == {"a lost cable overloads others": "Cancelled", "one router under both replicas": "Succeeded"}
    assert len(risks) == 5
    assert "west-north at 105 %" in told.getvalue()
    assert "no change of 4 metrics carries more" in told.getvalue()
