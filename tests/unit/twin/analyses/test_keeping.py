"""What is computed of a topology is computed once, and goes with it."""

import gc
import weakref

from forestall.twin.analyses import contingency, scenarios
from forestall.twin.analyses.keeping import kept
from forestall.twin.topology import Topology
from tests.unit.twin.analyses.networks import IP, square


def test_the_same_question_is_computed_once() -> None:
    asked = list[str]()

    @kept
    def answer(topology: Topology, question: str) -> str:
        asked.append(question)
        return question + "!"

    one, other = square(), square()
    assert [answer(one, "a"), answer(one, "a"), answer(one, "b"), answer(other, "a")] == ["a!", "a!", "b!", "a!"]
    assert asked == ["a", "b", "a"]


def test_nothing_outlives_the_topology() -> None:
    ring = square()
    contingency(ring, scenarios(ring, IP))
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is None
