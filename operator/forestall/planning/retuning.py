"""Metrics of links as a remedy: which to change, in which order, and what the network carries on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networkplan import MOST_LOSSES, LossFigures, MetricChange, NetworkFigures, NetworkPrediction
from forestall.api.networkpolicy import ContingencyInspection
from forestall.api.prediction import Prediction, Score
from forestall.inspection.foresight import CLOSE
from forestall.inspection.losses import name_of
from forestall.inspection.measured import STEP
from forestall.inspection.remembering import remembered
from forestall.inspection.report import cut, distinct
from forestall.inspection.sweeps import KINDS, sweep, swept
from forestall.planning.traffic.search import search
from forestall.planning.traffic.trial import Trial
from forestall.planning.traffic.walk import Budget
from forestall.twin.analyses.failing import Failing
from forestall.twin.analyses.judging import Judging
from forestall.twin.analyses.outcomes import Contingency, Outcome
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.analyses.scenarios import scenarios_in
from forestall.twin.engine import DOWN, Links, Network, default
from forestall.twin.topology import LINK, Topology
from forestall.twin.views import Snapshot

HIGHEST: Final = 65_535
"""Highest metric that routers take."""
EVALUATIONS: Final = 5_000
"""States of a network that one search looks at."""
ROUNDING: Final = 1e-9

Metrics = Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Retuned:
    """New metrics, what the twin says of them, and what speaks against them."""

    metrics: Metrics
    """By link, in the order in which they are to be set."""
    prediction: NetworkPrediction
    counterexample: str
    """What would be worse than it is, on the way or in the end, and under which loss; empty: nothing."""


def asked_by(policy: InspectionPolicy, finding: Finding) -> ContingencyInspection | None:
    """The inspection of a network that a finding is from; None for a finding of another one."""
    name = finding.spec.qualifier.partition("/")[0]
    return next((item.contingency for item in policy.spec.inspections if item.name == name), None)


def told(prediction: Prediction) -> str:
    """What people would change in a network; empty for every other plan."""
    changes = prediction.network.changes if prediction.network else ()
    return "\n".join(f"link {one.link}: metric {one.before} -> {one.after}" for one in changes)


def realised(prediction: Prediction | None, asked: ContingencyInspection | None, snapshot: Snapshot) -> Score | None:
    """What was predicted of a change that people have carried out, held against the network as it is.

    None where it is not carried out, or not known. What is measured counts before what is computed.
    """
    network, topology = prediction.network if prediction else None, snapshot.topology
    if network is None or asked is None or not _is_set(network, topology):
        return None
    try:
        state = _State(topology, asked)
    except (KeyError, ValueError):
        return None
    said, came = network.after, state.figures()
    use = snapshot.loads.get(Key(LINK, asked.network, said.link), came.utilisation)
    facts = [
        ("demand without a way", said.lost_demand, came.lost_demand),
        ("losses that fail it", Decimal(said.failing), Decimal(came.failing)),
    ]
    wrong = [f"{what}: predicted {one}, is {other}" for what, one, other in facts if one != other]
    wrong += (
        [f"link {said.link}: predicted {said.utilisation}, is {use}"] if abs(said.utilisation - use) > CLOSE else []
    )
    error = abs(said.utilisation - use).quantize(STEP)
    return Score(matched=3 - len(wrong), total=3, error=error, message=cut("; ".join(wrong)))


def outdated(prediction: Prediction | None, snapshot: Snapshot) -> bool:
    """Whether a link that was to be changed is gone, or has a metric that is neither the old nor the new one."""
    network = prediction.network if prediction else None
    metrics = _metrics(network, snapshot.topology) if network else {}
    return any(metrics.get(one.link) not in {one.before, one.after} for one in (network.changes if network else ()))


def _is_set(network: NetworkPrediction, topology: Topology) -> bool:
    metrics = _metrics(network, topology)
    return all(metrics.get(one.link) == one.after for one in network.changes)


def _metrics(network: NetworkPrediction, topology: Topology) -> Mapping[str, int]:
    """Present metrics, by link as a plan names it."""
    return {distinct(link.key.name): link.metric for link in topology.by_network.get(network.network, ())}


@remembered
def retuned(topology: Topology, asked: ContingencyInspection, most: int) -> Retuned | str:
    """At most `most` metrics that bring the network under the inspection's limit, whatever it examines is lost; or why
    there are none that are better than today's.

    The same question has the same answer.
    """
    try:
        state = _State(topology, asked)
        metrics = _searched(state.given, asked, most)
        return _told(state, metrics, _ways(state, metrics)) if metrics else f"no change of {most} metrics carries more"
    except (KeyError, ValueError) as error:
        return f"network {asked.network} cannot be retuned: {error}"


def _told(before: _State, metrics: Metrics, ways: Sequence[_State]) -> Retuned:
    after, during = ways[-1], _worst(ways[:-1] or [before])
    links = before.topology.links
    prediction = NetworkPrediction(
        network=before.asked.network,
        topology_id=before.topology.id,
        changes=tuple(
            MetricChange(link=distinct(key.name), before=links[key].metric, after=metric)
            for key, metric in metrics.items()
        ),
        before=before.figures(),
        during=during.figures(),
        after=after.figures(),
        caveat=cut(" ".join(before.found.caveats)),
    )
    return Retuned(metrics, prediction, _worse(before, after) or _worse_on_the_way(before, ways[:-1]))


class _State:
    """A network with some metrics, as it is and after each loss."""

    def __init__(self, topology: Topology, asked: ContingencyInspection, *, keep: bool = True) -> None:
        self.topology, self.asked = topology, asked
        look = swept if keep else sweep
        self.found = _judged(look(topology, asked.network, asked.scopes, asked.maximum_utilisation))
        self.given: Routed = routed(topology, asked.network)
        now = Judging(self.given, asked.maximum_utilisation)
        self.arc = int(now.today.argmax()) if now.today.size else -1
        self.peak = float(now.today[self.arc]) if self.arc >= 0 else 0.0

    @property
    def failures(self) -> Sequence[Outcome]:
        """Losses that cost demand or overload links, the worst first."""
        return self.found.failures

    @property
    def rank(self) -> tuple[float, float, int, float]:
        """Greater is worse: by what is so with nothing lost, then by losses."""
        worst = max((one.peak.utilisation for one in self.failures if one.peak), default=0.0)
        return self.found.today.lost, self.peak, self.found.counts.failed, worst

    def figures(self) -> NetworkFigures:
        """In short."""
        worst = [_loss(self.topology, one) for one in self.failures[:MOST_LOSSES]]
        return NetworkFigures(
            link=distinct(self.given.link(self.arc).name) if self.arc >= 0 else "",
            utilisation=_decimal(self.peak),
            lost_demand=_decimal(self.found.today.lost),
            losses=self.found.of,
            failing=self.found.counts.failed,
            worst=tuple(worst or self._fullest()),
        )

    def _fullest(self) -> Iterator[LossFigures]:
        """The loss that fills a link most, where none fails."""
        for case in self.found.worst[:1]:
            yield LossFigures(
                loss=distinct(name_of(self.topology, case.culprits[0].elements)),
                link=distinct(case.link.name),
                utilisation=_decimal(case.utilisation),
                lost_demand=Decimal(0),
            )


def _judged(found: Contingency | str) -> Contingency:
    """What was found. Raises ValueError with the reason where nothing could be."""
    if isinstance(found, Contingency):
        return found
    raise ValueError(found)


def _searched(given: Routed, asked: ContingencyInspection, most: int) -> Metrics:
    """New metrics by link, in the order that keeps links emptiest on the way; none where nothing is better."""
    # Metrics are often multiples of 10 or 100: without what they have in common there are fewer to tell apart.
    common = int(np.gcd.reduce(given.metric, axis=None)) if given.metric.size else 1
    failures, demand = list(_failures(given, asked)), _demand(given)
    budget = Budget(
        changes=most, evaluations=max(EVALUATIONS, 3 * (1 + len(failures))), highest=max(HIGHEST // common, 1)
    )
    network = _network(given, common)
    found = search(network, demand, asked.maximum_utilisation, budget, failures=failures)
    ordered = _ordered(Trial(network, demand), found.metrics) if found.metrics else ()
    return {given.link(arc): found.metrics[arc] * common for arc in ordered}


def _network(given: Routed, common: int) -> Network:
    """The network with metrics in units of `common`; ValueError where one is not fit for routing."""
    metric = given.metric // common
    metric[given.one_way, 1] = DOWN
    cabling = given.cabling
    links = Links(tail=cabling.tail, head=cabling.head, metric=metric, capacity=given.capacity, up=given.up)
    return Network(given.nodes, links, default().kernels.memory, spare=int(not given.cables))


def _ordered(trial: Trial, metrics: Mapping[int, int]) -> Iterator[int]:
    """The arcs, each next one that which leaves the fullest link emptiest."""
    left = dict(sorted(metrics.items()))
    while left:
        peaks = {arc: float(trial.supposed({arc: metric}).max()) for arc, metric in left.items()}
        best = min(peaks, key=peaks.__getitem__)
        trial.commit({best: left.pop(best)})
        yield best


def _failures(given: Routed, asked: ContingencyInspection) -> Iterator[Collection[int]]:
    """The cables that go with each loss that is examined alone."""
    failing = Failing(given)
    kinds = [KINDS[scope] for scope in asked.scopes if scope in KINDS] or ["node", "link"]
    for scenario in scenarios_in(given, kinds).singles:
        try:
            cables = failing.of(scenario.elements).cables
        except KeyError:
            continue  # it is counted as an error by the sweep
        if cables:
            yield cables


def _demand(given: Routed) -> NDArray[np.float64]:
    """[nodes, nodes] to the first from the second."""
    found = np.zeros((given.nodes, given.nodes))
    np.add.at(found, (given.demands.target, given.demands.source), given.demands.amount)
    return found


def _ways(state: _State, metrics: Metrics) -> Sequence[_State]:
    """The states after one change, two, and all."""
    topology, states = state.topology, list[_State]()
    for key, metric in metrics.items():
        topology = topology.with_links([replace(topology.links[key], metric=metric)])
        states.append(_State(topology, state.asked, keep=len(states) + 1 == len(metrics)))
    return states


def _worst(states: Sequence[_State]) -> _State:
    return max(states, key=lambda state: state.rank)


def _worse(before: _State, after: _State) -> str:
    """The first thing that would be worse than before."""
    if after.found.today.lost > before.found.today.lost * (1 + ROUNDING):
        return "more demand has no way"
    if after.peak > max(before.peak, after.asked.maximum_utilisation) * (1 + ROUNDING):
        return f"link {after.given.link(after.arc).name} carries {_decimal(after.peak)} of its capacity"
    known = {one.scenario.elements: one for one in before.failures}
    if after.found.counts.failed > len(after.failures) and after.found.counts.failed > before.found.counts.failed:
        return "more losses cost demand or overload links"
    return next((told for one in after.failures if (told := _failing(after, one, known))), "")


def _failing(state: _State, one: Outcome, known: Mapping[tuple[Key, ...], Outcome]) -> str:
    old, lost = known.get(one.scenario.elements), name_of(state.topology, one.scenario.elements)
    peak, limit = one.peak, old.peak.utilisation if old and old.peak else state.asked.maximum_utilisation
    if one.lost > (old.lost if old else 0.0) * (1 + ROUNDING):
        return f"demand has no way when {lost} is lost"
    if peak is not None and peak.utilisation > max(limit, state.asked.maximum_utilisation) * (1 + ROUNDING):
        return f"link {peak.link.name} carries {_decimal(peak.utilisation)} of its capacity when {lost} is lost"
    return ""


def _worse_on_the_way(before: _State, ways: Sequence[_State]) -> str:
    """The first change after which a link is overloaded that was not, with nothing lost."""
    for number, state in enumerate(ways, start=1):
        if state.peak > max(before.peak, state.asked.maximum_utilisation) * (1 + ROUNDING):
            link = state.given.link(state.arc).name
            return f"link {link} carries {_decimal(state.peak)} of its capacity after {number} of the changes"
    return ""


def _loss(topology: Topology, one: Outcome) -> LossFigures:
    return LossFigures(
        loss=distinct(name_of(topology, one.scenario.elements)),
        link=distinct(one.peak.link.name) if one.peak else "",
        utilisation=_decimal(one.peak.utilisation if one.peak else 0.0),
        lost_demand=_decimal(one.lost),
    )


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(STEP)
