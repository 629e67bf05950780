"""The operator's right to delete reaches what nobody needs any more, and no further: on a real API server."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from forestall.api.remediationplan import TERMINAL
from tests.api.installation import OPERATOR, Installation, finding, findings, install, job, jobs, plan, plans
from tests.api.person import expect
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

LIVE = ("Proposed", "PendingApproval", "Approved", "Preflight", "Executing", "Soaking", "Blocked", "RollingBack")
ENDED = "the operator removes only plans that have ended"
RESTING = "the operator removes only findings at rest"
SUSPENDED = "the operator removes only Jobs that are suspended"


@pytest.fixture(scope="module")
def world(cluster: ApiTier) -> Iterator[Installation]:
    with install(cluster) as installation:
        expect(installation["operator"].create(findings(), finding("probe")), None)
        path = findings("probe")

        def refused() -> bool:
            answer = installation["operator"].send("DELETE", path, query={"dryRun": "All"})
            return RESTING in answer.message

        wait_until("the policy forestall-retention to be enforced", refused)
        yield installation


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"kept-{number}" for number in count())


def of_phase(world: Installation, name: str, phase: str) -> str:
    """The path of a plan in that phase; without one, of a plan that has no status yet."""
    operator = world["operator"]
    expect(operator.create(plans(), plan(name, proposer=OPERATOR)), None)
    if phase:
        expect(operator.patch(f"{plans(name)}/status", {"status": {"phase": phase}}), None)
    return plans(name)


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_plans_that_have_ended_may_go(world: Installation, names: Iterator[str], phase: str) -> None:
    expect(world["operator"].send("DELETE", of_phase(world, next(names), phase)), None)


@pytest.mark.parametrize("phase", [*LIVE, ""])
def test_no_other_plan_may(world: Installation, names: Iterator[str], phase: str) -> None:
    expect(world["operator"].send("DELETE", of_phase(world, next(names), phase)), ENDED)


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ("Open", RESTING),
        ("Planned", RESTING),
        ("Escalated", RESTING),
        ("", RESTING),
        ("Cleared", None),
        ("Closed", None),
    ],
)
def test_only_findings_at_rest_may_go(
    world: Installation, names: Iterator[str], state: str, refusal: str | None
) -> None:
    operator, name = world["operator"], next(names)
    expect(operator.create(findings(), finding(name)), None)
    if state:
        expect(operator.patch(f"{findings(name)}/status", {"status": {"state": state}}), None)
    expect(operator.send("DELETE", findings(name)), refusal)


@pytest.mark.parametrize(("suspend", "refusal"), [(True, None), (False, SUSPENDED)])
def test_only_suspended_jobs_may_go(
    world: Installation, names: Iterator[str], suspend: bool, refusal: str | None
) -> None:
    made: dict[str, Any] = job(next(names))
    made["spec"]["suspend"] = suspend
    expect(world["operator"].create(jobs(), made), None)
    expect(world["operator"].send("DELETE", jobs(made["metadata"]["name"])), refusal)


def test_people_delete_what_their_rights_allow(world: Installation, names: Iterator[str]) -> None:
    expect(world["bob"].send("DELETE", of_phase(world, next(names), "Executing")), None)
