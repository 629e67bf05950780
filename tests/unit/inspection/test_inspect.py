"""One pass over a policy."""

from __future__ import annotations

from forestall.api.inspectionpolicy import Inspection
from forestall.inspection.inspect import inspect
from forestall.inspection.single_points import MOVING
from tests.unit.inspection.scenes import IMAGES, NOW, SPOF, available, measured, policy, report, threshold
from tests.unit.twin.objects import SHOP, deployment, live, nodes, pod, replica_set, snapshot, web


def test_a_pass_gives_goals_counts_and_observations_in_the_policy_s_order() -> None:
    stuck = [replica_set(revision="2"), pod("web-2-0", "c", owner="web-2", waiting="ErrImagePull")]
    found = policy(available(1), inspections=(SPOF, threshold(), IMAGES))

    seen = report(found, [*web("a"), *stuck], measurements=measured("0.9"), holds={"spof/up/node/a": NOW - MOVING})

    assert [goal.name for goal in seen.goals] == ["up"]
    assert [count.name for count in seen.counts] == ["spof", "load", "images"]
    assert [item.spec.type for item in seen.observations] == ["SinglePointOfFailure", "MetricThreshold", "ImagePull"]
    assert all(item.spec.policy_ref.name == "watch" for item in seen.observations)


def test_the_same_facts_give_the_same_report() -> None:
    found = policy(available(1), inspections=(SPOF, threshold(), IMAGES))
    view = snapshot([*nodes(), *web("a")])

    assert len({repr(inspect(found, view, measured("0.9"), {}, NOW)) for _ in range(3)}) == 1


def test_objects_that_cannot_be_read_are_errors_of_the_inspection_that_needs_them() -> None:
    twin = live([*nodes(), *web("a")])
    twin.apply("Deployment", {**deployment("odd"), "spec": []})
    twin.apply("Pod", {"metadata": {"name": "odd", "namespace": "other"}, "spec": []})

    seen = inspect(policy(inspections=(IMAGES,)), twin.snapshot(), {}, {}, NOW)

    assert (seen.counts[0].scanned, seen.counts[0].errors) == (2, 1)
    assert seen.counts[0].message == f"Deployment/{SHOP}/odd cannot be read: spec: an object was expected"
    assert seen.undecided == {"images"}


def test_an_inspection_of_a_later_version_is_an_error_and_never_a_pass() -> None:
    found = policy()
    later = found.model_copy(update={"spec": found.spec.model_copy(update={"inspections": (Inspection(name="new"),)})})

    seen = inspect(later, snapshot([]), {}, {}, NOW)

    assert (seen.counts[0].scanned, seen.counts[0].errors) == (1, 1)
    assert seen.undecided == {"new"}
