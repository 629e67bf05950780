"""The figures, and that an independent count of the exported ledger comes to the same ones."""

import io
import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.closure import chain
from forestall.closure.items import HOLD_OFF, items_of
from forestall.closure.report import figures, share, spread, wilson_lower
from forestall.ports import Entry, Row
from tests.unit.closure.histories import History, any_history, at, finding, good, policy
from tests.unit.closure.test_items import CLOSED, DAY
from tools.recount.__main__ import read, recount


def counted(entries: Sequence[Entry], now: float, hold_off: timedelta = HOLD_OFF) -> list[dict[str, Any]]:
    return [one.to_json() for one in figures(items_of(entries, hold_off=hold_off, now=at(now)))]


def exported(entries: Sequence[Entry]) -> str:
    """The ledger of these entries, as it is exported."""
    lines: list[str] = []
    last: Row | None = None
    for entry in entries:
        last = chain.seal(last, entry)
        lines.append(chain.canonical(chain.to_json(last)) + "\n")
    return "".join(lines)


def test_figures_stand_by_type_and_horizon_and_never_together() -> None:
    moved = [
        finding(*CLOSED, name="a"),
        finding((0, "Raised"), name="b"),
        finding((0, "Raised"), name="c", risk=True),
        finding((0, "Raised"), name="d", kind="CrashLoop"),
        finding((0, "Raised"), (1, "Cleared"), name="e"),
        finding(*CLOSED, (60, "Raised"), name="f"),
    ]
    found = counted(History(moved, [good(0, of="a"), good(0, name="q", of="f")]).entries(), now=60)
    assert [(one["type"], one["horizon"], one["items"]) for one in found] == [
        ("CrashLoop", "T0", 1),
        ("ImagePull", "T-1", 1),
        ("ImagePull", "T0", 4),
    ]
    assert found[2] == {
        "type": "ImagePull",
        "horizon": "T0",
        "items": 4,
        "eligible": 3,
        "coverage": 0.75,
        "supervised": {"oneHop": 1, "rate": 0.3333, "lower95": 0.0615, "endToEnd": 0.25},
        "touchless": {"oneHop": 0, "rate": 0.0, "lower95": 0.0, "endToEnd": 0.0},
        "provisional": 1,
        "selfCleared": 1,
        "selfClearedShare": 0.25,
        "closed": 2,
        "wrongClosures": 1,
        "wrongClosureShare": 0.5,
        "unsafeActions": 0,
        "touchesPerItem": 0.6667,
        "seconds": {part: {"n": 2, "p50": 60.0, "p90": 60.0} for part in ("decide", "act", "verify")},
    }


@pytest.mark.parametrize(
    ("successes", "trials", "bound"),
    [(0, 0, None), (0, 10, 0.0), (10, 10, 0.7225), (9, 10, 0.5958), (1, 2, 0.0945), (95, 100, 0.8882)],
)
def test_the_lower_bound_is_wilsons(successes: int, trials: int, bound: float | None) -> None:
    assert wilson_lower(successes, trials) == bound


def test_a_share_of_nothing_is_none_and_no_zero() -> None:
    assert (share(0, 0), share(0, 3), share(2, 3)) == (None, 0.0, 0.6667)


@pytest.mark.parametrize(
    ("seconds", "p50", "p90"), [([], None, None), ([4.0], 4.0, 4.0), ([1.0, 2.0], 1.5, 2.0), ([*range(1, 11)], 5.5, 9)]
)
def test_times_are_given_by_median_and_nearest_rank(
    seconds: Sequence[float], p50: float | None, p90: float | None
) -> None:
    assert spread(seconds) == {"n": len(seconds), "p50": p50, "p90": p90}


@given(st.randoms(use_true_random=False), st.sampled_from((60, DAY, 10 * DAY)), st.sampled_from((0.5, 24.0, 100.0)))
@settings(max_examples=300, derandomize=True, deadline=None)
def test_an_independent_count_of_the_exported_ledger_comes_to_the_same_figures(
    chance: Random, now: float, hours: float
) -> None:
    entries = any_history(chance).entries()
    chance.shuffle(entries)
    rows = read(io.StringIO(exported(entries)))
    hold_off = timedelta(hours=hours)
    assert recount(rows, hold_off, at(now)) == counted(entries, now, hold_off)


def test_the_random_histories_hold_every_kind_of_item() -> None:
    chance = Random(1)  # noqa: S311 - it chooses among histories, and keeps no secret
    found = [one for _ in range(600) for one in counted(any_history(chance).entries(), now=2 * DAY)]
    for name in ("provisional", "selfCleared", "wrongClosures", "unsafeActions"):
        assert sum(one[name] for one in found) > 10, name
    for series in ("supervised", "touchless"):
        assert sum(one[series]["oneHop"] for one in found) > 5, series


def test_the_independent_count_refuses_a_ledger_that_was_changed() -> None:
    lines = exported(History([finding(*CLOSED)], under=policy()).entries()).splitlines()
    changed = json.loads(lines[1])
    changed["body"]["severity"] = "warning"
    with pytest.raises(ValueError, match="row 2 does not hold"):
        read([lines[0], json.dumps(changed), *lines[2:]])
