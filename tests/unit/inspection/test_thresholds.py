"""Measured values against a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from forestall.api.base import ObjectRef
from forestall.ports import Measurement
from tests.unit.inspection.scenes import NOW, QUERY, available, light, measured, only, policy, report, threshold
from tests.unit.twin.objects import SHOP, deployment, pod, replica_set, service, web

API = [deployment("api"), replica_set("api"), service("api"), pod("api-1-0", "a", owner="api-1")]
BY_LABEL = {"nameLabel": "deployment"}


def series(name: str, value: str) -> tuple[str, Mapping[str, str]]:
    return value, {"deployment": name}


def test_a_value_beyond_the_threshold_is_a_finding_with_its_value_as_evidence() -> None:
    found = report(policy(inspections=(threshold(),)), web("a"), measurements=measured("0.95"))

    observation = only(found)
    ref = ObjectRef(kind="Deployment", namespace=SHOP, name="web")
    assert (observation.spec.type, observation.spec.resource, observation.spec.qualifier) == (
        "MetricThreshold",
        ref,
        "load",
    )
    assert (observation.targets, observation.affected_services) == ((ref,), ("web",))
    assert observation.message == "Deployment web has a value above 0.8"
    assert (observation.evidence[0].query, observation.evidence[0].value) == (QUERY, Decimal("0.95"))
    assert (found.counts[0].scanned, found.counts[0].failed, found.counts[0].errors) == (1, 1, 0)


def test_a_value_at_the_threshold_passes() -> None:
    found = report(policy(inspections=(threshold(),)), web("a"), measurements=measured("0.8"))

    assert found.observations == ()
    assert found.passed == {"load": {"web"}}


def test_a_finding_on_a_service_targets_its_workloads() -> None:
    found = report(policy(inspections=(threshold(kind="Service"),)), web("a"), measurements=measured("0.95"))

    observation = only(found)
    assert observation.spec.resource == ObjectRef(kind="Service", namespace=SHOP, name="web")
    assert observation.targets == (ObjectRef(kind="Deployment", namespace=SHOP, name="web"),)


def test_each_series_is_joined_to_its_object_by_label() -> None:
    found = report(
        policy(inspections=(threshold(**BY_LABEL),)),
        [*web("a"), *API],
        measurements=measured(series("web", "0.9"), series("api", "0.1")),
    )

    assert only(found).spec.resource.name == "web"
    assert found.passed == {"load": {"api"}}
    assert (found.counts[0].scanned, found.counts[0].failed, found.counts[0].errors) == (2, 1, 0)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "not asked"),
        (measured(), "no series"),
        (measured(error="timeout"), "timeout"),
        (measured("NaN"), "no verdict"),
        (measured("0.1", "0.1"), "2 series"),
    ],
)
def test_a_value_that_cannot_be_judged_is_an_error_and_never_a_pass(
    answers: Mapping[str, Measurement], message: str
) -> None:
    found = report(policy(inspections=(threshold(),)), web("a"), measurements=answers)

    assert (found.counts[0].failed, found.counts[0].errors, found.passed) == (0, 1, {"load": frozenset()})
    assert message in found.counts[0].message


@pytest.mark.parametrize(
    ("bad", "errors", "message"),
    [
        ([series("web", "NaN")], 1, "no verdict"),
        ([series("web", "0.1"), series("web", "0.2")], 2, "2 series"),
        ([series("gone", "0.9")], 1, "no such Deployment"),
        ([series("x" * 5000 + "$(boo)", "0.9")], 1, "…"),
        ([("0.9", {"other": "web"})], 1, "no label deployment"),
    ],
)
def test_one_bad_series_is_an_error_and_leaves_the_others_judged(
    bad: list[tuple[str, Mapping[str, str]]], errors: int, message: str
) -> None:
    found = report(
        policy(inspections=(threshold(**BY_LABEL),)),
        [*web("a"), *API],
        measurements=measured(*bad, series("api", "0.9")),
    )

    assert only(found).spec.resource.name == "api"
    assert (found.counts[0].errors, found.counts[0].scanned) == (errors, errors + 1)
    assert message in found.counts[0].message
    assert found.passed == {"load": frozenset()}


def test_an_object_that_is_not_there_is_an_error() -> None:
    found = report(policy(inspections=(threshold(name="gone"),)), web("a"), measurements=measured("0.9"))

    assert (found.observations, found.counts[0].errors) == ((), 1)


@pytest.mark.parametrize(("seconds", "raised"), [(0, 0), (59, 0), (60, 1), (3600, 1)])
def test_a_finding_is_raised_once_the_threshold_was_passed_for_long_enough(seconds: int, raised: int) -> None:
    found = policy(inspections=(threshold(hold="1m"),))
    first = report(found, web("a"), measurements=measured("0.9"))

    later = NOW + timedelta(seconds=seconds)
    second = report(found, web("a"), measurements=measured("0.9"), holds=first.holds, now=later)

    assert first.observations == ()
    assert first.holds == second.holds == {"load/web": NOW}
    assert len(second.observations) == second.counts[0].failed == raised


def test_a_value_that_falls_back_starts_the_time_anew() -> None:
    found = policy(inspections=(threshold(hold="1m"),))

    fallen = report(found, web("a"), measurements=measured("0.1"), holds={"load/web": NOW})
    again = report(found, web("a"), measurements=measured("0.9"), holds=fallen.holds, now=NOW + timedelta(hours=1))

    assert fallen.holds == {}
    assert again.observations == ()
    assert again.holds == {"load/web": NOW + timedelta(hours=1)}


def test_a_gap_in_the_measurement_is_no_break() -> None:
    gap = report(
        policy(inspections=(threshold(hold="1m"),)), web("a"), measurements=measured(), holds={"load/web": NOW}
    )

    assert gap.holds == {"load/web": NOW}


def test_the_time_of_an_object_that_is_gone_is_forgotten() -> None:
    gap = report(policy(inspections=(threshold(hold="1m"),)), [], measurements=measured(), holds={"load/web": NOW})

    assert gap.holds == {}


def test_a_finding_tells_how_long_the_threshold_was_passed() -> None:
    found = report(
        policy(inspections=(threshold(hold="90s"),)),
        web("a"),
        measurements=measured("0.9"),
        holds={"load/web": NOW - timedelta(minutes=2)},
    )

    assert only(found).message == "Deployment web has a value above 0.8 for 1m30s"


def test_goals_on_the_object_s_services_and_on_the_same_query_are_affected() -> None:
    goals = available(2), light(shared_by=None), available(9, name="far", service="api")

    observation = only(
        report(policy(*goals, inspections=(threshold(),)), [*web("a"), *API], measurements=measured("0.9"))
    )

    assert observation.affected_goals == ("up", "light")
    assert (observation.observed, observation.severity) == ("NotFulfilled", "major")
