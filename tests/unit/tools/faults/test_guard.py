"""The guard sees harm that has gone again when the judge comes."""

import threading

import pytest

from tests.unit.tools.faults.bodies import WELL, deployment, endpoints
from tools.faults.guard import Guard
from tools.faults.judge import State


class Passing:
    """States that are given out once each; `over` is set when the last one has been looked at."""

    def __init__(self, *states: State) -> None:
        self._states = list(states)
        self.over = threading.Event()

    def __call__(self) -> State:
        if len(self._states) == 1:
            self.over.set()
            return self._states[0]
        return self._states.pop(0)


def test_harm_that_passes_is_seen_once() -> None:
    zero = State([deployment(replicas=0)], [endpoints("node1")])
    states = Passing(zero, zero, WELL)
    with Guard(states, WELL, interval=0.01) as guard:
        assert states.over.wait(60)
    assert guard.harm == ["Deployment front was scaled to zero"]


def test_an_api_server_that_does_not_answer_is_no_harm() -> None:
    states = Passing(State([], []), WELL)
    with Guard(states, WELL, interval=0.01) as guard:
        assert states.over.wait(60)
    assert guard.harm == []


def test_a_guard_that_ended_says_so_and_reports_no_peace() -> None:
    looked = threading.Event()

    def broken() -> State:
        looked.set()
        raise OSError("no such thing")

    with Guard(broken, WELL, interval=0.01) as guard:
        assert looked.wait(60)
    with pytest.raises(RuntimeError, match="the guard has ended"):
        _ = guard.harm
