"""Events: the same news is one Event, and no refusal stops the work."""

from __future__ import annotations

import asyncio

import pytest

from forestall.adapters.kubernetes.events import KubeEvents
from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import EVENTS
from forestall.ports import Json, KubeError
from tests.unit.gates.scene import NOW

PLAN: Json = {
    "apiVersion": "forestall.dev/v1alpha1",
    "kind": "RemediationPlan",
    "metadata": {"name": "mend-cart", "namespace": "shop", "uid": "u1"},
}


def told(kube: MemoryKube, *news: tuple[str, str], involved: Json = PLAN) -> list[Json]:
    events = KubeEvents(kube, FixedClock(NOW))

    async def tell() -> list[Json]:
        for reason, message in news:
            await events.event(involved, kind="Warning", reason=reason, message=message)
        return list(await kube.list(EVENTS, "shop"))

    return asyncio.run(tell())


def test_an_event_says_what_when_and_of_what() -> None:
    [event] = told(MemoryKube(FixedClock(NOW)), ("PlanFailed", "refused"))
    assert event["involvedObject"] == {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "RemediationPlan",
        "name": "mend-cart",
        "namespace": "shop",
        "uid": "u1",
    }
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "PlanFailed", "refused")
    assert (event["firstTimestamp"], event["count"]) == ("2030-01-01T12:00:00Z", 1)
    assert event["reportingComponent"] == "forestall.dev/operator"


def test_an_event_bears_the_marks_by_which_its_object_is_traced() -> None:
    marks = {"forestall.dev/plan-uid": "u1", "forestall.dev/traceparent": "00-a-b-01"}
    [event] = told(
        MemoryKube(FixedClock(NOW)),
        ("PlanFailed", "refused"),
        involved={**PLAN, "metadata": {**PLAN["metadata"], "annotations": marks}},
    )
    assert event["metadata"]["annotations"] == marks


def test_the_same_news_is_told_once() -> None:
    news = [("PlanFailed", "refused"), ("PlanFailed", "refused"), ("PlanFailed", "other"), ("PlanStale", "refused")]
    assert len(told(MemoryKube(FixedClock(NOW)), *news)) == 3


def test_the_same_news_of_another_object_of_that_name_is_told() -> None:
    kube = MemoryKube(FixedClock(NOW))
    told(kube, ("PlanFailed", "refused"))
    again = {**PLAN, "metadata": {**PLAN["metadata"], "uid": "u2"}}
    assert len(told(kube, ("PlanFailed", "refused"), involved=again)) == 2


def test_long_words_and_names_fit_an_event() -> None:
    long = {**PLAN, "metadata": {**PLAN["metadata"], "name": "x" * 253}}
    [event] = told(MemoryKube(FixedClock(NOW)), ("PlanFailed", "y" * 5000), involved=long)
    assert (len(event["message"]), len(event["metadata"]["name"])) == (1000, 217)


@pytest.mark.parametrize("status", [0, 403, 429, 500])
def test_a_refusal_is_no_matter(status: int) -> None:
    kube = MemoryKube(FixedClock(NOW))
    kube.refuse("create", EVENTS, KubeError(status, "No", "no"))
    assert told(kube, ("PlanFailed", "refused")) == []
