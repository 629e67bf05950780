"""Whether there is a way round any failure on the way from one node to another: five verdicts, shown separately.

A way that exists may carry too little, a way that could carry the load may not be the one that routers choose, and one
that they choose may run in the same duct.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST, ROUTED, Answer, Verdict, all_of, verdict
from forestall.twin.analyses.disjoint import Disjoint, disjoint
from forestall.twin.analyses.failing import Failed, Failing
from forestall.twin.analyses.judging import ROUNDING, Judging
from forestall.twin.analyses.outcomes import Overload
from forestall.twin.analyses.risks import SharedRisk, shared_risks
from forestall.twin.analyses.routed import Demands, Routed, routed
from forestall.twin.engine import FAR, Backups, Rerouting, default, failing
from forestall.twin.topology import DEMAND, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class BadReroute:
    """A failure on the way after which the demand is lost, or overloads links that it then takes."""

    elements: tuple[Key, ...]
    is_lost: bool
    overloaded: tuple[Overload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Answer):
    """Whether a demand survives any single failure on its way, and on what each part of the answer rests."""

    exists: Verdict
    """Whether there is a way from the source to the target without any one link."""
    apart: Verdict
    """Whether as many ways as are wanted have no node in common but their ends."""
    carries: Verdict
    """Whether what is left of all ways carries the demand, whichever link fails, if it had the network to itself."""
    uses: Verdict
    """Whether routers take ways that are left, and overload none of them, whatever fails on today's ways."""
    separate: Verdict
    """Whether the primary and the backup have nothing in common on any layer, nor a risk group."""
    primary: tuple[Key, ...]
    """A way that is taken today, as links."""
    backup: tuple[Key, ...]
    """A way that has the least possible in common with it; empty where there is none."""
    paths: tuple[tuple[Key, ...], ...]
    """At most three ways that share no node but their ends, else no link; none in networks with one-way links."""
    link_disjoint: int
    """Ways that share no link, up to three."""
    node_disjoint: int
    """Ways that share no node but their ends, up to three."""
    capacity: float
    """What is left, in bit per second, if the worst link fails; without limit where a way has no known capacity."""
    weakest: Key | None
    """The link whose failure leaves least."""
    bad_reroutes: tuple[BadReroute, ...]
    """What speaks against `uses`."""
    risks: tuple[SharedRisk, ...]
    """What speaks against `separate`."""


def backup(
    topology: Topology,
    network: str,
    source: Key,
    target: Key,
    *,
    amount: float | None = None,
    wanted: int = 2,
    limit: float = 1.0,
) -> Backup:
    """Judge the ways from source to target for a demand of `amount`, or for those between them.

    KeyError for a node that there is not; ValueError where source and target are one, or the network cannot be routed.
    """
    given = routed(topology, network)
    if source == target:
        raise ValueError(f"{source}: two different nodes were expected")
    ends = given.cabling.node[source], given.cabling.node[target]
    return _Ways(_asked(given, ends, amount), ends, limit).answer(wanted)


def _asked(given: Routed, ends: tuple[int, int], amount: float | None) -> Routed:
    """The network with a demand of that amount, if one is given, instead of those between the two nodes."""
    if amount is None:
        return given
    one = _only(ends, amount)
    others = ~_between(given.demands, ends)
    keys = [key for key, kept in zip(given.demands.keys, others.tolist(), strict=True) if kept]
    rest = given.demands
    return replace(
        given,
        demands=Demands(
            keys=[*keys, *one.keys],
            source=np.append(rest.source[others], one.source),
            target=np.append(rest.target[others], one.target),
            amount=np.append(rest.amount[others], one.amount),
            unusable=rest.unusable,
        ),
    )


