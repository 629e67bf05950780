"""What every answer of the twin says of itself: its verdict, the topology that it was asked of, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["Holds", "Fails", "Unknown"]
"""Unknown is never a pass: something that the question needs is not known."""

ROUTING: Final = (
    "Routes are shortest paths of an interior gateway protocol with equal split per hop; BGP, segment routing and"
    " policy are left out."
)
STEADY: Final = "Only steady states are judged: no micro-loops and no losses on the way to them."
PARALLEL: Final = "Over parallel links traffic is split per link."
ROUTED: Final = (ROUTING, STEADY, PARALLEL)
"""What limits all answers about routed traffic."""

MOST: Final = 10
"""Counterexamples of one kind that an answer names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is common to all answers."""

    verdict: Verdict
    topology: str
    """Id of the topology that was asked about."""
    caveats: tuple[str, ...]
    """What the model leaves out, and which data were missing."""


def verdict(*, fails: bool, known: bool) -> Verdict:
    """Fails where there is a counterexample; else Holds, if all is known that the question needs."""
    if fails:
        return "Fails"
    return "Holds" if known else "Unknown"


def all_of(*verdicts: Verdict) -> Verdict:
    """Fails where one fails, Holds where all hold."""
    return verdict(fails="Fails" in verdicts, known="Unknown" not in verdicts)
