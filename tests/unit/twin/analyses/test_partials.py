"""Partial answers as JSON: written, read and merged they say what they said."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from forestall.twin.analyses import Kind, contingency, examine, merge, partial_from_json, partial_to_json, scenarios
from tests.unit.twin.analyses.networks import IP, at_risk, cable, carried, link, topology

GIVEN = topology(
    [cable(ends, 1, 4.0) for ends in ("a-b", "b-c", "c-d", "a-d")],
    [carried("a-c", 6.0)],
    groups=[at_risk("trench", [link("a-b"), link("c-d")], probability=0.1)],
)
KINDS: tuple[Kind, ...] = ("node", "link", "group")


def test_what_was_written_and_read_is_merged_to_the_same_answer() -> None:
    given = scenarios(GIVEN, IP, KINDS, order=2)
    texts = [
        json.dumps(partial_to_json(examine(GIVEN, given, range(first, min(first + 9, len(given))))))
        for first in range(0, len(given), 9)
    ]
    assert merge(partial_from_json(json.loads(text)) for text in texts) == contingency(GIVEN, given)


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(partial_to_json(examine(GIVEN, scenarios(GIVEN, IP, KINDS)))))
    change(found)
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.pop("counts"),
        lambda found: found.update(failures=[{}]),
        lambda found: found.update(expected_loss="1/0"),
        lambda found: found["counts"].update(holding=99),
        lambda found: found["counts"].update(more=1),
        lambda found: found["worst"][0].update(link=["abc"]),
    ],
)
def test_what_is_no_partial_answer_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(ValueError, match="no partial answer"):
        partial_from_json(broken(change))


def test_a_part_that_leaves_scenarios_out_is_refused() -> None:
    given = broken(lambda found: found.update(first=0, stop=found["stop"] - 1))
    with pytest.raises(ValueError, match="does not account for all"):
        merge([partial_from_json(given)])
