"""What is too much for one process: asked once, the same answer from shards, and no pass while any is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from forestall.inspection import scans
from forestall.inspection.inspect import inspect
from forestall.inspection.report import Report
from forestall.inspection.scans import Reconciliation, Scan, Scans, Standing, examined, scan_of, wanted
from forestall.twin.analyses import contingency as all_of
from forestall.twin.analyses import partial_to_json, scenarios
from forestall.twin.topology import Topology
from tests.unit.inspection.networked import RING, contingency, twin, watch
from tests.unit.inspection.scenes import NOW, only
from tests.unit.twin.networks import BACKBONE, demand, fan

TIGHT = RING.with_demands([demand("a", "b", 7e9)])
ASKED = contingency("Node", "Link", "Pairs")
MOST = 30


def scan(topology: Topology = TIGHT, most: int = MOST) -> Scan:
    found = scan_of(topology, BACKBONE, ("Node", "Link", "Pairs"), 1.0, most)
    assert found is not None
    return found


def told(topology: Topology, shard: int) -> Any:
    return json.loads(json.dumps(partial_to_json(examined(topology, scan(topology), shard))))


def looked(topology: Topology, standing: Standing | None = None, most: int = MOST) -> Report:
    view = twin(topology)
    known = {scan(view.topology, most): standing} if standing else {}
    return inspect(watch(inspections=[ASKED]), view, {}, {}, NOW, scans=Scans(most, known))


def added_up(topology: Topology, *missing: int) -> Standing:
    """What the shards of the twin's topology come to, without those that are missing."""
    whole = twin(topology).topology
    total = Reconciliation(whole, scan(whole))
    for shard in range(len(scan(whole).shards)):
        if shard not in missing:
            total.take(shard, told(whole, shard))
    return Standing(f"shards {missing} are missing" if missing else "", total.found)


def test_what_one_process_can_take_is_no_scan() -> None:
    assert scan_of(TIGHT, BACKBONE, ("Node", "Link", "Pairs"), 1.0, 36) is None
    assert scan(most=35).of == 36


def test_what_cannot_be_asked_is_no_scan() -> None:
    assert scan_of(TIGHT, "nowhere", ("Pairs",), 1.0, 1) is None


def test_what_is_too_much_for_shards_as_well_is_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "MOST_SHARDS", 0)
    assert scan_of(TIGHT, BACKBONE, ("Pairs",), 1.0, MOST + 1) is None


def test_shards_are_a_quarter_of_what_one_process_takes_and_a_hundred_at_most() -> None:
    assert [len(part) for part in scan().shards] == [8, 8, 8, 8, 4]
    assert [len(part) for part in scan(most=1).shards] == [1] * 36


def test_a_question_travels() -> None:
    assert Scan.from_json(json.loads(json.dumps(scan().to_json()))) == scan()


@pytest.mark.parametrize(
    "change",
    [{"kinds": ["planet"]}, {"size": 0}, {"of": 0}, {"of": 10_000, "size": 1}, {"limit": "much"}, {"more": 1}],
    ids=str,
)
def test_what_is_no_question_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no scan"):
        Scan.from_json({**scan().to_json(), **change})


def test_a_policy_wants_each_scan_once() -> None:
    policy = watch(inspections=[ASKED, {**ASKED, "name": "again"}, {**contingency("Link"), "name": "n-1-links"}])
    assert wanted(policy, TIGHT, MOST) == [scan()]


def test_shards_add_up_to_what_one_process_finds() -> None:
    assert added_up(TIGHT).found == all_of(twin(TIGHT).topology, scenarios(twin(TIGHT).topology, BACKBONE, order=2))
    by_shards, alone = looked(TIGHT, added_up(TIGHT)), looked(TIGHT, most=36)
    assert by_shards.observations
    assert (by_shards.observations, by_shards.counts) == (alone.observations, alone.counts)
    assert by_shards.undecided == alone.undecided == frozenset()


