"""Pause: whose holds, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forestall.api.remediationpause import RemediationPause
from forestall.gates.pause import in_force, judge, over, stops, told
from tests.unit.gates.scene import NOW, facts, pause

SECOND = timedelta(seconds=1)


def test_without_a_pause_the_gate_is_open() -> None:
    assert judge(facts(), NOW).ok


@pytest.mark.parametrize("namespace", ["shop", "forestall-system"])
def test_a_pause_says_who_why_and_how_to_go_on(namespace: str) -> None:
    found = judge(facts(pauses=(pause(namespace=namespace),)), NOW)
    assert not found.ok
    assert found.message == f"olga paused it (a release): it goes on when pause {namespace}/freeze is deleted"


def test_a_pause_with_an_end_names_it() -> None:
    assert told([pause(until=NOW + SECOND)]).endswith("is deleted, or at 2030-01-01T12:00:01+00:00")


def test_several_pauses_are_all_named_in_order() -> None:
    both = told(in_force([pause("b"), pause("a")], NOW))
    assert both.index("shop/a") < both.index("shop/b")


@pytest.mark.parametrize(
    ("known", "ended"),
    [(pause(), False), (pause(until=NOW + SECOND), False), (pause(until=NOW), True), (pause(until=NOW - SECOND), True)],
)
def test_a_pause_ends_with_its_time(known: RemediationPause, ended: bool) -> None:
    assert over(known, NOW) == ended
    assert judge(facts(pauses=(known,)), NOW).ok == ended


def test_a_pause_that_is_being_deleted_holds_nothing() -> None:
    assert judge(facts(pauses=(pause(deleted=True),)), NOW).ok


@pytest.mark.parametrize(
    ("pauses", "stopped"),
    [
        ((), False),
        ((pause(),), False),
        ((pause(level="Stop"),), True),
        ((pause(), pause("b", level="Stop")), True),
        ((pause(level="Stop", until=NOW),), False),
        (None, False),
    ],
)
def test_only_a_stop_reaches_running_jobs(pauses: tuple[RemediationPause, ...] | None, stopped: bool) -> None:
    assert stops(facts(pauses=pauses), NOW) == stopped
