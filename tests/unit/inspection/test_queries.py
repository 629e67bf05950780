"""What one pass asks of Prometheus."""

from __future__ import annotations

from forestall.inspection.queries import queries
from tests.unit.inspection.scenes import IMAGES, QUERY, SPOF, available, light, policy, threshold


def test_queries_of_goals_and_inspections_are_asked_once_each_in_order() -> None:
    other = threshold()
    other["name"], other["metric"]["query"] = "other", 'errors{code="5.."}'

    found = queries(policy(available(1), light(), light(name="again"), inspections=(threshold(), other, SPOF)))

    assert found == ('errors{code="5.."}', QUERY)


def test_a_policy_that_measures_nothing_asks_nothing() -> None:
    assert queries(policy(available(1), inspections=(IMAGES, SPOF))) == ()
