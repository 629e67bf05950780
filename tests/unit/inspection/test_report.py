"""Whether a finding that does not show has gone away."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import LocalRef, ObjectRef
from forestall.api.finding import FindingSpec
from forestall.inspection.report import cut, distinct
from forestall.ports import Json
from tests.unit.inspection.scenes import IMAGES, NOW, available, measured, policy, report, threshold
from tests.unit.twin.objects import SHOP, nodes, snapshot, web


def spec(qualifier: str, name: str = "web") -> FindingSpec:
    resource = ObjectRef(kind="Deployment", namespace=SHOP, name=name)
    return FindingSpec(policy_ref=LocalRef(name="watch"), type="ImagePull", resource=resource, qualifier=qualifier)


def clears(found: FindingSpec, inspection: Json, **given: Any) -> bool:
    cluster = [*nodes(), *web("a")]
    return report(policy(inspections=(inspection,)), cluster, **given).clears(found, snapshot(cluster))


def test_a_finding_that_was_looked_for_and_not_seen_has_gone() -> None:
    assert clears(spec("images"), IMAGES)


def test_a_finding_of_an_inspection_that_is_gone_has_gone() -> None:
    assert clears(spec("removed"), IMAGES)


def test_a_value_that_was_measured_and_passes_has_gone() -> None:
    assert clears(spec("load"), threshold(), measurements=measured("0.1"))


@pytest.mark.parametrize(
    "answers", [{}, measured(), measured("NaN"), measured("0.1", "0.1"), measured(error="timeout")]
)
def test_a_value_that_could_not_be_judged_has_not_gone(answers: Any) -> None:
    assert not clears(spec("load"), threshold(), measurements=answers)


def test_a_value_beyond_its_threshold_for_too_short_a_time_has_not_gone() -> None:
    """After a restart the time starts anew: a finding that is open must not toggle for that."""
    assert not clears(spec("load"), threshold(hold="1h"), measurements=measured("0.9"), holds={}, now=NOW)


def test_an_object_whose_series_is_missing_has_not_gone_while_others_are_measured() -> None:
    by_label = threshold(nameLabel="deployment")

    assert not clears(spec("load"), by_label, measurements=measured(("0.1", {"deployment": "api"})))


def test_a_finding_on_an_object_that_is_gone_has_gone() -> None:
    assert clears(spec("load", "gone"), threshold(), measurements=measured())


@pytest.mark.parametrize(
    ("qualifier", "gone"),
    [
        ("spof/up/node/a", False),
        ("spof/up", False),
        ("spof/upper/node/a", True),
        ("spof/fine/node/a", True),
        ("spof2/up", True),
    ],
)
def test_of_an_inspection_only_the_goals_that_could_not_be_judged_hold_their_findings(
    qualifier: str, gone: bool
) -> None:
    cluster = [*nodes(), *web("a", "b")]
    found = report(policy(available(1, service="gone"), available(1, name="fine")), cluster)

    assert found.clears(spec(qualifier), snapshot(cluster)) is gone


def test_long_texts_are_cut_and_long_names_stay_distinct() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert distinct("short") == "short"
    assert len(distinct("x" * 300)) == 253
    assert distinct("x" * 300) != distinct("x" * 301)