@pytest.mark.parametrize("shard", [-1, 5])
def test_there_is_no_shard_beyond_the_last(shard: int) -> None:
    with pytest.raises(ValueError, match="there are 5"):
        examined(TIGHT, scan(), shard)


def test_a_shard_of_another_topology_is_not_examined() -> None:
    with pytest.raises(ValueError, match="of another topology"):
        examined(RING, scan(), 0)


def test_a_scan_that_has_not_begun_is_an_error_of_all_losses() -> None:
    found = looked(fan(1e9))
    [count] = found.counts
    assert (count.scanned, count.failed, count.errors) == (45, 0, 45)
    assert count.message == "45 losses were not judged: their scan by Jobs has not begun"
    assert found.undecided == {"n-1/backbone"}


def test_how_it_is_today_needs_no_scan() -> None:
    full = RING.with_demands([demand("a", "b", 12e9)])
    seen = only(looked(full, Standing("0 of 5 shards of their scan are done")))
    assert (seen.finding_class, seen.message) == ("Problem", "network backbone loses demand or overloads links")
    assert seen.evidence[-1].message.startswith("0 losses examined.")


@pytest.mark.parametrize("missing", range(6))
def test_a_shard_that_is_missing_is_an_error_and_never_a_pass(missing: int) -> None:
    found = looked(fan(1e9), added_up(fan(1e9), missing))
    [count] = found.counts
    assert (count.failed, count.errors) == (0, [8, 8, 8, 8, 8, 5][missing])
    assert count.message.endswith(f"shards ({missing},) are missing")
    assert found.undecided == {"n-1/backbone"}
    assert looked(fan(1e9), added_up(fan(1e9))).counts[0].errors == 0


def test_what_is_known_of_a_scan_with_a_gap_is_told() -> None:
    found = looked(TIGHT, added_up(TIGHT, 4))
    assert only(found).finding_class == "Risk"
    assert found.counts[0].errors == 4


def test_a_scan_of_another_snapshot_says_nothing() -> None:
    other = replace(added_up(TIGHT))
    report = inspect(
        watch(inspections=[ASKED]), twin(fan(1e9)), {}, {}, NOW, scans=Scans(MOST, {scan(twin(TIGHT).topology): other})
    )
    assert report.counts[0].errors == 45


def test_what_was_found_a_while_ago_is_told_with_its_time_beside_how_it_is_now() -> None:
    before, full = added_up(TIGHT), RING.with_demands([demand("a", "b", 12e9)])
    report = looked(full, replace(before, as_of=NOW))
    seen, then = only(report), only(looked(TIGHT, before))
    assert (seen.finding_class, then.finding_class) == ("Problem", "Risk")
    assert seen.message == f"network backbone loses demand or overloads links; {then.message}"
    told = "36 losses examined. They were examined in the network as it was at 2030-01-01 12:00:00 UTC; it has changed"
    assert seen.evidence[-1].message.startswith(told)
    assert (report.counts[0].errors, report.undecided) == (0, frozenset())


def test_a_pass_of_a_while_ago_is_one_until_the_next_scan_has_ended() -> None:
    report = looked(fan(2e9), replace(added_up(fan(1e9)), as_of=NOW))
    assert (report.counts[0].failed, report.counts[0].errors, report.undecided) == (0, 0, frozenset())


def test_a_gap_of_a_while_ago_is_no_pass() -> None:
    report = looked(fan(2e9), replace(added_up(fan(1e9), 2), as_of=NOW))
    assert (report.counts[0].errors, report.undecided) == (8, frozenset({"n-1/backbone"}))
    assert report.counts[0].message == "8 losses were not judged: shards (2,) are missing"


def test_two_questions_about_the_same_losses_are_one_whatever_the_values_are() -> None:
    busier = scan(RING)
    assert busier != scan(TIGHT)
    assert busier.asks_the_same(scan(TIGHT))
    assert not busier.asks_the_same(replace(scan(TIGHT), limit=0.5))
    assert not scan(fan(1e9)).asks_the_same(scan(TIGHT))
