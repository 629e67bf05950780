"""Pauses: who has to look, in which order, and what a pause says of itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from forestall.adapters.resources import PAUSES, PLANS, POLICIES
from forestall.api.base import Key
from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import RemediationPlan
from forestall.runtime import pauses
from tests.unit.gates.scene import NOW, pause, plan, policy, rendered
from tests.unit.runtime.office import SYSTEM, Office

MINUTE = timedelta(minutes=1)


def reconciled(office: Office, item: RemediationPause) -> timedelta | None:
    office.put(PAUSES, item)
    return asyncio.run(pauses.reconcile(office.context, item.key))


def active(office: Office, item: RemediationPause) -> tuple[str, str]:
    body = asyncio.run(office.kube.get(PAUSES, *item.key[1:]))
    (condition,) = body["status"]["conditions"]
    return condition["status"], condition["reason"]


@pytest.mark.parametrize(
    ("item", "said", "again"),
    [
        (pause(), ("True", "InForce"), None),
        (pause(until=NOW + MINUTE), ("True", "InForce"), MINUTE),
        (pause(until=NOW), ("False", "Expired"), None),
    ],
)
def test_a_pause_says_whether_it_is_in_force(
    item: RemediationPause, said: tuple[str, str], again: timedelta | None
) -> None:
    office = Office()
    assert reconciled(office, item) == again
    assert active(office, item) == said


def test_a_pause_tells_when_its_time_is_over() -> None:
    office, item = Office(), pause(until=NOW + MINUTE)
    assert reconciled(office, item) == MINUTE
    office.clock.advance(MINUTE)
    assert asyncio.run(pauses.reconcile(office.context, item.key)) is None
    assert active(office, item) == ("False", "Expired")


def test_nothing_is_written_where_nothing_is_new() -> None:
    office, item = Office(), pause()
    reconciled(office, item)
    asyncio.run(pauses.reconcile(office.context, item.key))
    assert len(office.kube.made("patch_status")) == 1


def staffed() -> Office:
    """Two namespaces: in `shop` a plan that waits, one that runs and one that has ended; in `search` one that waits."""
    office = Office()
    for name, namespace, phase in (
        ("waits", "shop", "PendingApproval"),
        ("runs", "shop", "Executing"),
        ("ended", "shop", "Succeeded"),
        ("waits", "search", "PendingApproval"),
    ):
        found = plan(rendered(phase=phase))
        metadata = found.metadata.model_copy(update={"name": name, "namespace": namespace, "resource_version": ""})
        office.put(PLANS, found.model_copy(update={"metadata": metadata}))
    office.put(POLICIES, policy())
    return office


def woken(office: Office) -> list[Key]:
    """The keys on the queue, in their order."""
    return [asyncio.run(office.context.queue.get()) for _ in range(office.context.queue.depth)]


def test_a_pause_wakes_the_plans_of_its_namespace_those_with_a_job_first() -> None:
    office = staffed()
    reconciled(office, pause())
    kind = RemediationPlan.crd.kind
    assert woken(office) == [
        Key(kind, "shop", "runs"),
        Key(kind, "shop", "waits"),
        Key("InspectionPolicy", "shop", "shop"),
    ]


def test_a_pause_in_the_operators_namespace_wakes_everybody() -> None:
    office = staffed()
    reconciled(office, pause(namespace=SYSTEM))
    assert {key.namespace for key in woken(office)} == {"shop", "search"}


def test_a_pause_that_is_gone_wakes_them_again() -> None:
    office = staffed()
    assert asyncio.run(pauses.reconcile(office.context, pause().key)) is None
    assert len(woken(office)) == 3
