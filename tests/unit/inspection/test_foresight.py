"""What was foreseen of a loss, held against what came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.foresight import SETTLED
from forestall.inspection.inspect import inspect
from forestall.inspection.report import Report
from forestall.ports import Json
from forestall.twin.topology import LINK, Topology
from forestall.twin.views import Snapshot
from tests.unit.inspection.networked import HOSTS, RING, capacity, contingency, single, watch
from tests.unit.inspection.scenes import NOW, SPOF, available
from tests.unit.twin.networks import A, cable, demand
from tests.unit.twin.objects import live, node, nodes, web

TIGHT = RING.with_demands([demand("a", "b", 7e9)])
POLICY = watch(capacity(), inspections=[contingency()])
AB = "link/backbone/a-b"


def look(
    view: Snapshot, last: Report | None = None, *, at: datetime = NOW, policy: InspectionPolicy = POLICY
) -> Report:
    given: dict[str, Any] = {"foreseen": last.foresight, "faults": last.faults} if last else {}
    return inspect(policy, view, {}, {}, at, **given)


def twin(topology: Topology = TIGHT, cluster: list[Json] | None = None, *, lost: str = "", **loads: str) -> Snapshot:
    """A snapshot with cables down, each named by its ends, and loads of links as they are measured."""
    found = live(cluster or [])
    ends = [(pair[0], pair[1]) for pair in lost.split()]
    down = {cable(*pair) for one, other in ends for pair in ((one, other), (other, one))}
    links = [link for key, link in topology.links.items() if key in down]
    found.declare(topology.with_links(replace(link, up=False) for link in links))
    found.set_loads({Key(LINK, "backbone", name.replace("_", "-")): Decimal(value) for name, value in loads.items()})
    return found.snapshot()


def after(first: Report, view: Snapshot) -> Report:
    """The report of a pass in which a fault is new, and that of one after it has settled."""
    return look(view, look(view, first), at=NOW + SETTLED)


def test_a_fault_that_came_as_foreseen_is_right_in_every_fact_once_it_has_settled() -> None:
    first, view = look(twin()), twin(lost="ab")
    new = look(view, first)
    assert new.faults[AB].score is None
    assert new.again == NOW + SETTLED
    settled = look(view, new, at=NOW + SETTLED)
    score = settled.faults[AB].score
    assert score is not None
    assert (score.matched, score.total, score.error) == (1, 1, None)
    assert settled.new_scores(new) == (score,)
    assert look(view, settled, at=NOW + 2 * SETTLED).new_scores(settled) == ()


def test_utilisations_are_compared_where_they_are_measured() -> None:
    first = look(twin(a_d="0.2", d_c="0.2"))
    score = after(first, twin(lost="ab", a_d="1.08", d_c="0.6")).faults[AB].score
    assert score is not None
    assert (score.matched, score.total) == (2, 3)
    assert score.error == Decimal("0.26")
    assert score.message == "link d-c: predicted 1.1000, is 0.6"


def test_a_goal_that_fared_otherwise_is_named() -> None:
    first = look(twin())
    score = after(first, twin(TIGHT.with_demands([demand("a", "b", 1e9)]), lost="ab")).faults[AB].score
    assert score is not None
    assert (score.matched, score.message) == (0, "goal room: predicted NotFulfilled, is Fulfilled")


def test_of_a_node_and_its_cables_the_node_is_the_fault() -> None:
    down = TIGHT.with_nodes([replace(TIGHT.nodes[A], up=False)])
    assert set(after(look(twin()), twin(down)).faults) == {"networkNode/backbone/a"}


def test_two_faults_at_once_were_not_foreseen_by_anybody() -> None:
    assert look(twin(lost="ab cd"), look(twin())).faults == {}


def test_the_second_of_two_faults_is_held_against_what_was_said_after_the_first() -> None:
    first = look(twin(lost="ab"), look(twin()))
    both = look(twin(lost="ab cd"), first)
    assert set(both.faults) == {AB, "link/backbone/c-d"}


def test_a_fault_that_is_over_is_forgotten_and_scored_anew_when_it_comes_again() -> None:
    settled = after(look(twin()), twin(lost="ab"))
    over = look(twin(), settled)
    assert over.faults == {}
    assert look(twin(lost="ab"), over).faults[AB].score is None


def test_without_a_pass_before_nothing_was_foreseen() -> None:
    assert look(twin(lost="ab")).faults == {}


def test_a_kubernetes_node_that_fails_is_a_fault_like_any_other() -> None:
    policy = watch(available(1), inspections=[SPOF, single("NetworkNode")])
    well = twin(RING.plus(HOSTS), [*nodes("a", "b"), *web("a", "b")])
    ill = twin(RING.plus(HOSTS), [node("a", ready=False), node("b"), *web("a", "b")])
    new = look(ill, look(well, policy=policy), policy=policy)
    settled = look(ill, new, at=NOW + SETTLED + timedelta(seconds=1), policy=policy)
    assert {name: fault.score and fault.score.matched for name, fault in settled.faults.items()} == {"node/a": 1}


def test_a_problem_bears_the_score_of_its_fault() -> None:
    settled = after(look(twin()), twin(lost="ab"))
    [problem] = [one for one in settled.observations if one.finding_class == "Problem"]
    assert problem.score == settled.faults[AB].score
    assert problem.score is not None
