"""One network in one state: what it carries, what it loses, which links are full and what is down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.twin.analyses.answers import ROUTED
from forestall.twin.analyses.judging import ROUNDING, Judging
from forestall.twin.analyses.layers import down
from forestall.twin.analyses.reachability import cut_off
from forestall.twin.analyses.routed import Reals, Routed, routed
from forestall.twin.picture import Marks
from forestall.twin.topology import Topology

MOSTLY = 0.5
"""Share of its traffic that a node loses to count as cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A network, its demands routed."""

    topology: Topology
    network: str
    offered: float
    """All demand, in bit per second."""
    lost: float
    """Demand that has no way though both its ends are up."""
    ended: float
    """Demand that begins or ends at a node that is down."""
    utilisation: Mapping[Key, float]
    """Of links whose capacity is known, 1 for full; the fullest first."""
    down: frozenset[Key]
    """Of all layers."""
    affected: frozenset[Key]
    """Nodes that are up, and cut off from most of the network or of their traffic."""
    is_known: bool
    """Whether there are demands, and all of them could be taken into account."""
    caveats: tuple[str, ...]

    @property
    def peak(self) -> float:
        """The highest utilisation; 0 where none is known."""
        return next(iter(self.utilisation.values()), 0.0)

    def above(self, limit: float) -> Mapping[Key, float]:
        """Links that are used above the limit, the fullest first."""
        return {key: use for key, use in self.utilisation.items() if exceeds(use, limit)}

    def marks(self, title: str, note: str = "") -> Marks:
        """What a picture of the network says."""
        return Marks(title=title, note=note, utilisation=self.utilisation, failed=self.down, affected=self.affected)


def exceeds(value: float, limit: float, of: float = 1.0) -> bool:
    """Whether the value is above the limit by more than the error of sums, which is a part `of` all."""
    return value > limit + ROUNDING * of


def state(topology: Topology, network: str) -> State:
    """Route all demands of a network. Raises Failure where that cannot be."""
    given = routed(topology, network)
    try:
        judging = Judging(given, 1.0)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"network {network} cannot be routed: {error}", "mend the document") from error
    is_down = frozenset(down(topology))
    ended = given.demands.ended(place for place, key in enumerate(given.cabling.nodes) if key in is_down)
    at_ends, kept = float(given.demands.amount[ended].sum()), np.where(ended, 0.0, given.demands.amount)
    offered = float(given.demands.amount.sum())
    lost = judging.lost_today - at_ends
    return State(
        topology=topology,
        network=network,
        offered=offered,
        lost=lost if exceeds(lost, 0.0, of=offered) else 0.0,
        ended=at_ends,
        utilisation=_utilisation(given, judging),
        down=is_down,
        affected=frozenset([*_starved(given, kept), *_apart(given)]) - is_down,
        is_known=given.is_known,
        caveats=ROUTED + given.missing,
    )


def _utilisation(given: Routed, judging: Judging) -> Mapping[Key, float]:
    known = np.flatnonzero(judging.room > 0)[: 2 * given.cables].tolist()
    gone = {2 * cable + 1 for cable in given.one_way}
    found = [(given.link(arc), float(judging.today[arc])) for arc in known if arc not in gone]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _starved(given: Routed, amount: Reals) -> list[Key]:
    """Nodes that lose most of what they send and receive of the demands' amounts."""
    demands = given.demands
    cut = np.zeros(len(demands.keys), np.bool_)
    cut[cut_off(given)] = True
    whole, lost = np.zeros(given.nodes), np.zeros(given.nodes)
    for ends in (demands.source, demands.target):
        np.add.at(whole, ends, amount)
        np.add.at(lost, ends, np.where(cut, amount, 0.0))
    return [given.cabling.nodes[node] for node in np.flatnonzero(lost > MOSTLY * whole).tolist()]


def _apart(given: Routed) -> list[Key]:
    """Nodes outside of the largest part of the network within which all can reach each other."""
    around: list[list[int]] = [[] for _ in range(given.nodes)]
    tails, heads = given.arcs
    for tail, head in zip(tails[given.is_open].tolist(), heads[given.is_open].tolist(), strict=True):
        around[tail].append(head)
        around[head].append(tail)
    left, largest = set(range(given.nodes)), set[int]()
    while len(left) > len(largest):
        part = _part(min(left), around)
        left -= part
        largest = max(largest, part, key=len)
    return [key for node, key in enumerate(given.cabling.nodes) if node not in largest]


def _part(start: int, around: Sequence[Sequence[int]]) -> set[int]:
    found, ahead = {start}, [start]
    while ahead:
        for other in around[ahead.pop()]:
            if other not in found:
                found.add(other)
                ahead.append(other)
    return found
