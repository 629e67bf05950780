"""A scan shared out gives what one process gives; what no range can have given is not believed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.twin.analyses import Kind, contingency, examine, merge, partial_to_json, scenarios
from forestall.twin.analyses.shards import accepted, shards
from tests.unit.twin.analyses.networks import IP, at_risk, cable, carried, link, topology

GIVEN = topology(
    [cable(ends, 1, 4.0) for ends in ("a-b", "b-c", "c-d", "a-d")],
    [carried("a-c", 6.0), carried("b-d", 1.0)],
    groups=[at_risk("trench", [link("a-b"), link("c-d")], probability=0.1)],
)
KINDS: tuple[Kind, ...] = ("node", "link", "group")
PAIRS = scenarios(GIVEN, IP, KINDS, order=2)
GROUND = examine(GIVEN, PAIRS, range(0))
PART = range(9, 30)


def told(part: range) -> Any:
    """What a process says of a range, as it travels."""
    return json.loads(json.dumps(partial_to_json(examine(GIVEN, PAIRS, part))))


def test_ranges_are_of_one_size_but_for_the_last_and_leave_nothing_out() -> None:
    assert shards(7, 3) == [range(3), range(3, 6), range(6, 7)]
    assert shards(6, 3) == [range(3), range(3, 6)]


@settings(max_examples=30, derandomize=True, deadline=None)
@given(size=st.integers(1, len(PAIRS) + 5), order=st.randoms(use_true_random=False))
def test_however_it_is_shared_out_the_answer_is_that_of_one_process(size: int, order: Any) -> None:
    parts = [accepted(told(part), part, PAIRS, GROUND) for part in shards(len(PAIRS), size)]
    order.shuffle(parts)
    assert merge([GROUND, *parts]) == contingency(GIVEN, PAIRS)


@pytest.mark.parametrize("lost", range(4))
def test_a_range_that_is_missing_is_named_and_the_sum_never_holds(lost: int) -> None:
    ranges = shards(len(PAIRS), 12)
    found = merge(
        [GROUND, *(accepted(told(part), part, PAIRS, GROUND) for place, part in enumerate(ranges) if place != lost)]
    )
    assert found.missing == ((ranges[lost].start, ranges[lost].stop),)
    assert found.verdict != "Holds"
    assert found.counts.scanned + len(ranges[lost]) == found.of


def test_of_nothing_nothing_is_known_but_how_it_is_today() -> None:
    found = merge([GROUND])
    assert (found.counts.scanned, found.missing) == (0, ((0, len(PAIRS)),))
    assert found.today == contingency(GIVEN, PAIRS).today


LIES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "another range": ("of the scenarios from 8", lambda found: found.update(first=8)),
    "another topology": ("of another topology", lambda found: found.update(topology="sha256:1")),
    "other scenarios": ("of other scenarios", lambda found: found.update(scenarios="sha256:1")),
    "fewer scenarios": (
        "its counts",
        lambda found: found["counts"].update(scanned=20, holding=found["counts"]["holding"] - 1),
    ),
    "failures that are not named": ("does not name", lambda found: found["failures"].pop()),
    "errors that are not named": (
        "does not name",
        lambda found: found["counts"].update(errors=1, holding=found["counts"]["holding"] - 1),
    ),
    "more proofs than hold": (
        "its counts",
        lambda found: found["counts"].update(pruned=found["counts"]["holding"] + 1),
    ),
    "more pairs than fail": ("its counts", lambda found: found["counts"].update(joint=found["counts"]["failed"] + 1)),
    "a failure twice": ("named twice", lambda found: found["failures"].__setitem__(1, found["failures"][0])),
    "a failure of another range": (
        "a scenario is of another range",
        lambda found: found["failures"][0].update(index=1),
    ),
    "another failure": (
        "scenario 10 is another one",
        lambda found: found["failures"][0]["scenario"].update(elements=[["NetworkNode", "ip", "z"]]),
    ),
    "a failure that does no harm": (
        "does no harm",
        lambda found: found["failures"][0].update(lost=0.0, overloads=0, overloaded=[]),
    ),
    "a loss that is no number": ("a loss is no number", lambda found: found["failures"][0].update(lost="nan")),
    "a loss below nothing": ("a loss is no number", lambda found: found["failures"][0].update(lost=-1.0)),
    "a loss beyond all": ("a loss is no number", lambda found: found["failures"][0].update(ended="inf")),
    "overloads that are not named": ("overloaded links", lambda found: found["failures"][0].update(overloads=99)),
    "a link that is none": ("is no link", lambda found: found["worst"][0].update(link=["NetworkLink", "ip", "z"])),
    "a link twice": ("a link is named twice", lambda found: found["worst"].append(found["worst"][0])),
    "a link without a cause": ("no cause", lambda found: found["worst"][0].update(culprits=[])),
    "a cause of another range": (
        "a cause is of another range",
        lambda found: found["worst"][0]["culprits"][0].__setitem__(0, 1),
    ),
    "another cause": ("is another one", lambda found: found["worst"][0]["culprits"][0].__setitem__(1, [])),
    "a utilisation below nothing": (
        "a utilisation is no number",
        lambda found: found["worst"][0]["culprits"][0].__setitem__(2, -1.0),
    ),
    "a negative loss": ("a loss is negative", lambda found: found.update(expected_loss="-1/2")),
    "a loss of a billion digits": ("no partial answer", lambda found: found.update(expected_loss="1e1000000000")),
    "no counts": ("no partial answer", lambda found: found.pop("counts")),
}


@pytest.mark.parametrize(("reason", "lie"), LIES.values(), ids=LIES.keys())
def test_what_no_range_can_have_given_is_refused(reason: str, lie: Callable[[Any], object]) -> None:
    found = told(PART)
    assert found["failures"]
    assert found["worst"]
    lie(found)
    with pytest.raises(ValueError, match=reason):
        accepted(found, PART, PAIRS, GROUND)


def test_a_single_loss_is_no_pair() -> None:
    part = range(9)
    found = told(part)
    found["failures"][0].update(joint=True)
    with pytest.raises(ValueError, match="is no pair"):
        accepted(found, part, PAIRS, GROUND)


def test_what_is_the_same_for_all_ranges_is_not_taken_from_outside() -> None:
    found = told(PART)
    found.update(is_known=True, caveats=["trust me"], network="other", today={"lost": 9.0, "overloaded": []})
    assert accepted(found, PART, PAIRS, GROUND) == examine(GIVEN, PAIRS, PART)


@pytest.mark.parametrize("given", [[], "text", 7, None, {"counts": []}])
def test_what_is_no_object_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="no partial answer"):
        accepted(given, PART, PAIRS, GROUND)
