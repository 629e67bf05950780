"""`status` says how the policies do, what is open, where the plans stand, and the closure with its denominator."""

import json

from forestall.api.inspectionpolicy import Closure
from forestall.cli.status import closure_text
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding, plan, policy
from tests.unit.cli.running import golden, run, text_of


def test_the_overview_is_written_as_agreed() -> None:
    cluster = Cluster([policy(), finding(), finding("old", state="Closed"), plan(), plan("done", phase="Succeeded")])
    result = run(cluster, "status")
    assert result.exit_code == 0
    assert text_of(result) == golden("status")


def test_json_counts_open_findings_and_plans_and_sums_the_closure_of_all_policies() -> None:
    other = policy("db", closure={"eligible": 2, "oneHop": 1})
    cluster = Cluster([policy(), other, finding(), finding("gone", state="Cleared"), plan(), plan("b")])
    answer = json.loads(run(cluster, "status", "--output", "json").stdout)
    assert answer["openFindings"] == [{"class": "Problem", "severity": "major", "count": 1}]
    assert answer["plans"] == {"PendingApproval": 2}
    assert answer["closure"] == {"eligible": 6, "oneHop": 4, "series": "Supervised", "provisional": True}
    assert [one["name"] for one in answer["policies"]] == ["db", "web"]
    assert answer["policies"][1]["goals"][1]["trigger"] == "node/worker-2"


def test_a_policy_not_yet_inspected_is_unknown_and_not_fine() -> None:
    fresh = {**policy(), "status": {}}
    row = next(line for line in run(Cluster([fresh]), "status").stdout.splitlines() if " web " in line)
    assert row.split() == ["shop", "web", "Unknown", "Unknown", "Unknown", "-", "0"]


def test_an_empty_namespace_says_that_nothing_is_inspected() -> None:
    assert "none: nothing is inspected here" in run(Cluster(), "status").stdout


def test_only_the_namespace_asked_for_is_shown_unless_all_are() -> None:
    elsewhere = policy("far")
    elsewhere["metadata"]["namespace"] = "elsewhere"
    cluster = Cluster([policy(), elsewhere])
    assert "far" not in run(cluster, "status").stdout
    assert "far" in run(cluster, "status", "--all-namespaces").stdout


def test_the_closure_has_no_rate_without_a_denominator() -> None:
    assert closure_text(Closure(eligible=4, one_hop=3)) == "3 of 4 (supervised, provisional)"
    assert closure_text(Closure()) == "no finding is eligible yet"
