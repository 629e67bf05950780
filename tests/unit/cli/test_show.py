"""`show` gives a person what a decision needs, and afterwards what became of the plan."""

import json
from typing import Any

from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import DIGEST, finding, network_prediction, plan
from tests.unit.cli.running import golden, run, text_of

NAME = "imagepull-web-1-0-1"
FAILED: dict[str, Any] = {
    "phase": "Failed",
    "message": "goals NotFulfilled after the soak",
    "riskClass": "High",
    "riskReasons": ["carries 3 services, more than 1"],
    "gates": [
        {"gate": "suspend", "ok": True, "reason": "Running"},
        {"gate": "evidence", "ok": False, "reason": "TooOld", "message": "older than 15m"},
    ],
    "approval": {
        "kind": "Human",
        "name": "ann@example.org",
        "digest": DIGEST,
        "observedAt": "2026-01-05T10:01:00Z",
        "expiresAt": "2026-01-05T10:31:00Z",
    },
    "attempts": [
        {
            "step": 0,
            "attempt": 1,
            "jobName": "forestall-u1-0-1",
            "intendedAt": "2026-01-05T10:02:00Z",
            "acceptedAt": "2026-01-05T10:02:01Z",
            "finishedAt": "2026-01-05T10:02:09Z",
            "outcome": "Success",
            "message": "undone to web-5d9f",
        }
    ],
    "verification": {
        "since": "2026-01-05T10:02:09Z",
        "until": "2026-01-05T10:02:39Z",
        "result": "NotFulfilled",
        "message": "ready: 1 of 2 pods",
    },
    "score": {"matched": 1, "total": 3, "message": "ready pods: 3 predicted, 1 seen"},
    "timestamps": {
        "detected": "2026-01-05T09:59:00Z",
        "decided": "2026-01-05T10:01:00Z",
        "acted": "2026-01-05T10:02:09Z",
        "verified": "2026-01-05T10:02:39Z",
    },
}


def test_a_plan_that_waits_is_written_as_agreed() -> None:
    result = run(Cluster([finding(), plan()]), "show", NAME)
    assert result.exit_code == 0
    assert text_of(result) == golden("show-pending")


def test_a_plan_that_failed_says_first_how_to_undo_it() -> None:
    result = run(Cluster([finding(), plan(**FAILED)]), "show", NAME)
    assert result.exit_code == 0
    assert text_of(result) == golden("show-failed")


def test_doing_nothing_stands_first_among_the_candidates() -> None:
    lines = run(Cluster([finding(), plan()]), "show", NAME).stdout.splitlines()
    header = next(index for index, line in enumerate(lines) if line.startswith("CANDIDATE"))
    assert lines[header + 1].startswith("DoNothing")


def test_a_plan_outlives_its_finding() -> None:
    result = run(Cluster([plan()]), "show", NAME)
    assert result.exit_code == 0
    assert "the finding imagepull-web-1 is gone" in result.stdout


def test_json_is_the_stored_objects_and_the_command() -> None:
    answer = json.loads(run(Cluster([finding(), plan()]), "show", NAME, "-o", "json").stdout)
    assert answer["plan"] == plan()
    assert answer["finding"] == finding()
    assert f"forestall.dev/approve={DIGEST}" in answer["approveCommand"]


def test_what_nobody_can_approve_has_no_command() -> None:
    for one in (plan(phase="Stale"), plan(phase="Proposed", planDigest=None)):
        result = run(Cluster([finding(), one]), "show", NAME)
        assert "kubectl annotate" not in result.stdout
        assert "To approve" not in result.stdout


def test_a_plan_without_inverse_is_called_irreversible() -> None:
    assert "irreversible" in run(Cluster([finding(), plan(rollback=[])]), "show", NAME).stdout
    assert "irreversible" not in run(Cluster([finding(), plan()]), "show", NAME).stdout


def test_a_rejection_is_shown_with_its_reason() -> None:
    rejection = {"name": "bob", "reason": "not on a Friday", "time": "2026-01-05T10:01:00Z"}
    text = run(Cluster([finding(), plan(phase="Rejected", rejection=rejection)]), "show", NAME).stdout
    assert "by bob, seen 2026-01-05T10:01:00Z: not on a Friday" in text


def test_a_plan_that_is_not_there_is_an_error_with_a_remedy() -> None:
    result = run(Cluster(), "show", "nowhere")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        'error: remediationplans.forestall.dev "nowhere" not found',
        "remedy: look it up: kubectl forestall plans --all-namespaces",
    ]


def test_a_plan_for_a_network_shows_its_figures_before_during_and_after() -> None:
    shown = plan(prediction=network_prediction(), diff="1. link a-b: metric 1 -> 2")
    text = run(Cluster([finding(), shown]), "show", NAME).stdout
    rows = [line.split() for line in text.splitlines() if line.startswith(("before", "during", "after"))]
    assert rows == [
        ["before", "a-b", "1.2", "0", "1", "of", "5", "link/backbone/a-c", "1.4"],
        ["during", "a-b", "0.9", "0", "0", "of", "5", "-", "-"],
        ["after", "a-b", "0.4", "0", "0", "of", "5", "-", "-"],
    ]
    assert "Routes are shortest paths." in text
    change, inverse = text.index("1. link a-b: metric 1 -> 2\n"), text.index("1. link a-b: metric 2 -> 1\n")
    assert text.index("Change to ") < change < text.index("To take it back, step by step") < inverse
