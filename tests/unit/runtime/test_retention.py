"""What nobody needs goes in small batches, exactly as it was judged, and never before the ledger has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.remediationplan import RemediationPlan
from forestall.ports import KubeError
from forestall.runtime.accounting import Accountant
from forestall.runtime.retention import BATCH, PAUSE, key_of, reconcile
from forestall.runtime.store import Store
from tests.unit.gates.scene import policy
from tests.unit.planning.test_keeping import DAY, ended, finding, over
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import World
from tests.unit.runtime.test_accounting import Book

KEY: Key = key_of("shop")


class Shelf(World):
    """A namespace with a policy, and what became of its findings."""

    def __init__(self, findings: Sequence[Finding] = (), plans: Sequence[RemediationPlan] = ()) -> None:
        super().__init__()
        self.see(POLICIES, policy().to_json())
        for one in findings:
            self.see(FINDINGS, one.to_json())
        for plan in plans:
            self.see(PLANS, plan.to_json())

    async def sweep(self, *, after: timedelta = timedelta(0)) -> timedelta | None:
        self.clock.advance(after)
        return await reconcile(self.context, KEY)

    async def left(self) -> set[str]:
        items = [*await self.kube.list(FINDINGS), *await self.kube.list(PLANS)]
        return {item["metadata"]["name"] for item in items}

    def deletions(self) -> list[str]:
        return [call.name for call in self.kube.made("delete")]


def test_while_nothing_is_due_the_api_server_is_not_asked_anything() -> None:
    async def story() -> None:
        shelf = Shelf([finding("web"), finding("api", "Open")], ended(5))
        before = len(shelf.kube.calls)
        assert await shelf.sweep() == 30 * DAY
        assert len(shelf.kube.calls) == before

    run(story())


def test_where_nothing_can_ever_fall_due_it_is_not_asked_again() -> None:
    async def story() -> None:
        assert await Shelf([finding("api", "Open")], ended(5, of="api")).sweep() is None

    run(story())


def test_an_old_finding_goes_after_its_plans() -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")], [over("web", "a", "Succeeded"), over("web", "b")])
        await shelf.sweep(after=30 * DAY)
        assert shelf.deletions() == ["a", "b", "web"]
        removed = shelf.context.metrics.registry.get_sample_value
        assert removed("forestall_removed_total", {"kind": "RemediationPlan"}) == 2

    run(story())


def test_at_most_a_batch_goes_at_a_time() -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")], ended(BATCH + 5))
        assert await shelf.sweep(after=30 * DAY) == PAUSE
        assert len(shelf.deletions()) == BATCH
        assert "web" in await shelf.left()
        await shelf.refresh()
        for name in shelf.deletions():
            shelf.context.store.drop("RemediationPlan", {"metadata": {"name": name, "namespace": "shop"}})
        await shelf.sweep()
        assert await shelf.left() == set()

    run(story())


def test_what_has_changed_since_it_was_judged_stays() -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")])
        raised = finding("web", "Open").to_json()
        shelf.kube.put(FINDINGS, raised)
        await shelf.sweep(after=30 * DAY)
        assert await shelf.left() == {"web"}

    run(story())


def test_a_plan_that_the_store_has_not_seen_keeps_its_finding() -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")], [over("web", "a", "Succeeded")])
        shelf.kube.put(PLANS, over("web", "unseen", "PendingApproval").to_json())
        await shelf.sweep(after=30 * DAY)
        assert shelf.deletions() == []

    run(story())


def test_a_finding_that_the_store_has_not_seen_keeps_its_plans() -> None:
    async def story() -> None:
        shelf = Shelf([], [over("web", "a", "Rejected")])
        shelf.kube.put(FINDINGS, finding("web", "Open").to_json())
        await shelf.sweep(after=30 * DAY)
        assert shelf.deletions() == []

    run(story())


def test_a_policy_that_the_store_has_not_seen_keeps_all_that_is_its_own() -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")], [over("gone", "a")])
        shelf.context.store.drop("InspectionPolicy", {"metadata": {"name": "shop", "namespace": "shop"}})
        await shelf.sweep(after=30 * DAY)
        assert shelf.deletions() == []
        shelf.kube.remove(POLICIES, "shop", "shop")
        await shelf.sweep()
        assert shelf.deletions() == ["a", "web"]

    run(story())


def test_what_somebody_is_removing_already_is_left_to_them() -> None:
    async def story() -> None:
        body = over("web", "a").to_json()
        body["metadata"]["deletionTimestamp"] = "2030-01-01T12:00:00Z"
        shelf = Shelf([finding("web")])
        shelf.see(PLANS, body)
        await shelf.sweep(after=30 * DAY)
        assert shelf.deletions() == ["web"]

    run(story())


def test_nothing_goes_before_the_ledger_has_it() -> None:
    async def story() -> None:
        shelf, book = Shelf(), Book()
        shelf.context.accountant = accountant = Accountant(book, shelf.context.metrics)
        shelf.context.store = Store(accountant.notice)
        shelf.see(POLICIES, policy().to_json())
        shelf.see(FINDINGS, finding("web").to_json())
        shelf.see(PLANS, over("web", "a").to_json())
        book.problem = "the disk is full"
        await accountant.look(shelf.context.store)
        assert await shelf.sweep(after=30 * DAY) == shelf.context.settings.retention_pause
        assert shelf.deletions() == []
        book.problem = ""
        await accountant.look(shelf.context.store)
        await shelf.sweep()
        assert shelf.deletions() == ["a", "web"]
        assert {row.entry.uid for row in book.written} == {"uid-of-web", "uid-a"}

    run(story())


@pytest.mark.parametrize("status", [404, 409])
def test_what_is_gone_or_has_changed_at_that_moment_is_no_failure(status: int) -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")], [over("web", "a")])
        shelf.kube.refuse("delete", PLANS, KubeError(status, "No", "no"))
        await shelf.sweep(after=30 * DAY)
        assert shelf.deletions() == ["a", "web"]

    run(story())


@pytest.mark.parametrize(("verb", "resource"), [("delete", PLANS), ("list", PLANS)])
def test_an_api_server_that_refuses_is_asked_again(verb: Any, resource: Any) -> None:
    async def story() -> None:
        shelf = Shelf([finding("web")], [over("web", "a")])
        shelf.kube.refuse(verb, resource, KubeError(503, "Unavailable", "later"))
        with pytest.raises(KubeError):
            await shelf.sweep(after=30 * DAY)
        assert await shelf.left() == {"web", "a"}

    run(story())
