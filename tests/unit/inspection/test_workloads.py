"""Pods whose image cannot be pulled."""

from __future__ import annotations

import pytest

from forestall.api.base import ObjectRef
from forestall.ports import Json
from tests.unit.inspection.scenes import IMAGES, SPOF, available, light, measured, only, policy, report
from tests.unit.twin.objects import SHOP, deployment, pod, replica_set, web

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