def _between(demands: Demands, ends: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (demands.source == ends[0]) & (demands.target == ends[1])
    return found


def _only(ends: tuple[int, int], amount: float) -> Demands:
    return Demands(
        keys=[Key(DEMAND, "", "")],
        source=np.array(ends[:1], np.int32),
        target=np.array(ends[1:], np.int32),
        amount=np.array([amount], np.float64),
        unusable=0,
    )


class _Ways:
    """The ways from one node to another. Not for two threads at once."""

    def __init__(self, given: Routed, ends: tuple[int, int], limit: float) -> None:
        self._given, self._ends, self._limit = given, ends, limit
        self._amount = float(given.demands.amount[_between(given.demands, ends)].sum())
        # What is carried of one unit alone shows the ways that are taken.
        self._alone: Rerouting = replace(given, demands=_only(ends, 1.0)).route()
        self._load = self._alone.now.load

    def answer(self, wanted: int) -> Backup:
        given, found = self._given, disjoint(self._given, *self._ends)
        primary = self._shortest()
        other = self._other(found, primary)
        capacity, weakest = self._capacity()
        bad = tuple(self._bad_reroutes())
        shared = shared_risks(given.topology, primary, other) if other else None
        verdicts: dict[str, Verdict] = {
            "exists": verdict(fails=found.by_link < 2, known=True),
            "apart": verdict(fails=found.by_node < wanted, known=True),
            "carries": verdict(fails=capacity < self._amount * (1 - ROUNDING), known=self._amount > 0),
            "uses": verdict(fails=bool(bad) or not primary, known=self._amount > 0),
            "separate": "Fails" if shared is None else shared.verdict,
        }
        return Backup(
            verdict=all_of(*verdicts.values()),
            topology=given.topology.id,
            caveats=ROUTED + given.missing + (shared.caveats if shared else ()),
            primary=primary,
            backup=other,
            paths=found.paths,
            link_disjoint=found.by_link,
            node_disjoint=found.by_node,
            capacity=capacity,
            weakest=weakest,
            bad_reroutes=bad,
            risks=shared.risks if shared else (),
            **verdicts,
        )

    def _shortest(self, without: Sequence[int] = ()) -> tuple[Key, ...]:
        """One of the ways that are taken with some cables down, as links; none where there is none."""
        given, cost = self._given, np.array(self._alone.network.cost(), np.int64)
        routing = replace(given, demands=_only(self._ends, 1.0)).route(without=without)
        far = routing.distance
        (node, target), found = self._ends, list[Key]()
        if far[node] >= FAR:
            return ()
        closed = {2 * cable + way for cable in without for way in (0, 1)}
        tail, head = given.arcs
        while node != target:
            arc = next(
                int(arc)
                for arc in np.flatnonzero((tail == node) & given.is_open)
                if arc not in closed and far[head[arc]] + cost[arc] == far[node]
            )
            found.append(given.link(arc))
            node = int(head[arc])
        return tuple(found)

    def _other(self, found: Disjoint, primary: Sequence[Key]) -> tuple[Key, ...]:
        """The way that has the least possible in common with the primary: no inner node, no link, or few links."""
        if not primary:
            return ()
        cables = [self._given.cabling.cable[link] for link in primary]
        inner = [int(self._given.arcs[1][self._given.arc(link)]) for link in primary[:-1]]
        apart = self._shortest([*cables, *self._alone.network.of_nodes(inner)]) or self._shortest(cables)
        others = [path for path in found.paths if path != primary]
        return apart or min(others, key=lambda path: (len({*path} & {*primary}), path), default=())

    def _capacity(self) -> tuple[float, Key | None]:
        """What is left if the worst link fails, and that link."""
        given = self._given
        known = np.isfinite(given.capacity)
        unlimited = float(given.capacity[known].sum() + self._amount + 1.0)
        usable = np.where(known, given.capacity * self._limit, unlimited)
        usable[given.one_way, 1] = 0.0
        network = replace(given, capacity=usable).build(metrics=False)
        total, left = Backups(network, default().kernels).capacity_after_each_link(*self._ends)
        worst = int(np.argmin(left)) if given.cables else -1
        least = float(left[worst]) if given.cables else total
        if least >= unlimited * (1 - ROUNDING):
            return np.inf, None
        return least, given.link(2 * worst) if least < total else None

    def _bad_reroutes(self) -> Iterator[BadReroute]:
        """Failures of links and inner nodes of today's ways that end badly."""
        given, judging, failing_of = self._given, Judging(self._given, self._limit), Failing(self._given)
        used = np.flatnonzero(self._load > 0)
        inner = sorted({*given.arcs[1][used].tolist()} - {*self._ends})
        links = [given.links(cable) for cable in sorted({*(used >> 1).tolist()})]
        for elements in [*links, *((given.cabling.nodes[node],) for node in inner)]:
            bad = self._judge(judging, elements, failing_of.of(elements))
            if bad.is_lost or bad.overloaded:
                yield bad

    def _judge(self, judging: Judging, elements: tuple[Key, ...], failed: Failed) -> BadReroute:
        alone = self._alone.suppose(failing(failed.cables))
        judged = judging.judge(failed)
        use = dict(zip(judged.arcs.tolist(), judged.use.tolist(), strict=True))
        taken = [arc for arc in judged.over.tolist() if alone.load[arc] > 0]
        return BadReroute(
            elements=elements,
            is_lost=alone.lost > 0,
            overloaded=tuple(Overload(self._given.link(arc), use[arc]) for arc in taken[:MOST]),
        )
