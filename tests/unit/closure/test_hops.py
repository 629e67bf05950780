"""One hop: exactly one plan ran or was decided on, and it ended verified, in nobody else's hands."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from forestall.closure.hops import Hop, missed

GOOD = Hop(ran=True, decided_on=True, succeeded=True, acted=True)
UNTOUCHED = Hop(ran=False, decided_on=False, succeeded=False, acted=False)
REJECTED = UNTOUCHED._replace(decided_on=True)


@pytest.mark.parametrize(
    "hops", [[GOOD], [GOOD._replace(decided_on=False)], [UNTOUCHED, GOOD, UNTOUCHED]], ids=["one", "touchless", "stale"]
)
def test_one_plan_that_ran_and_succeeded_is_one_hop(hops: Sequence[Hop]) -> None:
    assert missed(hops, in_hand=False) == ""


@pytest.mark.parametrize(
    ("hops", "why"),
    [
        ([], "0 plans"),
        ([UNTOUCHED], "0 plans"),
        ([GOOD, GOOD], "2 plans"),
        ([REJECTED, GOOD], "2 plans"),
        ([GOOD._replace(ran=False)], "not verified"),
        ([GOOD._replace(succeeded=False)], "not verified"),
        ([GOOD._replace(acted=False)], "found nothing to do"),
    ],
)
def test_anything_else_is_not_and_says_why(hops: Sequence[Hop], why: str) -> None:
    assert why in missed(hops, in_hand=False)


def test_what_a_person_has_had_is_never_one_hop() -> None:
    assert missed([GOOD], in_hand=True) == "handed to a person"
