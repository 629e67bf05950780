"""`twin what-if`: a network before, while and after something changes or fails, and whether limits hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from forestall.api.base import Key
from forestall.cli.screen import Screen
from forestall.cli.twins.contingencies import SINGLE, examined
from forestall.cli.twins.contingencies import to_json as failures_json
from forestall.cli.twins.figures import counted, listed, named, parsed_rate, parsed_share, rate, use
from forestall.cli.twins.naming import HOST
from forestall.cli.twins.showing import state_json
from forestall.cli.twins.states import State, exceeds, state
from forestall.ports import Json
from forestall.twin.analyses.layers import layer_of
from forestall.twin.analyses.outcomes import Contingency, Outcome
from forestall.twin.joining import cluster_node
from forestall.twin.topology import NODE, Topology

BEFORE = "before"
MOST_TRAPS = 10
"""Traps that the table has."""
MOST_LINKS = 20
"""Links that the table of overloads has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is supposed, and what must hold then."""

    failures: Sequence[str] = ()
    """Elements that fail, all at once."""
    changes: Sequence[str] = ()
    """What changes, all at once."""
    further: Sequence[str] = ()
    """What changes after that, one after the other; several divided by `;` change at once."""
    max_utilisation: float | None = None
    """1 for full; None: any."""
    lost: str = ""
    """Demand that may be lost: an amount or a share of all; empty: any."""
    within_n1: bool = False
    """Whether any one more node or link may fail in each step."""

    @property
    def is_limited(self) -> bool:
        """Whether limits are given for networks."""
        return self.max_utilisation is not None or bool(self.lost)

    @property
    def limit(self) -> float:
        """Utilisation above which a link counts as overloaded."""
        return 1.0 if self.max_utilisation is None else self.max_utilisation


@dataclass(frozen=True, slots=True)
class Step:
    """The network after one more step, and what any further failure would do then."""

    name: str
    state: State
    within: Contingency | None
    """None unless it was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All steps, the first of which is how it is today."""

    question: Question
    steps: Sequence[Step]
    broken: Sequence[str] = field(default=())
    """Limits that do not hold, in words."""

    @property
    def before(self) -> State:
        """How it is."""
        return self.steps[0].state

    @property
    def after(self) -> State:
        """How it would be in the end."""
        return self.steps[-1].state

    @property
    def fallen(self) -> Sequence[Key]:
        """The blast radius: elements of all layers that are down in the end and are not today.

        A Kubernetes node that falls as the node of a platform network is told of once.
        """
        found, topology = self.after.down - self.before.down, self.after.topology
        return sorted(found - {Key(HOST, "", cluster_node(topology, key)) for key in found if key.kind == NODE})

    @property
    def is_known(self) -> bool:
        """Whether all is known that limits are held against."""
        return all(
            step.state.is_known and not (step.within is not None and step.within.counts.errors) for step in self.steps
        )


def suppose(
    screen: Screen, topology: Topology, network: str, question: Question, steps: Sequence[tuple[str, Topology]]
) -> Answer:
    """Route every step: its name, and the topology as it is then. Raises Failure where that cannot be."""
    found = [_step(screen, name, given, network, question) for name, given in ((BEFORE, topology), *steps)]
    return Answer(question, found, tuple(_broken(found, question)))


def _step(screen: Screen, name: str, topology: Topology, network: str, question: Question) -> Step:
    found = state(topology, network)
    within = examined(screen, topology, network, SINGLE, question.limit) if question.within_n1 else None
    return Step(name, found, within)


def _broken(steps: Sequence[Step], question: Question) -> Iterator[str]:
    for step in steps[1:]:
        if question.max_utilisation is not None:
            yield from _overloads(step, question.max_utilisation)
        if question.lost:
            yield from _losses(step, question.lost)


def _overloads(step: Step, limit: float) -> Iterator[str]:
    topology, over = step.state.topology, step.state.above(limit)
    if over:
        worst, used = next(iter(over.items()))
        where = named(topology, worst)
        yield f"{step.name}: {counted(len(over), 'link')} above {use(limit)}, most of all {where} at {use(used)}"
    if step.within is not None and step.within.worst and exceeds(step.within.worst[0].utilisation, limit):
        case = step.within.worst[0]
        cause = listed(topology, case.culprits[0].elements)
        where = f"{named(topology, case.link)} at {use(case.utilisation)} when {cause} fails"
        yield f"{step.name}: one more failure uses a link above {use(limit)}, most of all {where}"


def _losses(step: Step, given: str) -> Iterator[str]:
    found, allowed = step.state, _allowed(given, step.state.offered)
    if exceeds(found.lost, allowed, of=found.offered):
        yield f"{step.name}: {rate(found.lost)} are lost, and {rate(allowed)} may be"
    worst = max(step.within.failures, key=lambda one: one.lost, default=None) if step.within is not None else None
    if worst is not None and worst.lost and exceeds(found.lost + worst.lost, allowed, of=found.offered):
        cause = listed(found.topology, worst.scenario.elements)
        yield f"{step.name}: {rate(worst.lost)} more are lost when {cause} fails, and {rate(allowed)} may be in all"


def _allowed(text: str, offered: float) -> float:
    """Bit per second that may be lost."""
    if text.endswith("%"):
        return parsed_share(text, "--lost") * offered
    return parsed_rate(text, "--lost")


def render(screen: Screen, answer: Answer) -> None:
    """Write what changes as tables."""
    screen.heading("Before and after")
    screen.table(("MEASURE", "BEFORE", *headings(len(answer.steps) - 1)), _measures(answer))
    _links(screen, answer)
    _blast_radius(screen, answer)
    _traps(screen, answer)


def headings(steps: int) -> Sequence[str]:
    """What the steps are called in tables."""
    return ["AFTER"] if steps == 1 else [f"STEP {number}" for number in range(1, steps + 1)]


def _measures(answer: Answer) -> Iterator[Sequence[str]]:
    states, limit = [step.state for step in answer.steps], answer.question.limit
    yield "demand", *(rate(one.offered) for one in states)
    yield "lost, though both ends are up", *(rate(one.lost) for one in states)
    yield "ends at what is down", *(rate(one.ended) for one in states)
    yield "highest utilisation", *(use(one.peak) for one in states)
    yield f"links above {use(limit)}", *(str(len(one.above(limit))) for one in states)
    yield from _more_measures([(step.state, step.within) for step in answer.steps if step.within is not None])


def _more_measures(steps: Sequence[tuple[State, Contingency]]) -> Iterator[Sequence[str]]:
    """What one more failure does in each step."""
    if steps:
        counts = [within.counts for _, within in steps]
        yield "one more failure: how many fail", *(f"{one.failed} of {one.scanned}" for one in counts)
        most = (max((one.lost for one in within.failures), default=0.0) for _, within in steps)
        yield "one more failure: most lost", *map(rate, most)
        fullest = (max([found.peak, *(one.utilisation for one in within.worst[:1])]) for found, within in steps)
        yield "one more failure: fullest link", *map(use, fullest)


def _links(screen: Screen, answer: Answer) -> None:
    limit, before = answer.question.limit, answer.before.utilisation
    over = list(answer.after.above(limit).items())
    if not over:
        return
    screen.heading(f"Links above {use(limit)}")
    rows = [(named(answer.after.topology, key), use(before.get(key)), use(used)) for key, used in over[:MOST_LINKS]]
    screen.table(("LINK", "BEFORE", "AFTER"), rows)
    if len(over) > MOST_LINKS:
        screen.line(f"and {len(over) - MOST_LINKS} more: see all with --output json")


def _blast_radius(screen: Screen, answer: Answer) -> None:
    groups = blast_radius(answer)
    if not groups and not answer.after.affected:
        return
    screen.heading("Blast radius")
    topology = answer.after.topology
    rows = [(what, str(len(keys)), listed(topology, keys)) for what, keys in groups.items()]
    if answer.after.affected:
        affected = sorted(answer.after.affected)
        rows.append(("up, but cut off", str(len(affected)), listed(topology, affected)))
    screen.table(("WHAT", "COUNT", "WHICH"), rows)


def _traps(screen: Screen, answer: Answer) -> None:
    found = [(step, one) for step in answer.steps[1:] for one in traps(answer, step)]
    if found:
        screen.heading("Traps: what the network would no longer survive")
        rows = [_trap(*pair) for pair in found[:MOST_TRAPS]]
        screen.table(("STEP", "IF THIS FAILS, TOO", "LOST", "FULLEST LINK", "UTILISATION"), rows)
    if len(found) > MOST_TRAPS:
        screen.line(f"and {len(found) - MOST_TRAPS} more: see all with --output json")


def _trap(step: Step, one: Outcome) -> Sequence[str]:
    topology, peak = step.state.topology, one.peak
    fullest = (named(topology, peak.link), use(peak.utilisation)) if peak is not None else ("-", "-")
    return step.name, listed(topology, one.scenario.elements), rate(one.lost), *fullest


def traps(answer: Answer, step: Step) -> Sequence[Outcome]:
    """Failures that do harm in the step and would do none today, the worst first."""
    before = answer.steps[0].within
    # Of very many failures not all are named; which of them are new is not known then.
    if before is None or step.within is None or len(before.failures) < before.counts.failed:
        return ()
    known = {one.scenario.elements for one in before.failures}
    return [one for one in step.within.failures if one.scenario.elements not in known]


def blast_radius(answer: Answer) -> Mapping[str, Sequence[Key]]:
    """What goes down, by layer and kind."""
    found: dict[str, list[Key]] = {}
    for key in answer.fallen:
        layer = layer_of(answer.after.topology, key)
        what = f"{layer} {key.kind.removeprefix('Network').lower()}s" if layer else key.kind
        found.setdefault(what, []).append(key)
    return dict(sorted(found.items()))


def summary(answer: Answer) -> str:
    """What becomes worse, in one line."""
    before, after = answer.before, answer.after
    lost = f"{rate(after.lost)} lost" if after.lost else "nothing lost"
    return f"{lost} · highest utilisation {use(before.peak)} → {use(after.peak)} · {len(answer.fallen)} elements down"


def to_json(answer: Answer) -> Json:
    """The same facts as one JSON object."""
    return {
        "network": answer.before.network,
        "steps": [_step_json(step, answer) for step in answer.steps],
        "blastRadius": {what: [str(key) for key in keys] for what, keys in blast_radius(answer).items()},
    }


def _step_json(step: Step, answer: Answer) -> Json:
    found = {"name": step.name, **state_json(step.state, step.state.utilisation)}
    found["overloaded"] = [key.name for key in step.state.above(answer.question.limit)]
    if step.within is not None:
        found["withinN1"] = failures_json(step.within)
        found["traps"] = [[str(key) for key in one.scenario.elements] for one in traps(answer, step)]
    return found
