"""What people have ordered: as last seen, and as it is now."""

from __future__ import annotations

import asyncio

import pytest

from forestall.adapters.resources import APPROVALS, PAUSES, POLICIES
from forestall.gates.facts import Facts
from forestall.ports import KubeError, Resource
from forestall.runtime import people
from tests.unit.gates.scene import decision, facts, pause, rendered
from tests.unit.runtime.office import SYSTEM, Office

FREEZE, EVERYWHERE, ELSEWHERE = pause(), pause("global", namespace=SYSTEM), pause("other", namespace="search")


def orders(found: Facts) -> tuple[list[str], list[str]]:
    """The names of pauses and approvals."""
    return (
        sorted(one.metadata.name for one in found.pauses or ()),
        sorted(one.metadata.name for one in found.approvals),
    )


def filled(*, seen: bool) -> Office:
    office = Office()
    for order in (FREEZE, EVERYWHERE, ELSEWHERE):
        office.put(PAUSES, order, seen=seen)
    for answer in (decision(), decision("of-another", planRef={"name": "mend-tea", "uid": "tea"})):
        office.put(APPROVALS, answer, seen=seen)
    return office


def test_what_concerns_the_plan_is_taken_from_the_store() -> None:
    assert orders(people.known(filled(seen=True).context, facts())) == (["freeze", "global"], ["by-bob"])


def test_what_concerns_the_plan_is_read_anew_where_the_store_has_not_heard_of_it() -> None:
    office = filled(seen=False)
    assert orders(people.known(office.context, facts())) == ([], [])
    assert orders(asyncio.run(people.fresh(office.context, facts()))) == (["freeze", "global"], ["by-bob"])


def test_a_plan_of_the_operators_own_namespace_reads_its_pauses_once() -> None:
    office = Office()
    assert people.places(office.context, SYSTEM) == [SYSTEM]


@pytest.mark.parametrize("kind", [PAUSES, APPROVALS])
def test_what_cannot_be_listed_is_no_answer(kind: Resource) -> None:
    office = filled(seen=True)
    office.kube.refuse("list", kind, KubeError(0, "Unreachable", "reset"))
    with pytest.raises(KubeError, match="reset"):
        asyncio.run(people.fresh(office.context, facts()))


def test_a_pause_that_is_not_understood_stops() -> None:
    office = Office()
    office.kube.put(PAUSES, {"metadata": {"name": "later", "namespace": "shop"}, "spec": {"level": "Drain"}})
    (found,) = asyncio.run(people.fresh(office.context, facts())).pauses or ()
    assert (found.spec.level, found.metadata.name) == ("Stop", "later")


def test_a_decision_that_is_not_understood_decides_nothing() -> None:
    office = Office()
    office.kube.put(APPROVALS, {"metadata": {"name": "later", "namespace": "shop"}, "spec": {"decision": "Perhaps"}})
    assert asyncio.run(people.fresh(office.context, facts())).approvals == ()


@pytest.mark.parametrize(
    ("risk", "allowed", "lost"),
    [
        ("Low", {("bob", "approve", "shop")}, frozenset()),
        ("Low", {("on-call", "approve", "shop")}, frozenset()),
        ("Low", {("bob", "approve-high", "shop")}, frozenset({"by-bob"})),
        ("Low", {("bob", "approve", "search")}, frozenset({"by-bob"})),
        ("Low", set(), frozenset({"by-bob"})),
        ("High", {("on-call", "approve-high", "shop")}, frozenset()),
        ("High", {("on-call", "approve", "shop")}, frozenset({"by-bob"})),
    ],
)
def test_each_approver_is_asked_for_with_the_groups_on_record(
    risk: str, allowed: set[tuple[str, str, str]], lost: frozenset[str]
) -> None:
    office = Office()
    office.kube.allowed |= allowed
    known = facts(rendered(riskClass=risk), approvals=(decision(riskClass=risk),), rightless=None)
    assert asyncio.run(people.entitled(office.context, known)).rightless == lost


def test_nobody_is_asked_for_who_decided_something_else() -> None:
    office = Office()
    known = facts(approvals=(decision(planDigest=f"sha256:{'0' * 64}"), decision("no", decision="Reject", reason="no")))
    assert asyncio.run(people.entitled(office.context, known)).rightless == frozenset()
    assert office.kube.calls == []


def test_an_authorizer_that_does_not_answer_gives_no_answer() -> None:
    office = Office()
    office.kube.refuse("can", POLICIES, KubeError(500, "InternalError", "authorizer"))
    with pytest.raises(KubeError, match="authorizer"):
        asyncio.run(people.entitled(office.context, facts(approvals=(decision(),))))
