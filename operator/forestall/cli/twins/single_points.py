"""Single points of failure of a network: what no other element stands in for, by what it cuts off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.cli.twins.figures import counted, finite, named, one_way, rate
from forestall.cli.twins.naming import Names
from forestall.ports import Json
from forestall.twin.analyses.answers import Verdict
from forestall.twin.analyses.layers import layer_of
from forestall.twin.analyses.single_points import SinglePoints, single_points, single_points_from
from forestall.twin.topology import NODE, Topology

_REASONS: Final[dict[Verdict, str]] = {
    "Holds": "whatever single element fails, all others still reach where they must",
    "Fails": "these elements have none that stands in for them",
    "Unknown": "no single point is known of, but demands are missing or left out",
}


def gather(topology: Topology, network: str, anchors: Sequence[str]) -> SinglePoints:
    """What each element cuts off of the demands; with anchors, how many nodes from all of these.

    Raises Failure where an anchor is no node of the network, or the network cannot be searched.
    """
    names = Names(topology)
    keys = [names.find(text, (NODE,), option="--anchors") for text in anchors]
    for key in keys:
        if key.namespace != network:
            raise Failure(Exit.USAGE, f"--anchors: {key} is not in network {network}", "name nodes of that network")
    try:
        if not keys:
            return single_points(topology, network)
        weights = {node.key: 1.0 for node in topology.nodes_of(network) if node.key not in keys}
        return single_points_from(topology, network, weights, keys)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"network {network} cannot be searched: {error}", "mend the document") from error


def render(screen: Screen, topology: Topology, found: SinglePoints, top: int, *, anchored: bool) -> None:
    """Write the single points, the worst first."""
    shown = one_way(topology, found.impacts)
    screen.line(f"{counted(len(shown), 'element')} cut off some of {_amount(found.total, anchored=anchored)}")
    if found.today:
        screen.line(f"cut off already: {_amount(found.today, anchored=anchored)}", "red")
    rows = [_row(topology, found, key, anchored=anchored) for key in shown[:top]]
    if rows:
        screen.table(("ELEMENT", "LAYER", "CUTS OFF", "SHARE"), rows)
    if len(shown) > top:
        screen.line(f"and {len(shown) - top} more: raise --top")
    screen.heading(f"Verdict: {found.verdict}")
    screen.line(_REASONS[found.verdict])


def _row(topology: Topology, found: SinglePoints, key: Key, *, anchored: bool) -> Sequence[str]:
    lost = found.impacts[key]
    share = f"{100 * lost / found.total:.1f} %" if found.total else "-"
    return named(topology, key), layer_of(topology, key) or "-", _amount(lost, anchored=anchored), share


def _amount(value: float, *, anchored: bool) -> str:
    return counted(value, "node") if anchored else rate(value)


def to_json(found: SinglePoints) -> Json:
    """The same facts as one JSON object."""
    return {
        "total": finite(found.total),
        "today": finite(found.today),
        "singlePoints": [{"element": str(key), "cutsOff": finite(lost)} for key, lost in found.impacts.items()],
        "caveats": list(found.caveats),
    }
