"""A decision is the caller's own, on the content that was read, and only where the plan's phase allows it."""

import json
from typing import Any

import pytest

from forestall.api.remediationplan import TERMINAL
from forestall.ports import Json, KubeError, Resource
from tests.unit.cli.cluster import ME, Cluster
from tests.unit.cli.objects import DIGEST, finding, network_prediction, plan
from tests.unit.cli.running import run

NAME = "imagepull-web-1-0-1"
APPROVAL = ("forestall-approve", {"forestall.dev/approve": DIGEST, "forestall.dev/approved-by": ME})


class Restless(Cluster):
    """Every object changes as soon as it has been read."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        found = await super().get(resource, namespace, name)
        self.objects[resource.kind, namespace, name]["metadata"]["resourceVersion"] += "0"
        return found


def cluster(**status: Any) -> Cluster:
    return Cluster([finding(), plan(**status)])


def test_approve_writes_the_digest_and_the_name_that_the_server_knows() -> None:
    world = cluster()
    result = run(world, "approve", NAME, "--yes")
    assert result.exit_code == 0
    assert world.patches == [APPROVAL]
    assert "What the twin predicts" in result.stdout
    assert f"Approved by {ME}" in result.stdout
    assert "next, the operator asks every gate again" in result.stdout


def test_json_has_nothing_but_json_on_the_output_and_the_summary_beside_it() -> None:
    result = run(cluster(), "approve", NAME, "--yes", "-o", "json")
    assert json.loads(result.stdout) == {"namespace": "shop", "name": NAME, "approvedBy": ME, "planDigest": DIGEST}
    assert "What is wrong" in result.stderr


def test_a_person_is_asked_and_may_decline() -> None:
    world = cluster()
    assert run(world, "approve", NAME, attended=True, answer="n\n").exit_code == 1
    assert world.patches == []
    assert run(world, "approve", NAME, attended=True, answer="y\n").exit_code == 0
    assert world.patches == [APPROVAL]


def test_without_a_terminal_nothing_is_approved_unless_yes_is_given() -> None:
    world = cluster()
    result = run(world, "approve", NAME, answer="y\n")
    assert result.exit_code == 2
    assert "add --yes" in result.stderr
    assert world.patches == []


def test_a_digest_that_was_reviewed_must_be_the_plans_own() -> None:
    world = cluster()
    result = run(world, "approve", NAME, "--yes", "--digest", "sha256:" + "00" * 32)
    assert result.exit_code == 3
    assert DIGEST in result.stderr
    assert world.patches == []
    assert run(world, "approve", NAME, "--yes", "--digest", DIGEST).exit_code == 0
    assert world.patches == [APPROVAL]


@pytest.mark.parametrize("phase", sorted({*TERMINAL, "Approved", "Preflight", "Executing", "Soaking", "Blocked"}))
def test_a_plan_in_another_phase_cannot_be_approved(phase: str) -> None:
    world = cluster(phase=phase, message="as it stands")
    result = run(world, "approve", NAME, "--yes")
    assert result.exit_code == 3
    assert f"it is {phase} (as it stands)" in result.stderr
    assert "remedy: " in result.stderr
    assert world.patches == []


def test_a_mere_proposal_says_how_it_would_become_approvable() -> None:
    result = run(cluster(phase="Proposed", mode="Propose", planDigest=None), "approve", NAME, "--yes")
    assert result.exit_code == 3
    assert "only proposed (mode Propose)" in result.stderr
    assert "set the mode of the response to Open in inspection policy web" in result.stderr


def test_a_proposal_for_a_network_is_for_people_to_carry_out() -> None:
    proposal = cluster(phase="Proposed", mode="Propose", planDigest=None, prediction=network_prediction())
    result = run(proposal, "approve", NAME, "--yes")
    assert result.exit_code == 3
    assert "carry it out, in its order" in result.stderr


def test_a_plan_without_digest_is_never_approved() -> None:
    world = cluster(planDigest=None)
    assert run(world, "approve", NAME, "--yes").exit_code == 3
    assert world.patches == []


def test_the_servers_refusal_is_shown_in_its_own_words() -> None:
    world = cluster()
    words = "forestall: ann@example.org may not approve plans of inspection policy web"
    world.refusal = KubeError(403, "Forbidden", words)
    result = run(world, "approve", NAME, "--yes")
    assert result.exit_code == 4
    assert f"error: refused by the API server: {words}" in result.stderr


def test_a_plan_that_changed_after_it_was_read_is_not_approved() -> None:
    world = Restless([finding(), plan()])
    result = run(world, "approve", NAME, "--yes")
    assert result.exit_code == 1
    assert "run the command again" in result.stderr
    assert world.patches == []


def test_reject_writes_the_reason_and_the_name() -> None:
    world = cluster()
    result = run(world, "reject", NAME, "--reason", "not on a Friday")
    assert result.exit_code == 0
    rejection = {"forestall.dev/reject": "not on a Friday", "forestall.dev/rejected-by": ME}
    assert world.patches == [("forestall-reject", rejection)]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1025])
def test_a_rejection_has_a_reason_that_can_be_kept(reason: str) -> None:
    world = cluster()
    assert run(world, "reject", NAME, "--reason", reason).exit_code == 2
    assert world.patches == []


@pytest.mark.parametrize("phase", ["Approved", "Preflight", "Blocked"])
def test_what_has_not_run_yet_can_still_be_rejected(phase: str) -> None:
    assert run(cluster(phase=phase), "reject", NAME, "--reason", "no").exit_code == 0


@pytest.mark.parametrize("phase", ["Executing", "Soaking", "RollingBack"])
def test_what_runs_is_taken_over_and_not_rejected(phase: str) -> None:
    world = cluster(phase=phase)
    assert run(world, "reject", NAME, "--reason", "no").exit_code == 3
    result = run(world, "take-over", NAME, "--reason", "I know this one", "-o", "json")
    assert result.exit_code == 0
    facts = {"namespace": "shop", "name": NAME, "takenOverBy": ME, "reason": "I know this one"}
    assert json.loads(result.stdout) == facts
    claim = {"forestall.dev/take-over": "I know this one", "forestall.dev/taken-over-by": ME}
    assert world.patches == [("forestall-take-over", claim)]


def test_a_refused_rejection_says_how_to_take_over() -> None:
    result = run(cluster(phase="Executing"), "reject", NAME, "--reason", "no")
    assert f"kubectl forestall take-over {NAME} --namespace shop" in result.stderr


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_cannot_be_taken_over(phase: str) -> None:
    world = cluster(phase=phase)
    assert run(world, "take-over", NAME, "--reason", "mine").exit_code == 3
    assert world.patches == []


def test_a_take_over_has_a_reason() -> None:
    world = cluster(phase="Executing")
    assert run(world, "take-over", NAME).exit_code == 2
    assert run(world, "take-over", NAME, "--reason", " ").exit_code == 2
    assert world.patches == []


@pytest.mark.parametrize("phase", sorted({*TERMINAL, "Proposed"}))
def test_what_has_ended_or_awaits_nobody_cannot_be_rejected(phase: str) -> None:
    world = cluster(phase=phase)
    assert run(world, "reject", NAME, "--reason", "no").exit_code == 3
    assert world.patches == []
