"""The table of arrows: whole, absorbing where a plan ends, and the page made of it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from forestall.api.remediationplan import TERMINAL, Phase
from forestall.execution.table import ARROWS, MEANINGS, PAGE, page, require

ROOT = Path(__file__).parents[3]


def test_every_phase_has_a_meaning() -> None:
    assert set(MEANINGS) == set(get_args(Phase))


def test_arrows_lead_out_of_every_phase_but_the_ends() -> None:
    assert set(ARROWS) == set(get_args(Phase)) - TERMINAL


def test_every_phase_but_the_first_is_led_to() -> None:
    assert {after for ends in ARROWS.values() for after in ends} == set(get_args(Phase)) - {"Proposed"}


def test_a_person_can_take_a_plan_over_in_every_phase() -> None:
    assert all("Escalated" in ends for ends in ARROWS.values())


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_nothing_leads_out_of_an_end(phase: Phase) -> None:
    require(phase, phase)
    with pytest.raises(RuntimeError, match=f"no arrow leads from {phase} to Proposed"):
        require(phase, "Proposed")


def test_the_page_of_the_checkout_is_up_to_date() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()


def test_the_page_has_a_row_for_each_phase_and_each_arrow() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) == len(get_args(Phase)) + sum(len(ends) for ends in ARROWS.values())
