"""`plans` puts each plan on one line, and with --pending only those that await a person."""

import json

from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import plan
from tests.unit.cli.running import golden, run, text_of


def test_plans_are_written_as_agreed() -> None:
    quiet = plan("unrendered", phase="Proposed", target=None, riskClass=None, prediction=None)
    result = run(Cluster([plan(), quiet, plan("done", phase="Succeeded")]), "plans")
    assert result.exit_code == 0
    assert text_of(result) == golden("plans")


def test_pending_leaves_out_what_awaits_nobody() -> None:
    cluster = Cluster([plan("a"), plan("b", phase="Executing"), plan("c", phase="Proposed")])
    answer = json.loads(run(cluster, "plans", "--pending", "-o", "json").stdout)
    assert [(one["name"], one["waitingSince"]) for one in answer["plans"]] == [("a", "2026-01-05T10:00:00Z")]


def test_no_plans_is_said_so() -> None:
    assert run(Cluster(), "plans").stdout == "no plans\n"


def test_one_plan_that_cannot_be_understood_does_not_hide_the_others() -> None:
    result = run(Cluster([plan("future", phase="Levitating"), plan("present")]), "plans")
    assert result.exit_code == 0
    assert "present" in result.stdout
    assert "future" not in result.stdout
    assert "RemediationPlan future cannot be understood: status.phase" in result.stderr
