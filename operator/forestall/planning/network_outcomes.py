"""What a runbook that people carry out would make of the networks: its steps for a finding, and the twin after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networkplan import NetworkPrediction
from forestall.api.networkpolicy import ContingencyInspection
from forestall.api.runbook import Effect
from forestall.inspection.losses import Loss, hosts, label
from forestall.inspection.networks import rate
from forestall.inspection.remembering import remembered
from forestall.inspection.report import distinct
from forestall.planning.networks import Judged, State, asked_by, demands_of, element_of, judged, window_of
from forestall.planning.outcomes import UnsupposableError
from forestall.planning.retuning import searched
from forestall.planning.runbooks import shorten
from forestall.planning.traffic.remedies import Drain, ReHome, Remedy, drain, move_demand, re_home, set_metrics
from forestall.twin.analyses.edits import MoveDemand, SetMetric, TakeOut
from forestall.twin.joining import without
from forestall.twin.topology import NODE, Topology
from forestall.twin.views import Potential

Given = Mapping[str, str]


class Supposed(NamedTuple):
    """The twin after a change of networks."""

    view: Potential
    counterexample: str
    """What would be worse; empty: nothing."""
    network: NetworkPrediction
    """Steps and figures."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What is to be done about which part of a topology."""

    asked: ContingencyInspection
    effect: Effect
    arguments: tuple[tuple[str, str], ...]
    window: Key | None
    """The maintenance window that the finding is about."""

    @property
    def given(self) -> Given:
        return dict(self.arguments)


def suppose_change(
    view: Potential, policy: InspectionPolicy, finding: Finding, effect: Effect, given: Given
) -> Supposed:
    """The view with the networks changed, `given` the runbook's arguments, checked. Raises UnsupposableError."""
    asked = asked_by(policy, finding)
    if asked is None:
        raise UnsupposableError(
            "the finding is from no inspection of contingencies or maintenance, and about no goal capacity"
        )
    window = window_of(view.topology, asked, finding)
    found = _answered(view.topology, _Question(asked, effect, tuple(sorted(given.items())), window))
    if isinstance(found, str):
        raise UnsupposableError(found)
    return Supposed(_changed(view, found), found.counterexample, found.prediction)


def _changed(view: Potential, found: Judged) -> Potential:
    """The view after all steps. What is taken out takes the Kubernetes nodes along that rest on it."""
    edits = list(chain.from_iterable(found.steps))
    if metrics := {edit.link: edit.metric for edit in edits if isinstance(edit, SetMetric)}:
        view = view.set_metrics(metrics)
    if ends := {edit.demand: (edit.source, edit.target) for edit in edits if isinstance(edit, MoveDemand)}:
        view = view.move_demands(ends)
    out = tuple(edit.element for edit in edits if isinstance(edit, TakeOut))
    if not out:
        return view
    [fallen] = hosts(view.topology, (Loss("", out),)).values()
    return view.lose(*out, *(Key("Node", "", name) for name in sorted(fallen & view.nodes.keys())))


@remembered
def _answered(topology: Topology, question: _Question) -> Judged | str:
    """What the question comes to, or why there is nothing. The same question has the same answer."""
    try:
        before = State(topology, question.asked)
        remedy = _REMEDIES[question.effect](topology, question)
        found = judged(before, remedy)
    except UnsupposableError as error:
        return str(error)
    except (KeyError, ValueError) as error:
        return f"network {question.asked.network} cannot be changed so: {error.args[0]}"
    why = _staying(remedy) if isinstance(remedy, Drain) else ""
    return Judged(found.steps, found.prediction, why or found.counterexample)


def _retuned(topology: Topology, question: _Question) -> Remedy:
    """Other metrics; where a window is ahead, those that suit the network inside it."""
    most = int(question.given["changes"])
    inside = without(topology, [question.window]) if question.window else topology
    metrics = searched(inside, question.asked, most)
    if not metrics:
        raise UnsupposableError(f"no change of {most} metrics carries more")
    return set_metrics(topology, metrics)


def _drained(topology: Topology, question: _Question) -> Drain:
    name, network = question.given["element"], question.asked.network
    element = element_of(topology, name) if name else question.window
    if element is None:
        what = (
            f"the twin has no {shorten(name)}" if name else "the finding is about no maintenance window that is known"
        )
        raise UnsupposableError(f"{what}: name an element as findings do, for example link/{network}/<id of the link>")
    members = topology.groups[element].members if element in topology.groups else (element,)
    known = [key for key in members if key in topology.nodes or key in topology.links]
    if not known:
        raise UnsupposableError(f"{label(element)} has no node or link of a network")
    found = drain(topology, network, known, highest=int(question.given["metric"]))
    if not found.steps[-1]:
        raise UnsupposableError(f"all of {label(element)} is out of service already")
    return found


def _staying(found: Drain) -> str:
    """The traffic that a drain leaves, where it leaves any: the most on a link."""
    if not found.staying:
        return ""
    link, amount = max(found.staying.items(), key=lambda item: item[1])
    why = "it has no other way, begins or ends there, or the metric is not high enough"
    return f"{rate(amount)} of traffic stay on link {link.name}: {why}"


def _moved(topology: Topology, question: _Question) -> Remedy:
    given, network = question.given, question.asked.network
    demand = next((key for key, _ in demands_of(topology, network) if distinct(key.name) == given["demand"]), None)
    if demand is None:
        raise UnsupposableError(f"network {network} has no demand {shorten(given['demand'])}")
    source, target = (_node(topology, network, given[end]) if given[end] else None for end in ("source", "target"))
    before = topology.demands[demand]
    after = (source or before.source, target or before.target)
    if after == (before.source, before.target):
        raise UnsupposableError(f"demand {shorten(given['demand'])} begins and ends there already: name another node")
    if after[0] == after[1]:
        raise UnsupposableError(f"demand {shorten(given['demand'])} would begin and end at one node")
    return move_demand(topology, demand, source=source, target=target)


def _rehomed(topology: Topology, question: _Question) -> ReHome:
    network = question.asked.network
    node, home = (_node(topology, network, question.given[end]) for end in ("node", "home"))
    return re_home(topology, network, node, home)


def _node(topology: Topology, network: str, name: str) -> Key:
    key = Key(NODE, network, name)
    if key not in topology.nodes:
        raise UnsupposableError(f"network {network} has no node {shorten(name)}")
    return key


_REMEDIES: Final[Mapping[Effect, Callable[[Topology, _Question], Remedy]]] = {
    "SetMetrics": _retuned,
    "DrainTraffic": _drained,
    "MoveDemand": _moved,
    "ReHome": _rehomed,
}
