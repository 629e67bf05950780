"""Specification of conditions: a time changes only when a status does."""

from datetime import UTC, datetime, timedelta

import pytest

from forestall.api.base import Condition
from forestall.api.conditions import find, is_true, make, merge

NOW = datetime(2026, 2, 3, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def ready(holds: bool | None, now: datetime = NOW, *, reason: str = "Judged", message: str = "") -> Condition:
    return make("Ready", holds, reason, message, generation=7, now=now)


@pytest.mark.parametrize(("holds", "status"), [(True, "True"), (False, "False"), (None, "Unknown")])
def test_what_holds_is_true_what_does_not_is_false_and_the_rest_unknown(holds: bool | None, status: str) -> None:
    made = ready(holds)
    assert (made.status, made.observed_generation, made.last_transition_time) == (status, 7, NOW)


@pytest.mark.parametrize(("holds", "true"), [(True, True), (False, False), (None, False)])
def test_only_true_is_true(holds: bool | None, true: bool) -> None:
    assert is_true([ready(holds)], "Ready") is true


def test_an_absent_condition_is_not_found_and_not_true() -> None:
    assert find([ready(True)], "Stalled") is None
    assert not is_true([ready(True)], "Stalled")


def test_the_time_stays_while_the_status_stays_even_if_the_reason_changes() -> None:
    (merged,) = merge([ready(True)], [ready(True, LATER, reason="Recovered", message="again")])
    assert (merged.last_transition_time, merged.reason, merged.message) == (NOW, "Recovered", "again")


def test_the_time_moves_when_the_status_does() -> None:
    (merged,) = merge([ready(True)], [ready(False, LATER)])
    assert merged.last_transition_time == LATER


def test_conditions_nobody_speaks_of_stay_and_all_are_in_order_of_their_type() -> None:
    stalled = make("Stalled", False, "Fine", generation=7, now=NOW)
    approved = make("Approved", True, "Granted", generation=7, now=NOW)
    assert merge([stalled, ready(True)], [approved]) == [approved, ready(True), stalled]


def test_merging_what_is_there_already_changes_nothing() -> None:
    assert merge([ready(True)], [ready(True, LATER)]) == [ready(True)]
