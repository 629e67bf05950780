"""`findings` puts each open finding on one line, and with --all those that are at rest, too."""

import json

from forestall.ports import Json
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding
from tests.unit.cli.running import run, text_of

HELD: Json = {"assignee": {"kind": "Human", "name": "ann"}, "detectedAt": "2026-01-05T10:00:00Z"}


def test_a_finding_is_one_line() -> None:
    head, row = text_of(run(Cluster([finding(**HELD)]), "findings")).splitlines()
    assert " ".join(head.split()) == "NAMESPACE NAME CLASS SEVERITY STATE RESOURCE GOALS SINCE ASSIGNEE MESSAGE"
    assert row.split()[:6] == ["shop", "imagepull-web-1", "Problem", "major", "Planned", "Deployment"]
    assert row.endswith("ready  12m    ann       2 of 3 pods cannot pull shop:broken")


def test_what_is_at_rest_is_shown_when_asked_for() -> None:
    cluster = Cluster([finding("a"), finding("b", state="Closed"), finding("c", state="Cleared")])
    names = [one["name"] for one in json.loads(run(cluster, "findings", "-o", "json").stdout)["findings"]]
    assert names == ["a"]
    everything = json.loads(run(cluster, "findings", "--all", "-o", "json").stdout)["findings"]
    assert [(one["name"], one["state"]) for one in everything] == [("a", "Planned"), ("b", "Closed"), ("c", "Cleared")]


def test_json_says_who_has_it_and_what_is_affected() -> None:
    (one,) = json.loads(run(Cluster([finding(**HELD)]), "findings", "-o", "json").stdout)["findings"]
    assert (one["assignee"]["name"], one["affectedGoals"], one["policy"]) == ("ann", ["ready"], "web")
    assert one["detectedAt"] == "2026-01-05T10:00:00Z"


def test_no_findings_is_said_so() -> None:
    assert run(Cluster(), "findings").stdout == "no findings\n"
