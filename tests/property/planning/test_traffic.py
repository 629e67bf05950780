"""Searches for metrics, on random networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forestall.planning.traffic.search import search
from forestall.planning.traffic.trial import Trial
from forestall.planning.traffic.walk import Budget
from forestall.twin.engine import Links, Network, default
from tests.oracle.flows import least_peak


@dataclass(frozen=True)
class Case:
    nodes: int
    ends: NDArray[np.int64]
    """[links, 2]"""
    metric: NDArray[np.int64]
    """[links, 2]"""
    capacity: NDArray[np.float64]
    """[links, 2]"""
    demand: NDArray[np.float64]

    def network(self, metrics: dict[int, int] | None = None) -> Network:
        metric = self.metric.ravel().copy()
        metric[list(metrics or {})] = list((metrics or {}).values())
        rows = metric.reshape(-1, 2)
        links = Links(tail=self.ends[:, 0], head=self.ends[:, 1], metric=rows, capacity=self.capacity)
        return Network(self.nodes, links, default().kernels.memory)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A ring with chords, each way of a link with its own metric and capacity."""
    nodes = draw(st.integers(3, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    chords = [rng.choice(nodes, 2, replace=False) for _ in range(draw(st.integers(0, 6)))]
    ends = np.array([*((node, (node + 1) % nodes) for node in range(nodes)), *chords])
    shape = len(ends), 2
    demand = np.where(rng.random((nodes, nodes)) < 0.6, rng.integers(1, 20, (nodes, nodes)), 0).astype(float)
    np.fill_diagonal(demand, 0.0)
    return Case(nodes, ends, rng.integers(1, 10, shape), rng.choice((5.0, 10.0, 40.0), shape), demand)


BUDGETS = st.builds(Budget, changes=st.integers(0, 5), evaluations=st.integers(60, 400), highest=st.just(1000))
FEW = settings(derandomize=True, max_examples=25, deadline=None)


@FEW
@given(case=cases(), budget=BUDGETS, target=st.sampled_from([0.0, 0.5, 1.0]), fail=st.booleans())
def test_it_is_never_worse_than_today_and_applied_changes_give_what_was_predicted(
    case: Case, budget: Budget, target: float, fail: bool
) -> None:
    failures = [[link] for link in range(len(case.ends))] if fail else []

    moves = search(case.network(), case.demand, target, budget, failures=failures)

    assert max(moves.after.peak, target) <= max(moves.before.peak, target)
    assert len(moves.metrics) <= budget.changes
    assert moves.evaluations <= budget.evaluations
    assert moves.met == (moves.after.peak <= target)
    assert Trial(case.network(dict(moves.metrics)), case.demand, failures).figures() == moves.after
    assert all(case.metric.ravel()[arc] != metric for arc, metric in moves.metrics.items())


@FEW
@given(case=cases(), budget=BUDGETS, target=st.sampled_from([0.0, 0.5, 1.0]))
def test_no_change_can_be_left_out_for_nothing(case: Case, budget: Budget, target: float) -> None:
    roomy = Budget(changes=budget.changes, evaluations=1500, highest=budget.highest)
    moves = search(case.network(), case.demand, target, roomy)

    for arc in moves.metrics:
        fewer = {other: metric for other, metric in moves.metrics.items() if other != arc}
        without = Trial(case.network(fewer), case.demand).figures()
        assert without.peak > max(moves.after.peak, target)


@FEW
@given(case=cases())
def test_no_metrics_beat_the_bound_of_all_flows(case: Case) -> None:
    if not case.demand.any():
        return
    tail, head = case.ends.ravel(), case.ends[:, ::-1].ravel()
    least = least_peak(tail, head, case.capacity.ravel(), case.demand)

    moves = search(case.network(), case.demand, 0.0, Budget(changes=5, evaluations=400))

    assert moves.after.peak >= least * (1 - 1e-6)
    assert moves.before.peak == pytest.approx(Trial(case.network(), case.demand).figures().peak)
