"""What checks find of workloads, as observations: images that cannot be pulled, and what the others add."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from forestall.api.base import ObjectRef
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Check
from forestall.inspection import findings
from forestall.inspection.inspect import inspect
from forestall.ports import Json
from tests.unit.inspection.checks.signs import ailing, crashing, kept, running, since
from tests.unit.inspection.scenes import IMAGES, NOW, SPOF, available, light, measured, only, policy, report
from tests.unit.twin.objects import (
    SHOP,
    deployment,
    job,
    live,
    node,
    nodes,
    pod,
    replica_set,
    service,
    unscheduled,
    web,
)
from tests.unit.twin.test_live import spoilt

WEB_REF = ObjectRef(kind="Deployment", namespace=SHOP, name="web")


def stuck(name: str = "web-2-0", waiting: str = "ImagePullBackOff", image: str = "shop/web:typo") -> Json:
    found = pod(name, "c", owner="web-2", waiting=waiting)
    found["spec"]["containers"][0]["image"] = image
    return found


def rollout(*homes: str, broken: int = 1) -> list[Json]:
    return [*web(*homes), replica_set(revision="2"), *(stuck(f"web-2-{place}") for place in range(broken))]


@pytest.mark.parametrize("waiting", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])
def test_a_deployment_whose_pods_cannot_pull_their_image_is_one_finding(waiting: str) -> None:
    cluster = [*web("a", "b"), stuck("web-2-0", waiting), stuck("web-2-1", waiting), replica_set(revision="2")]

    found = report(policy(inspections=(IMAGES,)), cluster)

    observation = only(found)
    assert (observation.spec.type, observation.spec.resource, observation.spec.qualifier) == (
        "ImagePull",
        WEB_REF,
        "images",
    )
    assert observation.targets == (WEB_REF,)
    assert observation.affected_services == ("web",)
    assert observation.finding_class == "Problem"
    assert observation.trigger is None
    assert observation.message == "2 of 4 pods of Deployment web cannot pull their image"
    assert [fact.message for fact in observation.evidence] == ["image shop/web:typo cannot be pulled: 2 of 4 pods"]
    assert (found.counts[0].scanned, found.counts[0].failed, found.counts[0].errors) == (1, 1, 0)


def test_what_alternates_with_the_kubelet_s_tries_changes_nothing_of_the_finding() -> None:
    first, second = (
        only(report(policy(inspections=(IMAGES,)), [*web("a"), stuck(waiting=waiting), replica_set(revision="2")]))
        for waiting in ("ErrImagePull", "ImagePullBackOff")
    )

    assert first == second


@pytest.mark.parametrize("waiting", ["CrashLoopBackOff", "ContainerCreating", ""])
def test_pods_that_wait_for_something_else_are_no_finding(waiting: str) -> None:
    found = report(policy(inspections=(IMAGES,)), [*web("a"), stuck(waiting=waiting), replica_set(revision="2")])

    assert found.observations == ()
    assert (found.counts[0].scanned, found.counts[0].failed) == (1, 0)


@pytest.mark.parametrize(
    ("homes", "minimum", "observed", "severity", "affected"),
    [
        (("a", "b"), 2, "Fulfilled", "minor", ()),
        (("a",), 2, "NotFulfilled", "major", ("up",)),
        ((), 2, "NotFulfilled", "critical", ("up",)),
    ],
)
def test_severity_follows_what_the_goals_of_the_carried_services_say(
    homes: tuple[str, ...], minimum: int, observed: str, severity: str, affected: tuple[str, ...]
) -> None:
    observation = only(report(policy(available(minimum), inspections=(IMAGES,)), rollout(*homes)))

    assert (observation.observed, observation.severity, observation.affected_goals) == (observed, severity, affected)


def test_a_measured_goal_counts_if_the_deployment_shares_its_load() -> None:
    found = policy(light(), light(name="other", shared_by="api"), inspections=(IMAGES,))

    observation = only(report(found, rollout("a"), measurements=measured("0.9")))

    assert observation.affected_goals == ("light",)


def test_goals_of_other_services_do_not_count() -> None:
    observation = only(report(policy(available(9, service="api"), inspections=(IMAGES,)), [*rollout("a"), *api()]))

    assert (observation.observed, observation.severity) == ("Unknown", "minor")


def api() -> list[Json]:
    return [{"kind": "Service", "metadata": {"name": "api", "namespace": SHOP}, "spec": {"selector": {"app": "api"}}}]


def test_the_prediction_is_that_of_the_goals_under_the_policy_s_losses() -> None:
    found = report(policy(available(2), inspections=(IMAGES, SPOF)), rollout("a", "b"))

    observation = next(item for item in found.observations if item.spec.type == "ImagePull")
    assert (observation.observed, observation.predicted) == ("Fulfilled", "NotFulfilled")


def test_deployments_of_other_namespaces_are_not_looked_at() -> None:
    cluster = rollout("a")
    for item in cluster:
        item["metadata"]["namespace"] = "other"

    found = report(policy(inspections=(IMAGES,)), cluster)

    assert found.observations == ()
    assert found.counts[0].scanned == 0


def test_pods_that_terminate_are_no_finding_any_more() -> None:
    leaving = stuck()
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

    assert report(policy(inspections=(IMAGES,)), [*web("a"), replica_set(revision="2"), leaving]).observations == ()


def test_enormous_image_names_are_cut_to_what_a_status_takes() -> None:
    cluster = [*web("a"), replica_set(revision="2"), stuck(image="x" * 4000)]

    (fact,) = only(report(policy(inspections=(IMAGES,)), cluster)).evidence

    assert len(fact.message) == 1024


def test_different_images_are_different_facts() -> None:
    cluster = [*rollout("a"), stuck("web-2-7", image="shop/web:other")]

    facts = only(report(policy(inspections=(IMAGES,)), cluster)).evidence

    assert [fact.message for fact in facts] == [
        "image shop/web:other cannot be pulled: 1 of 3 pods",
        "image shop/web:typo cannot be pulled: 1 of 3 pods",
    ]


def test_a_deployment_without_pods_is_no_finding() -> None:
    assert report(policy(inspections=(IMAGES,)), [deployment(replicas=0)]).observations == ()


def checking(*checks: Check, name: str = "state") -> Json:
    return {"name": name, "workload": {"checks": list(checks)}}


HOMELESS = [*web("a"), unscheduled("web-1-9", "0/3 nodes are available")]


def test_a_condition_is_raised_once_it_has_lasted_and_not_before() -> None:
    watching, later = policy(inspections=(checking("Unschedulable"),)), NOW + timedelta(seconds=10)

    first = report(watching, HOMELESS)
    early = report(watching, HOMELESS, holds=first.holds, now=later - timedelta(seconds=1))
    due = report(watching, HOMELESS, holds=early.holds, now=later)
    gone = report(watching, web("a"), holds=due.holds, now=later)

    assert (first.observations, early.observations) == ((), ())
    assert (first.again, early.again) == (later, later)
    assert (only(due).spec.type, due.again, due.counts[0].failed) == ("Unschedulable", None, 1)
    assert (gone.observations, gone.holds) == ((), {})


def test_a_finding_is_not_cleared_while_its_condition_shows_again_for_too_short_a_time() -> None:
    watching, view = policy(inspections=(checking("Unschedulable"),)), live([*nodes(), *HOMELESS]).snapshot()
    first = inspect(watching, view, {}, {}, NOW)
    spec = only(inspect(watching, view, {}, first.holds, NOW + timedelta(minutes=1))).spec

    assert not inspect(watching, view, {}, {}, NOW).clears(spec, view)
    assert report(watching, web("a")).clears(spec, view)


def test_a_pass_tells_when_time_alone_may_change_what_it_found() -> None:
    young = ailing(state=running(5), spec={"readinessProbe": {"periodSeconds": 1, "failureThreshold": 3}})

    found = report(policy(inspections=(checking("ProbeFailing"),)), [*web("a"), young])

    assert (found.observations, found.again) == ((), NOW + timedelta(seconds=4))


def test_a_loop_that_has_stopped_clears_once_its_last_start_is_a_lasting_one() -> None:
    watching = policy(inspections=(checking("CrashLoop"),))
    cluster = [*web("a"), crashing(state={"running": {"startedAt": since(20)}}, ready=True)]

    found = report(watching, cluster)

    assert only(found).spec.type == "CrashLoop"
    assert found.again == NOW + timedelta(seconds=10)
    assert report(watching, cluster, now=NOW + timedelta(seconds=10)).observations == ()


def test_a_cause_that_another_inspection_of_the_policy_looks_for_explains_a_symptom() -> None:
    cluster = [*web("a"), crashing(reason="OOMKilled", code=137)]
    both = policy(inspections=(checking("CrashLoop", name="loops"), checking("OutOfMemory", name="memory")))

    assert only(report(both, cluster)).spec.qualifier == "memory"
    assert only(report(policy(inspections=(checking("CrashLoop"),)), cluster)).spec.type == "CrashLoop"


def test_each_object_that_is_judged_is_counted_once() -> None:
    cluster = [*web("a"), deployment("api"), crashing(), unscheduled("web-1-8", "none"), job("import", "Failed")]
    cluster += [kept(pod(name, "a"), kind, name) for name, kind in (("db-0", "StatefulSet"), ("agent-0", "DaemonSet"))]

    (count,) = report(policy(inspections=(checking(*get_args(Check)),)), cluster).counts
    assert (count.scanned, count.failed, count.errors) == (9, 2, 0)

    (rollouts,) = report(policy(inspections=(checking("StuckRollout"),)), cluster).counts
    assert rollouts.scanned == 2


def test_problems_of_a_node_affect_the_goals_of_what_stands_on_it() -> None:
    cluster = [node("a", ready=False), node("b"), *web("a", "b")]

    observation = only(report(policy(available(2), inspections=(checking("NodeNotReady"),)), cluster))

    assert observation.spec.resource == ObjectRef(kind="Node", name="a")
    assert (observation.severity, observation.affected_goals) == ("major", ("up",))
    assert observation.targets[0] == ObjectRef(kind="Node", name="a")


def test_a_service_whose_port_leads_nowhere_breaks_its_goal() -> None:
    astray = service("web", {"port": 80, "targetPort": "http"})
    watching = policy(available(1), inspections=(checking("NoReadyEndpoints"),))
    first = report(watching, [*web("a"), astray])

    observation = only(report(watching, [*web("a"), astray], holds=first.holds, now=NOW + timedelta(seconds=10)))

    assert (observation.observed, observation.severity) == ("NotFulfilled", "critical")
    assert [ref.kind for ref in observation.targets] == ["Service", "Deployment"]


def test_ten_toggles_of_a_condition_are_one_finding_with_twenty_transitions() -> None:
    watching = policy(inspections=(checking("CrashLoop"),))
    finding = Finding(spec=only(report(watching, [*web("a"), crashing()])).spec)
    for step in range(20):
        cluster = [*web("a"), *([] if step % 2 else [crashing()])]
        seen = {item.spec: item for item in report(watching, cluster).observations}
        assert set(seen) <= {finding.spec}
        time = NOW + timedelta(minutes=step)
        status = findings.update(finding, seen.get(finding.spec), plans=(), snapshot_id="", now=time)
        finding = Finding(spec=finding.spec, status=status)

    assert finding.status.transition_count == 20


WHOLE = [
    node("a", ready=False),
    deployment(),
    replica_set(),
    service("web", {"port": 80, "targetPort": "http"}),
    crashing(),
    job("nightly-1", "Failed", cron="nightly"),
]


@pytest.mark.parametrize("obj", WHOLE, ids=lambda obj: str(obj["kind"]))
def test_whatever_stands_in_a_field_every_check_goes_on(obj: Json) -> None:
    watching, judged = policy(available(1), inspections=(checking(*get_args(Check)),)), 0
    twin = live(WHOLE)
    for other in spoilt({name: part for name, part in obj.items() if name not in ("kind", "metadata")}):
        twin.apply(obj["kind"], {"metadata": obj["metadata"], **(other if isinstance(other, dict) else {})})
        judged += len(inspect(watching, twin.snapshot(), {}, {}, NOW).observations)

    assert judged > 10
