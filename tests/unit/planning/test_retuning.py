"""Metrics that a search finds for a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forestall.api.base import Key
from forestall.inspection.sweeps import swept
from forestall.planning.retuning import searched
from forestall.twin.analyses.edits import RemoveLink, SetMetric, edited
from forestall.twin.topology import Topology
from tests.unit.planning.networked import asked
from tests.unit.twin.networks import cable, fan

FAN = fan(12e9)
"""12 of 10 Gbit/s over the cable from a to b, which with a metric of 2 would share with two other ways."""


def overloaded(topology: Topology, metrics: dict[Key, int]) -> int:
    """How many links are, with nothing lost."""
    after = swept(edited(topology, [SetMetric(*one) for one in metrics.items()]), "backbone", ("Link",), 1.0)
    assert not isinstance(after, str)
    return len(after.today.overloaded)


def test_a_full_link_is_relieved_by_as_few_metrics_as_do() -> None:
    assert overloaded(FAN, {}) == 1
    assert searched(FAN, asked(), 4) == {cable("a", "b"): 2}
    assert overloaded(FAN, {cable("a", "b"): 2}) == 0


def test_metrics_that_have_something_in_common_keep_it() -> None:
    tens = FAN.with_links(replace(one, metric=10 * one.metric) for one in FAN.links.values())
    assert searched(tens, asked(), 4) == {cable("a", "b"): 20}


def test_where_no_metric_helps_there_is_none() -> None:
    assert searched(fan(12e9, ""), asked(), 4) == {}


def test_a_network_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        searched(FAN, asked().model_copy(update={"network": "x"}), 4)


def test_a_way_that_leads_in_one_direction_only_stays_so() -> None:
    one_way = edited(FAN, [RemoveLink(cable("b", "c"))])
    metrics = dict(searched(one_way, asked(), 4))
    assert set(metrics) <= set(one_way.links)
    assert overloaded(one_way, metrics) == 0
