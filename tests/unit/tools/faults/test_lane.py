"""A lane notes what goes wrong with one fault, and is there for the next."""

import io
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from tests.unit.tools.faults.bodies import SPACE, WELL, endpoints
from tools.demo.narration import Narration
from tools.demo.stage import Stage
from tools.demo.waiting import Stuck
from tools.faults.catalogue import CALM, FAULTS
from tools.faults.lane import Lane
from tools.faults.market import SERVICES


class FakeCluster:
    """Serves a market that is well, and has no other objects."""

    def get(self, path: str) -> Any:
        slices = [endpoints("node1", "node2", service=name) for name in SERVICES]
        kinds = {"deployments": WELL.deployments, "endpointslices": slices}
        return {"items": list(kinds.get(path.rpartition("/")[2], ()))}

    def user_kubeconfig(self, name: str, _: object) -> Path:
        return Path(name)


class FakeStage:
    """A stage on which nothing can be applied."""

    def __init__(self, failure: Exception) -> None:
        self.cluster = FakeCluster()
        self.told = io.StringIO()
        self.tell = Narration(Console(file=self.told, width=200), now=lambda: 0.0)
        self._failure = failure

    def apply(self, *_: str, **__: object) -> None:
        raise self._failure


@pytest.mark.parametrize(
    "failure", [Stuck("no policy\nsince long"), subprocess.CalledProcessError(1, "kubectl"), TimeoutError("too late")]
)
def test_a_fault_that_cannot_be_tried_is_a_miss_and_no_end(failure: Exception) -> None:
    failure.add_note("in its own words")
    stage = FakeStage(failure)
    outcome = Lane(cast("Stage", stage), SPACE).fault(FAULTS[0])
    assert not outcome.closed
    assert outcome.lapses == [str(failure).partition("\n")[0]]
    assert "in its own words" in stage.told.getvalue()


def test_a_change_that_cannot_be_tried_is_not_calm() -> None:
    stage = FakeStage(Stuck("no policy"))
    assert not Lane(cast("Stage", stage), SPACE).calm(CALM[0]).calm


def test_a_fault_of_the_harness_itself_is_not_hidden() -> None:
    with pytest.raises(KeyError):
        Lane(cast("Stage", FakeStage(KeyError("typo"))), SPACE).fault(FAULTS[0])
