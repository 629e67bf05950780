"""What differs is told by object and field, and what the cluster keeps by itself is no difference."""

import pytest

from tests.unit.tools.faults.bodies import FRONT, NODE, changed, containers, objects
from tools.faults.differences import Ref, differences, path_of


def test_captures_of_the_same_things_do_not_differ() -> None:
    assert differences(objects(), objects()) == []


@pytest.mark.parametrize(
    ("ref", "path", "value"),
    [
        (FRONT, ("status", "readyReplicas"), 0),
        (FRONT, ("metadata", "resourceVersion"), "8"),
        (FRONT, ("metadata", "annotations"), {"deployment.kubernetes.io/revision": "4"}),
        (FRONT, ("spec", "template", "metadata"), {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}),
        (NODE, ("spec", "taints"), [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]),
    ],
)
def test_what_the_cluster_keeps_by_itself_is_no_difference(ref: Ref, path: tuple[str, ...], value: object) -> None:
    assert differences(objects(), changed(objects(), ref, *path, to=value)) == []


def test_items_with_names_are_compared_by_name() -> None:
    after = changed(objects(), FRONT, "spec", "template", "spec", "containers", to=containers("market:2"))
    (found,) = differences(objects(), after)
    assert found.path == ("spec", "template", "spec", "containers", "app", "image")
    assert (found.before, found.after) == ("market:1", "market:2")


def test_an_object_that_came_or_went_differs_as_a_whole() -> None:
    rest = {ref: body for ref, body in objects().items() if ref != NODE}
    (gone,) = differences(objects(), rest)
    (came,) = differences(rest, objects())
    assert (gone.ref, gone.path, gone.after) == (NODE, (), None)
    assert (came.ref, came.path, came.before) == (NODE, (), None)


def test_a_foreign_taint_is_a_difference() -> None:
    taints = [{"key": "example.com/own", "effect": "NoSchedule"}]
    assert differences(objects(), changed(objects(), NODE, "spec", "taints", to=taints))


def test_a_path_may_hold_a_key_with_dots() -> None:
    text = "spec.template.metadata.annotations[forestall.dev/restart]"
    assert path_of(text) == ("spec", "template", "metadata", "annotations", "forestall.dev/restart")
