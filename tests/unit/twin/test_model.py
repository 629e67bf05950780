"""Selectors, taints and tolerations, as the scheduler and the API server read them."""

from __future__ import annotations

import pytest

from forestall.twin.model import Port, Requirement, Resources, Selector, ServicePort, Taint, Toleration

LABELS = {"app": "web", "tier": "5"}


@pytest.mark.parametrize(
    ("requirement", "matches"),
    [
        (Requirement("app", "In", ("web", "api")), True),
        (Requirement("app", "In", ("api",)), False),
        (Requirement("zone", "In", ("",)), False),
        (Requirement("app", "NotIn", ("api",)), True),
        (Requirement("app", "NotIn", ("web",)), False),
        (Requirement("zone", "NotIn", ("a",)), True),
        (Requirement("app", "Exists"), True),
        (Requirement("zone", "Exists"), False),
        (Requirement("zone", "DoesNotExist"), True),
        (Requirement("app", "DoesNotExist"), False),
        (Requirement("tier", "Gt", ("4",)), True),
        (Requirement("tier", "Gt", ("5",)), False),
        (Requirement("tier", "Lt", ("6",)), True),
        (Requirement("tier", "Lt", ("5",)), False),
        (Requirement("app", "Gt", ("4",)), False),
        (Requirement("tier", "Gt", ("four",)), False),
        (Requirement("tier", "Gt", ()), False),
        (Requirement("tier", "Gt", ("٣",)), False),
        (Requirement("zone", "Lt", ("6",)), False),
        (Requirement("app", "Like", ("web",)), False),
    ],
)
def test_a_requirement_matches_labels_as_its_operator_says(requirement: Requirement, matches: bool) -> None:
    assert requirement.matches(LABELS) is matches


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        (Selector(), True),
        (Selector({"app": "web"}), True),
        (Selector({"app": "web", "zone": "a"}), False),
        (Selector({"app": "web"}, (Requirement("tier", "Exists"),)), True),
        (Selector({"app": "web"}, (Requirement("zone", "Exists"),)), False),
    ],
)
def test_a_selector_needs_all_its_labels_and_all_its_requirements(selector: Selector, matches: bool) -> None:
    assert selector.matches(LABELS) is matches


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        (Toleration(operator="Exists"), True),
        (Toleration("gpu", "Exists"), True),
        (Toleration("gpu", "Equal", "yes"), True),
        (Toleration("gpu", "Equal", "yes", "NoSchedule"), True),
        (Toleration("gpu", "Equal", "no"), False),
        (Toleration("gpu", "Exists", effect="NoExecute"), False),
        (Toleration("ssd", "Exists"), False),
        (Toleration("", "Equal", "yes"), False),
    ],
)
def test_a_toleration_covers_a_taint_by_key_value_and_effect(toleration: Toleration, covers: bool) -> None:
    assert toleration.covers(Taint("gpu", "NoSchedule", "yes")) is covers


@pytest.mark.parametrize(("effect", "bars"), [("NoSchedule", True), ("NoExecute", True), ("PreferNoSchedule", False)])
def test_a_taint_bars_pods_unless_it_is_a_mere_preference(effect: str, bars: bool) -> None:
    assert Taint("gpu", effect).bars is bars


@pytest.mark.parametrize("larger", [Resources(3, 2, 1), Resources(2, 3, 1), Resources(2, 2, 2)])
def test_resources_are_within_others_only_if_each_amount_is(larger: Resources) -> None:
    limit = Resources(2, 2, 1)

    assert limit.within(limit)
    assert not larger.within(limit)


@pytest.mark.parametrize(
    ("target", "declared", "expected"),
    [
        (8080, [Port("http", 8080, "TCP")], True),
        (8081, [Port("http", 8080, "TCP")], False),
        (8080, [Port("http", 8080, "UDP")], False),
        (8081, [], True),
        ("http", [Port("http", 8080, "TCP")], True),
        ("web", [Port("http", 8080, "TCP")], False),
        ("http", [], False),
    ],
)
def test_a_service_s_port_reaches_what_is_declared_by_number_or_name(
    target: int | str, declared: list[Port], expected: bool
) -> None:
    assert ServicePort("", 80, target, "TCP").reaches(declared) is expected
