"""Inspection of alerts: whose they are, what they are about, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.base import ObjectRef
from forestall.api.finding import FindingSpec, FiringAlert
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.alerts import UntargetedError, alive, claimed, takers
from forestall.ports import Json
from tests.unit.inspection.scenes import NOW, available, only, policy, report
from tests.unit.twin.objects import SHOP, deployment, pod, service, snapshot, web

SLOW = {"alertname": "Slow", "namespace": SHOP, "deployment": "web"}
MATCHER: Json = {"label": "alertname", "values": ["Slow", "Slower"]}


def taking(*matchers: Json, name: str = "slow", **more: Any) -> Json:
    target = more.pop("target", {"kind": "Deployment", "nameLabel": "deployment"})
    return {"name": name, "alert": {"matchers": matchers or [MATCHER], "target": target, **more}}


def claims(*inspections: Json, **labels: str) -> list[FindingSpec]:
    return claims_of(policy(inspections=inspections or (taking(),)), {**SLOW, **labels})


def claims_of(found: InspectionPolicy, labels: Mapping[str, str]) -> list[FindingSpec]:
    return [claimed(found, name, inspection, labels) for name, inspection in takers(found, labels)]


def firing(*names: str, message: str = "Slow: so slow") -> tuple[FiringAlert, ...]:
    return tuple(FiringAlert(fingerprint=name, starts_at=NOW, message=message) for name in names)


def told(found: InspectionPolicy, *alerts: FiringAlert) -> dict[FindingSpec, Sequence[FiringAlert]]:
    """Alerts that fire for web."""
    (spec,) = claims_of(found, SLOW)
    return {spec: alerts}


def test_an_alert_belongs_to_the_finding_of_its_inspection_on_the_object_that_its_label_names() -> None:
    (spec,) = claims()
    assert (spec.type, spec.policy_ref.name, spec.qualifier) == ("Alert", "watch", "slow")
    assert spec.resource == ObjectRef(kind="Deployment", namespace=SHOP, name="web")


def test_all_alerts_that_speak_of_one_object_belong_to_one_finding() -> None:
    assert claims() == claims(pod="web-1", severity="critical") == claims(alertname="Slower")
    assert claims() != claims(deployment="api")


def test_a_name_may_be_the_same_for_all_and_a_type_that_of_a_check() -> None:
    (spec,) = claims(taking(type="CrashLoop", target={"kind": "Service", "name": "shop"}))
    assert (spec.type, spec.resource.kind, spec.resource.name) == ("CrashLoop", "Service", "shop")


def test_several_inspections_may_take_one_alert() -> None:
    assert [spec.qualifier for spec in claims(taking(), taking(name="also"))] == ["slow", "also"]


@pytest.mark.parametrize("namespace", ["payments", "", "shop "])
def test_alerts_of_other_namespaces_are_not_the_policy_s(namespace: str) -> None:
    assert claims(namespace=namespace) == []


AN_HOUR_AGO = NOW - timedelta(hours=1)
NODE = {"kind": "Node", "nameLabel": "node"}


@pytest.mark.parametrize(("namespace", "taken"), [({}, True), ({"namespace": SHOP}, True), ({"namespace": "x"}, False)])
def test_a_node_is_every_namespace_s_and_an_alert_of_another_namespace_is_not(
    namespace: dict[str, str], taken: bool
) -> None:
    found = claims_of(policy(inspections=(taking(target=NODE),)), {"alertname": "Slow", "node": "node-a", **namespace})
    assert [one.resource for one in found] == [ObjectRef(kind="Node", name="node-a")] * taken


def test_a_finding_on_a_node_tells_what_of_the_namespace_stands_there_and_targets_it() -> None:
    found = policy(available(1), inspections=(taking(target=NODE),))
    (spec,) = claims_of(found, {"alertname": "Slow", "node": "a"})
    observation = only(report(found, web("a"), alerts={spec: firing("a1")}))
    assert observation.message == "Node a: Slow: so slow"
    assert [(one.kind, one.name) for one in observation.targets] == [("Node", "a"), ("Deployment", "web")]
    assert observation.affected_services == ("web",)


@pytest.mark.parametrize(
    ("told_until", "since", "left"),
    [
        (NOW, NOW, 1),
        (AN_HOUR_AGO, NOW, 1),
        (NOW, AN_HOUR_AGO, 1),
        (AN_HOUR_AGO, AN_HOUR_AGO, 0),
        (None, AN_HOUR_AGO, 0),
        (None, NOW, 1),
    ],
)
def test_an_alert_counts_as_gone_once_it_was_not_told_for_too_long_to_one_who_listened(
    told_until: Any, since: Any, left: int
) -> None:
    found = policy(inspections=(taking(expireAfter="1h"),))
    (one,) = firing("a1")
    alert = one.model_copy(update={"told_until": told_until})
    assert len(alive((alert,), found, "slow", since, NOW)) == left
    assert len(alive((alert,), policy(inspections=(taking(),)), "slow", since, NOW)) == 1


def test_alerts_of_no_namespace_are_not_the_policy_s() -> None:
    assert claims_of(policy(inspections=(taking(),)), {"alertname": "Slow", "deployment": "web"}) == []


@pytest.mark.parametrize(
    ("matcher", "labels", "taken"),
    [
        ({"label": "severity", "values": ["critical"]}, {"severity": "critical"}, True),
        ({"label": "severity", "values": ["critical"]}, {"severity": "Critical"}, False),
        ({"label": "severity", "values": ["crit.*"]}, {"severity": "critical"}, False),
        ({"label": "severity", "values": ["critical"]}, {}, False),
        ({"label": "severity", "values": [""]}, {}, True),
        ({"label": "severity", "operator": "NotIn", "values": ["none"]}, {"severity": "critical"}, True),
        ({"label": "severity", "operator": "NotIn", "values": ["none"]}, {"severity": "none"}, False),
        ({"label": "severity", "operator": "NotIn", "values": ["none"]}, {}, True),
        ({"label": "severity", "operator": "NotIn", "values": [""]}, {}, False),
    ],
)
def test_every_matcher_must_match(matcher: Json, labels: dict[str, str], taken: bool) -> None:
    assert bool(claims(taking(MATCHER, matcher), **labels)) is taken


@pytest.mark.parametrize("name", ["", "Web", "../web", "web/scale", "web\n", "wéb", "\u202ebew", "a" * 254, "-web"])
def test_an_alert_whose_label_is_no_name_is_about_nothing(name: str) -> None:
    with pytest.raises(UntargetedError, match="its label deployment is no name") as refusal:
        claims(deployment=name)
    assert len(str(refusal.value)) < 200


def test_an_alert_that_fires_is_a_finding_with_its_words_as_evidence() -> None:
    found = policy(inspections=(taking(),))
    seen = report(found, web("a"), alerts=told(found, *firing("a1"), *firing("b2", message="Slower: 9 s")))

    observation = only(seen)
    assert (observation.finding_class, observation.message) == ("Problem", "Deployment web: Slow: so slow and 1 more")
    assert [(one.source, one.message) for one in observation.evidence] == [
        ("slow/alertmanager", "Slow: so slow"),
        ("slow/alertmanager", "Slower: 9 s"),
    ]
    assert observation.targets == (ObjectRef(kind="Deployment", namespace=SHOP, name="web"),)
    assert observation.affected_services == ("web",)
    assert (seen.counts[0].scanned, seen.counts[0].failed, seen.counts[0].errors) == (1, 1, 0)


def test_a_finding_on_a_service_targets_its_workloads() -> None:
    found = policy(inspections=(taking(target={"kind": "Service", "name": "web"}),))
    assert only(report(found, web("a"), alerts=told(found, *firing("a1")))).targets[0].kind == "Deployment"


def test_its_severity_is_the_policy_s_choice_or_comes_from_the_goals() -> None:
    dead = [deployment(), service(), pod("web-1-0", "a", ready=False)]
    for chosen, wanted in (({}, "critical"), ({"severity": "warning"}, "warning")):
        found = policy(available(1), inspections=(taking(**chosen),))
        observation = only(report(found, dead, alerts=told(found, *firing("a1"))))
        assert (observation.severity, observation.observed) == (wanted, "NotFulfilled")


def test_hundreds_of_alerts_are_one_finding_that_fits_into_its_status() -> None:
    found = policy(inspections=(taking(),))
    observation = only(report(found, web("a"), alerts=told(found, *firing(*map(str, range(512))))))
    assert observation.message.endswith(" and 511 more")
    assert len(observation.evidence) == 32


def test_when_the_last_alert_is_resolved_the_finding_clears() -> None:
    found = policy(inspections=(taking(),))
    (spec,) = told(found)
    seen = report(found, web("a"), alerts={spec: ()})
    assert (seen.observations, seen.counts[0].scanned) == ((), 0)
    assert seen.clears(spec, snapshot(web("a")))


def test_an_inspection_that_was_taken_away_or_renamed_raises_nothing_for_what_it_took_over() -> None:
    before = policy(inspections=(taking(),))
    for now in (taking(name="other"), taking(type="CrashLoop")):
        assert report(policy(inspections=(now,)), web("a"), alerts=told(before, *firing("a1"))).observations == ()


def test_an_alert_for_what_is_not_in_the_twin_is_an_error_and_no_finding() -> None:
    found = policy(inspections=(taking(),))
    seen = report(found, [], alerts=told(found, *firing("a1")), now=NOW + timedelta(1))
    assert (seen.observations, seen.counts[0].errors) == ((), 1)
    assert seen.counts[0].message == "alerts fire for what is not in the twin: Deployment web"
