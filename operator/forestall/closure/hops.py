"""What counts as closed in one hop: the one rule, for the ledger's items and for a finding's own status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Hop(NamedTuple):
    """What counts of one plan that answered a finding."""

    ran: bool
    """Whether a Job of one of its steps was on record."""
    decided_on: bool
    """Whether a person approved or rejected it."""
    succeeded: bool
    """Whether it ended verified, with nothing undone."""
    acted: bool
    """Whether one of its Jobs did anything: one that finds all as wanted has closed nothing."""


def missed(hops: Sequence[Hop], *, in_hand: bool) -> str:
    """Why what is closed was not closed in one hop; empty where it was. `in_hand`: a person has had it.

    A plan that ended before anybody decided on it is no hop.
    """
    counted = [hop for hop in hops if hop.ran or hop.decided_on]
    if in_hand:
        return "handed to a person"
    if len(counted) != 1:
        return f"{len(counted)} plans were decided on or ran"
    if not (counted[0].ran and counted[0].succeeded):
        return "its plan was not verified"
    return "" if counted[0].acted else "its plan found nothing to do"
