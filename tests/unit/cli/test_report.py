"""`report` shows the figures by type and horizon, from the objects or from an exported ledger."""

import json
from pathlib import Path
from typing import Any

import pytest

from forestall.closure import chain
from forestall.ports import Entry, Json, Row
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.running import golden, run, text_of
from tests.unit.closure.histories import History, finding, good, policy
from tests.unit.closure.test_items import CLOSED

HISTORY = History(
    [
        finding(*CLOSED, name="a"),
        finding((0, "Raised"), name="b"),
        finding((0, "Raised"), name="c", risk=True),
        finding((0, "Raised"), (1, "Cleared"), name="d"),
        finding(*CLOSED, (4, "Raised"), name="e"),
    ],
    [good(0, of="a"), good(0, name="q", of="e")],
    policy(),
)


def cluster() -> Cluster:
    kept = (HISTORY.under, *HISTORY.findings, *HISTORY.plans)
    return Cluster([{"kind": one.crd.kind, **one.to_json()} for one in kept])


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    path.write_text(lines(HISTORY.entries()))
    return path


def lines(entries: list[Entry]) -> str:
    last: Row | None = None
    told = []
    for entry in entries:
        last = chain.seal(last, entry)
        told.append(chain.canonical(chain.to_json(last)) + "\n")
    return "".join(told)


def answer(*args: str, where: Cluster | None = None) -> Any:
    result = run(where or cluster(), "report", "--output", "json", *args)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_figures_are_written_as_agreed() -> None:
    result = run(cluster(), "report")
    assert result.exit_code == 0
    assert text_of(result) == golden("report")


def test_objects_and_their_exported_ledger_come_to_one_report(exported: Path) -> None:
    assert answer("--from", str(exported), where=Cluster()) == answer()


def test_json_says_of_each_item_why_it_was_missed() -> None:
    told = answer()
    missed: Json = {item["finding"]: item["missed"] for item in told["items"]}
    assert missed["shop/a"] == ""
    assert missed["shop/b"] == "not closed: Raised"
    assert missed["shop/e"] == "raised again within the hold-off"
    assert told["items"][0]["times"]["verified"] == "2026-01-05T10:03:00.250000Z"
    assert (told["holdOff"], told["at"]) == ("24h", "2026-01-05T10:12:30Z")


def test_only_findings_of_the_namespace_asked_for_are_counted_unless_all_are(exported: Path) -> None:
    entries = HISTORY.entries()
    far = [Entry(one.uid, one.step, one.attempt, one.transition, one.at, {**one.body}) for one in entries]
    for one in far:
        one.body["finding"] = "shopping" + one.body["finding"]
    exported.write_text(lines([*entries, *far]))
    assert len(answer("--from", str(exported))["items"]) == 5
    assert len(answer("--from", str(exported), "--all-namespaces")["items"]) == 10


def test_the_hold_off_decides_what_is_provisional(exported: Path) -> None:
    (late, *_) = [one for one in answer("--hold-off", "5m")["figures"] if one["horizon"] == "T0"]
    (early, *_) = [one for one in answer()["figures"] if one["horizon"] == "T0"]
    assert (late["provisional"], early["provisional"]) == (0, 1)
    result = run(cluster(), "report", "--hold-off", "soon")
    assert (result.exit_code, "--hold-off" in result.stderr) == (2, True)


def test_a_changed_export_is_not_counted(exported: Path) -> None:
    exported.write_text(exported.read_text().replace('"class":"Risk"', '"class":"Problem"'))
    result = run(cluster(), "report", "--from", str(exported))
    assert (result.exit_code, "does not hold" in result.stderr) == (1, True)


def test_without_findings_there_is_no_rate() -> None:
    assert "no finding has been raised yet" in run(Cluster(), "report").stdout
