"""Which checks there are, and which explain which."""

from __future__ import annotations

from typing import get_args

import pytest

from forestall.api.inspectionpolicy import Check
from forestall.inspection.checks.catalogue import CATALOGUE
from forestall.ports import Json
from forestall.twin.live import PARSERS
from tests.unit.inspection.checks.signs import crashing, found
from tests.unit.twin.objects import deployment, web


def test_every_check_that_a_policy_can_name_is_there_and_reads_what_the_twin_is_fed_with() -> None:
    assert set(CATALOGUE) == set(get_args(Check))
    assert {kind for entry in CATALOGUE.values() for kind in entry.reads} <= set(PARSERS)


def test_no_check_explains_itself_in_a_circle() -> None:
    left = dict(CATALOGUE)
    while left:
        free = [check for check, entry in left.items() if not entry.causes & set(left)]
        assert free
        for check in free:
            del left[check]


def stuck() -> list[Json]:
    """A rollout that is given up, since its only pod is killed again and again for its memory."""
    told = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    return [*web(), {**deployment(), "status": {"conditions": [told]}}, crashing(reason="OOMKilled", code=137)]


@pytest.mark.parametrize("check", ["CrashLoop", "StuckRollout", "NoReadyEndpoints"])
def test_what_a_cause_explains_is_a_symptom_only_where_the_cause_is_not_looked_for(check: Check) -> None:
    assert len(found(check, stuck())) == 1
    assert found(check, stuck(), "OutOfMemory") == ()
    assert len(found("OutOfMemory", stuck(), check)) == 1


def test_a_cause_in_one_workload_explains_nothing_of_another() -> None:
    other = {**deployment("api"), "status": stuck()[-2]["status"]}

    assert len(found("StuckRollout", [*stuck(), other], "OutOfMemory")) == 1
