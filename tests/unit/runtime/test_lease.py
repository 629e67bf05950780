"""What a Lease means: only a record that stands still by one's own clock is anybody's."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.ports import Json
from forestall.runtime.lease import DEADLINE_SECONDS, LEASE_SECONDS, first, released, seen, taken
from tests.unit.gates.scene import NOW


def body(version: int = 1, **spec: Any) -> Json:
    return {"metadata": {"name": "forestall", "resourceVersion": str(version)}, "spec": spec}


def test_a_holder_stops_before_another_may_start() -> None:
    assert DEADLINE_SECONDS < LEASE_SECONDS


def test_a_lease_that_nobody_holds_is_free() -> None:
    plain: Json = {"metadata": {}}
    for nobody in (plain, {**plain, "spec": None}, body(), body(holderIdentity="")):
        assert seen(None, nobody, 100).free("a", 100)


def test_one_s_own_lease_is_one_s_own_also_after_a_restart() -> None:
    assert seen(None, body(holderIdentity="a"), 100).free("a", 100)


def test_another_s_lease_is_free_once_its_record_has_stood_still() -> None:
    held = seen(None, body(holderIdentity="b", leaseDurationSeconds=15), 100)
    assert not held.free("a", 114.9)
    assert held.free("a", 115)


def test_a_record_that_has_changed_begins_anew_and_one_that_has_not_goes_on() -> None:
    before = seen(None, body(1, holderIdentity="b", renewTime="x"), 100)
    same = seen(before, body(2, holderIdentity="b", renewTime="x"), 110)
    assert (same.since, same.body["metadata"]["resourceVersion"]) == (100, "2")
    assert seen(before, body(2, holderIdentity="b", renewTime="y"), 110).since == 110


@pytest.mark.parametrize("told", ["1999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", "soon", None])
def test_no_other_clock_is_trusted(told: str | None) -> None:
    held = seen(None, body(holderIdentity="b", renewTime=told, acquireTime=told), 100)
    assert not held.free("a", 114.9)
    assert held.free("a", 115)


@pytest.mark.parametrize(("told", "expires"), [(30, 130), (None, 115), (0, 115), (-5, 115), ("60", 115), (1.5, 115)])
def test_a_holder_s_own_duration_counts_where_it_is_one(told: Any, expires: float) -> None:
    assert seen(None, body(holderIdentity="b", leaseDurationSeconds=told), 100).expires == expires


def test_the_first_lease_says_who_and_since_when() -> None:
    made = first("forestall", "a", NOW)
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("forestall", "forestall")
    assert made["spec"] == {
        "holderIdentity": "a",
        "leaseDurationSeconds": LEASE_SECONDS,
        "renewTime": "2030-01-01T12:00:00.000000Z",
        "acquireTime": "2030-01-01T12:00:00.000000Z",
        "leaseTransitions": 0,
    }


def test_a_renewal_is_for_this_very_version_and_no_transition() -> None:
    patch = taken(seen(None, body(7, holderIdentity="a", leaseTransitions=3), 100), "a", NOW)
    assert patch["metadata"] == {"resourceVersion": "7"}
    assert set(patch["spec"]) == {"holderIdentity", "leaseDurationSeconds", "renewTime"}


@pytest.mark.parametrize(("before", "after"), [(3, 4), (None, 1), ("many", 1)])
def test_a_take_over_is_counted(before: Any, after: int) -> None:
    patch = taken(seen(None, body(7, holderIdentity="b", leaseTransitions=before), 100), "a", NOW)
    assert (patch["spec"]["holderIdentity"], patch["spec"]["leaseTransitions"]) == ("a", after)
    assert patch["spec"]["acquireTime"] == patch["spec"]["renewTime"]


def test_what_is_given_back_is_nobody_s() -> None:
    patch = released(seen(None, body(7, holderIdentity="a"), 100), NOW)
    assert patch["metadata"] == {"resourceVersion": "7"}
    assert patch["spec"]["holderIdentity"] is None
