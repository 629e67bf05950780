"""The roll call: a namespace is whole once all that it had at a start is heard of; what is missing later is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from forestall.ports import KubeError, Resource
from forestall.runtime import roll
from forestall.runtime.store import MODELS
from tests.unit.gates.scene import finding, plan, policy
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.office import Office

Story = Callable[[Office], Awaitable[None]]
PAIR: tuple[tuple[Resource, str, str], ...] = (
    (FINDINGS, "shop", finding().metadata.name),
    (PLANS, "shop", plan().metadata.name),
)


def told(story: Story) -> None:
    """With a policy that is known, and a finding and a plan that the API server alone knows."""

    async def whole() -> None:
        office = Office()
        office.put(POLICIES, policy())
        office.put(FINDINGS, finding(), seen=False)
        office.put(PLANS, plan(), seen=False)
        calling = asyncio.create_task(roll.call(office.context))
        await settle()
        await story(office)
        calling.cancel()

    run(whole())


async def hear(office: Office, *kinds: Resource) -> None:
    for kind, namespace, name in PAIR:
        if kind in kinds:
            office.context.store.put(kind.kind, await office.kube.get(kind, namespace, name))


async def moments(count: int = 1) -> None:
    await asyncio.sleep(count * roll.PAUSE + 0.01)
    await settle()


def test_a_namespace_is_whole_once_all_that_it_had_has_been_heard_of() -> None:
    async def story(office: Office) -> None:
        assert not office.context.whole("shop")
        await hear(office, FINDINGS)
        await moments()
        assert not office.context.whole("shop")
        await hear(office, PLANS)
        await moments()
        assert office.context.whole("shop")

    told(story)


def test_one_that_had_nothing_is_whole_at_once_but_not_before_it_was_asked() -> None:
    assert not Office().context.whole("bank")

    async def story(office: Office) -> None:
        assert office.context.whole("bank")

    told(story)


def test_its_policies_look_as_soon_as_it_is_whole_and_not_before() -> None:
    async def story(office: Office) -> None:
        assert office.context.queue.depth == 0
        await hear(office, FINDINGS, PLANS)
        await moments()
        assert [str(await office.context.queue.get())] == ["InspectionPolicy/shop/shop"]
        await moments(3)
        assert office.context.queue.depth == 0

    told(story)


def test_what_is_gone_before_it_was_heard_of_is_not_waited_for() -> None:
    async def story(office: Office) -> None:
        await hear(office, FINDINGS)
        office.kube.remove(*PAIR[1])
        await moments(3)
        assert office.context.whole("shop")

    told(story)


def test_what_cannot_be_read_was_heard_of() -> None:
    async def story(office: Office) -> None:
        await hear(office, FINDINGS)
        unreadable = {**plan().to_json(), "spec": 1}
        office.context.store.put(PLANS.kind, unreadable)
        await moments()
        assert office.context.whole("shop")

    told(story)


def test_the_names_are_asked_for_once_as_long_as_news_come_in() -> None:
    async def story(office: Office) -> None:
        await hear(office, FINDINGS)
        await moments()
        await hear(office, PLANS)
        await moments(5)
        assert [call.kind for call in office.kube.calls if call.verb == "list"] == [FINDINGS.kind, PLANS.kind]

    told(story)


def test_an_api_server_that_does_not_answer_is_asked_again() -> None:
    async def story() -> None:
        office = Office()
        office.kube.refuse("list", PLANS, KubeError(500, "No", "not now"), times=3)
        calling = asyncio.create_task(roll.call(office.context))
        await moments(2)
        assert not office.context.whole("shop")
        await moments(2)
        assert office.context.whole("shop")
        calling.cancel()

    run(story())


def known(office: Office) -> set[str]:
    """All that the store has, readable or not."""
    return {str(key) for kind in MODELS for key in office.context.store.heard_of(kind)}


def later(story: Story) -> None:
    """Once all is known that there was at the start."""

    async def whole(office: Office) -> None:
        await hear(office, FINDINGS, PLANS)
        await moments()
        while office.context.queue.depth:
            office.context.queue.done(await office.context.queue.get())
        await story(office)

    told(whole)


def remove_all(office: Office) -> None:
    """Delete all that there is; nobody tells of it."""
    for place in (*PAIR, (POLICIES, *policy().key[1:])):
        office.kube.remove(*place)


def test_what_is_missing_when_objects_were_listed_anew_is_gone() -> None:
    async def story(office: Office) -> None:
        remove_all(office)
        office.context.listed.set()
        await moments(2)
        assert known(office) == set()

    later(story)


def test_what_is_missing_is_gone_within_a_minute_though_a_list_of_nothing_is_not_heard_of() -> None:
    async def story(office: Office) -> None:
        remove_all(office)
        await asyncio.sleep(roll.LONGEST_BELIEF - 5)
        assert len(known(office)) == 3
        await asyncio.sleep(5)
        assert known(office) == set()

    later(story)


def test_what_is_there_stays_and_nobody_is_woken_for_it() -> None:
    async def story(office: Office) -> None:
        before = known(office)
        await asyncio.sleep(3 * roll.LONGEST_BELIEF)
        assert known(office) == before
        assert office.context.queue.depth == 0

    later(story)


def test_the_roll_is_called_once_for_a_long_list() -> None:
    async def story(office: Office) -> None:
        office.kube.calls.clear()
        for _ in range(10):
            office.context.listed.set()
            await asyncio.sleep(roll.PAUSE / 2)
        await moments(2)
        assert sorted(call.kind for call in office.kube.calls) == ["Finding", "InspectionPolicy", "RemediationPlan"]

    later(story)


def test_what_comes_while_it_is_asked_is_not_missing() -> None:
    async def story(office: Office) -> None:
        office.kube.refuse("list", PLANS, KubeError(500, "No", "not now"))
        office.context.listed.set()
        await moments()  # the first answer is on its way
        other = plan().to_json()
        other["metadata"] |= {"name": "mend-other", "uid": "u-other"}
        office.context.store.put(PLANS.kind, other)
        await moments(2)
        assert "RemediationPlan/shop/mend-other" in known(office)

    later(story)


def test_what_cannot_be_read_is_gone_too() -> None:
    async def story(office: Office) -> None:
        office.context.store.put(PLANS.kind, {**plan().to_json(), "spec": 1})
        office.kube.remove(*PAIR[1])
        office.context.listed.set()
        await moments(2)
        assert office.context.store.unreadable == {}

    later(story)
