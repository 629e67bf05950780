"""Waits end with a value, or with how things stood."""

import pytest

from tools.demo.waiting import Stuck, await_value


def test_a_wait_returns_the_first_value_that_comes() -> None:
    values = iter([None, None, 0, 1])
    assert await_value("a value", lambda: next(values), state=lambda: "") == 0


def test_a_wait_in_vain_names_what_it_waited_for_and_how_things_stand() -> None:
    with pytest.raises(Stuck, match=r"(?s)for the moon, which did not come.*still dark"):
        await_value("the moon", lambda: None, state=lambda: "still dark", timeout=0.1)
