"""`twin contingency`: which failures lose demand or overload links, and the worst case of each link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.cli.twins.figures import finite, listed, named, rate, use
from forestall.cli.twins.showing import caveats
from forestall.ports import Json
from forestall.twin.analyses.contingency import examine, merge
from forestall.twin.analyses.outcomes import Contingency, Outcome, WorstCase
from forestall.twin.analyses.scenarios import Kind, scenarios
from forestall.twin.topology import Topology


class Scope(StrEnum):
    """What may fail."""

    NODE = "node"
    LINK = "link"
    SITE = "site"
    GROUP = "group"
    PAIRS = "pairs"


KINDS: Final[dict[Scope, Kind]] = {
    Scope.NODE: "node",
    Scope.LINK: "link",
    Scope.SITE: "site",
    Scope.GROUP: "group",
}
SINGLE: Final = (Scope.NODE, Scope.LINK)
"""Any node and any link, one at a time."""
PART: Final = 2000
"""Scenarios between two looks at how much is done."""


def examined(screen: Screen, topology: Topology, network: str, scopes: Sequence[Scope], limit: float) -> Contingency:
    """Judge all scenarios of the scopes, and tell how far it is. Raises Failure where that cannot be.

    With `Scope.PAIRS`: all pairs of what the other scopes hold, or else of nodes and links.
    """
    kinds = [KINDS[scope] for scope in scopes if scope is not Scope.PAIRS] or [KINDS[scope] for scope in SINGLE]
    try:
        found = scenarios(topology, network, kinds, order=2 if Scope.PAIRS in scopes else 1)
        parts = []
        with screen.progress("failures", len(found)) as advance:
            for first in range(0, max(len(found), 1), PART):
                part = range(first, min(first + PART, len(found)))
                parts.append(examine(topology, found, part, limit=limit))
                advance(len(part))
        return merge(parts)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"network {network} cannot be examined: {error}", "mend the document") from error


def render(screen: Screen, topology: Topology, found: Contingency, limit: float, top: int) -> None:
    """Write counts, the failures that matter most and the worst case of each link."""
    screen.title(f"Network {found.network}, snapshot {found.topology}", "bold")
    counts = found.counts
    proved = f", {counts.pruned} of them without routing" if counts.pruned else ""
    screen.line(f"{counts.scanned} failures examined: {counts.holding} hold{proved}, {counts.failed} do not")
    if counts.errors:
        screen.line(f"{counts.errors} could not be judged, the first because {found.errors[0][1]}", "bold red")
    if counts.joint:
        screen.line(f"{counts.joint} are pairs of which neither fails alone")
    if found.today.lost or found.today.overloaded:
        screen.line(
            f"today already {rate(found.today.lost)} lost, {len(found.today.overloaded)} links overloaded", "red"
        )
    if found.failures:
        screen.heading("Failures, the worst first")
        screen.table(
            ("FAILS", "KIND", "LOST", "OVERLOADED", "FULLEST LINK", "UTILISATION"),
            [_failure(topology, outcome) for outcome in found.failures[:top]],
        )
    if found.worst:
        screen.heading("Worst case of each link, the fullest first")
        screen.table(
            ("LINK", "TODAY", "WORST", "WHEN THIS FAILS"), [_worst(topology, one) for one in found.worst[:top]]
        )
    screen.heading(f"Verdict: {found.verdict}")
    screen.line(_reason(found, limit))
    caveats(screen, found.caveats)


def _reason(found: Contingency, limit: float) -> str:
    match found.verdict:
        case "Holds":
            return f"after each failure all demand is carried, and no link is used above {use(limit)}"
        case "Fails":
            return f"after some failures demand is lost, or links are used above {use(limit)}"
        case "Unknown":
            return "no failure does harm that is known of, but demands are missing, or not all could be judged"


def _failure(topology: Topology, outcome: Outcome) -> Sequence[str]:
    peak = outcome.peak
    return (
        listed(topology, outcome.scenario.elements),
        outcome.scenario.kind,
        rate(outcome.lost),
        str(outcome.overloads),
        named(topology, peak.link) if peak else "-",
        use(peak.utilisation if peak else None),
    )


def _worst(topology: Topology, case: WorstCase) -> Sequence[str]:
    causes = "; ".join(_causes(topology, case))
    return named(topology, case.link), use(case.today), use(case.utilisation), causes


def _causes(topology: Topology, case: WorstCase) -> Iterator[str]:
    """What brings it about: all that are as bad as the worst, up to three."""
    worst = [one for one in case.culprits if one.utilisation >= case.utilisation * (1 - 1e-9)]
    return (listed(topology, one.elements) for one in worst[:3])


def require(found: Contingency) -> None:
    """Raise Failure unless every failure holds."""
    if found.verdict == "Fails":
        raise Failure(Exit.ERROR, f"it does not hold: harm is done by {found.counts.failed} of {found.counts.scanned}")
    if found.verdict == "Unknown":
        raise Failure(Exit.NOT_NOW, "whether it holds is not known", "mend the demands: see twin show")


def to_json(found: Contingency) -> Json:
    """The answer as one JSON object."""
    counts = found.counts
    return {
        "verdict": found.verdict,
        "snapshot": found.topology,
        "network": found.network,
        "scanned": counts.scanned,
        "holding": counts.holding,
        "failed": counts.failed,
        "errors": counts.errors,
        "joint": counts.joint,
        "expectedLoss": finite(found.expected_loss),
        "failures": [_failure_json(outcome) for outcome in found.failures],
        "worst": [_worst_json(case) for case in found.worst],
        "caveats": list(found.caveats),
    }


def _failure_json(outcome: Outcome) -> Json:
    return {
        "elements": [str(key) for key in outcome.scenario.elements],
        "kind": outcome.scenario.kind,
        "probability": outcome.scenario.probability,
        "lost": finite(outcome.lost),
        "ended": finite(outcome.ended),
        "maxUtilisation": finite(outcome.peak.utilisation) if outcome.peak else None,
        "overloaded": [{"link": str(one.link), "utilisation": finite(one.utilisation)} for one in outcome.overloaded],
        "joint": outcome.joint,
    }


def _worst_json(case: WorstCase) -> Json:
    return {
        "link": str(case.link),
        "today": finite(case.today),
        "utilisation": finite(case.utilisation),
        "culprits": [
            {"elements": [str(key) for key in one.elements], "utilisation": finite(one.utilisation)}
            for one in case.culprits
        ],
    }
