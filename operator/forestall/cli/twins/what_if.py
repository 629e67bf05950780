"""`twin what-if`: what is supposed, step by step, and what becomes of networks and of Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.cli.twins import object_losses, supposing
from forestall.cli.twins.changes import OPTION, Edit, meant, parsed_change, parsed_switch, switched
from forestall.cli.twins.naming import HOST, Names
from forestall.cli.twins.object_changes import ObjectEdit, parsed_object_change
from forestall.cli.twins.object_losses import ObjectAnswer
from forestall.cli.twins.reading import Read, chosen
from forestall.cli.twins.showing import caveats
from forestall.cli.twins.supposing import Answer, Question, headings
from forestall.ports import Json
from forestall.twin.topology import Topology


@dataclass(frozen=True, slots=True)
class Part:
    """One change that is supposed."""

    edit: Edit | None = None
    """Of networks, or of what is up and down."""
    object_edit: ObjectEdit | None = None
    on_networks: bool = False
    """Whether it is about any element of a network."""


@dataclass(frozen=True, slots=True)
class Step:
    """What changes at once, and the networks after that."""

    name: str
    parts: Sequence[Part]
    topology: Topology

    @property
    def object_edits(self) -> Sequence[ObjectEdit]:
        """What changes of objects, beside what is down."""
        return [part.object_edit for part in self.parts if part.object_edit is not None]


@dataclass(frozen=True, slots=True)
class Answered:
    """What becomes of both. None where they are not concerned, or not read."""

    read: Read
    question: Question
    steps: Sequence[Step]
    networks: Answer | None
    objects: ObjectAnswer | None

    @property
    def broken(self) -> Sequence[str]:
        """Limits that do not hold, in words."""
        networks = self.networks.broken if self.networks is not None else ()
        return (*networks, *(self.objects.broken if self.objects is not None else ()))

    @property
    def is_known(self) -> bool:
        """Whether all is known that the networks' limits, where there are any, and Services are held against."""
        return self.demands_known and (self.objects is None or self.objects.is_known)

    @property
    def demands_known(self) -> bool:
        """Whether all is known of the networks' demands, if that matters for a limit."""
        return not self.question.is_limited or self.networks is None or self.networks.is_known


def ask(screen: Screen, read: Read, network: str, question: Question, *, drawn: bool) -> Answered:
    """Follow all steps. Raises Failure where a change cannot be understood, or nothing is supposed.

    A question of objects alone needs no network, unless one is named, limited or `drawn`.
    """
    steps = _steps(read, question)
    if not steps:
        raise Failure(Exit.USAGE, "nothing is supposed", "say what with --fail ELEMENT or --change CHANGE")
    told = bool(network) or drawn or question.is_limited or question.within_n1
    networks = None
    if told or read.snapshot is None or any(part.on_networks for step in steps for part in step.parts):
        topologies = [(step.name, step.topology) for step in steps]
        networks = supposing.suppose(screen, read.topology, chosen(read.topology, network), question, topologies)
    return Answered(read, question, steps, networks, _objects(read, steps))


def _objects(read: Read, steps: Sequence[Step]) -> ObjectAnswer | None:
    if read.snapshot is None:
        return None
    return object_losses.follow(read, read.snapshot, [(step.name, step.topology, step.object_edits) for step in steps])


def _steps(read: Read, question: Question) -> Sequence[Step]:
    hosts = [node.key for node in read.snapshot.nodes.values()] if read.snapshot is not None else []
    names, topology, found = Names(read.topology, hosts), read.topology, list[Step]()
    for name, parts in _planned(read, names, question):
        for part in parts:
            topology = topology if part.edit is None else part.edit(topology)
        found.append(Step(name, parts, topology))
    return found


def _planned(read: Read, names: Names, question: Question) -> Iterator[tuple[str, Sequence[Part]]]:
    """Each step in words, and what changes in it."""
    failed = [names.find(text, (), option="--fail") for text in question.failures]
    first = [_part(text, read, names) for text in question.changes]
    if failed:
        on_networks = any(_is_on_networks(read.topology, key) for key in failed)
        first.append(Part(lambda given: switched(given, failed, up=False), on_networks=on_networks))
    if first:
        yield " and ".join([*question.changes, *(f"{text} fails" for text in question.failures)]), first
    for text in question.further:
        yield text, [_part(part.strip(), read, names) for part in text.split(";")]


def _part(text: str, read: Read, names: Names) -> Part:
    if (object_edit := parsed_object_change(text, read, names)) is not None:
        return Part(object_edit=object_edit)
    switch = parsed_switch(text, names)
    if switch is not None and switch.up:
        _require_known(switch.element, read)
    on_networks = switch is None or _is_on_networks(read.topology, switch.element)
    return Part(parsed_change(text, names), on_networks=on_networks)


def _is_on_networks(topology: Topology, element: Key) -> bool:
    return any(key.kind != HOST for key in meant(topology, [element]))


def _require_known(element: Key, read: Read) -> None:
    """Of a node that is not ready today nobody knows what would be ready on it."""
    node = read.snapshot.nodes.get(element.name) if read.snapshot is not None and element.kind == HOST else None
    if node is not None and not node.ready:
        told = f"{OPTION}: {element} is not ready, and what would be ready on it is not known"
        raise Failure(Exit.USAGE, told, "suppose up only what was supposed down before")


def render(screen: Screen, found: Answered) -> None:
    """Write what changes as tables."""
    screen.title(_title(found), "bold")
    names = headings(len(found.steps))
    for heading, step in zip(names, found.steps, strict=True):
        screen.line(f"{heading}: {step.name}")
    if found.networks is not None:
        supposing.render(screen, found.networks)
    if found.objects is not None:
        object_losses.render(screen, found.objects, names)
    _limits(screen, found)
    caveats(screen, _caveats(found))


def _title(found: Answered) -> str:
    if found.networks is not None:
        return f"Network {found.networks.before.network}, snapshot {found.read.topology.id}"
    snapshot = found.read.snapshot
    return f"{found.read.source}, snapshot {snapshot.id if snapshot is not None else ''}"


def _caveats(found: Answered) -> Iterator[str]:
    yield from found.networks.after.caveats if found.networks is not None else ()
    yield from found.objects.caveats if found.objects is not None else ()
    yield from found.read.remarks


def _limits(screen: Screen, found: Answered) -> None:
    if not found.question.is_limited and found.objects is None:
        return
    screen.heading("Limits")
    for text in found.broken:
        screen.line(text, "bold red")
    if found.broken:
        return
    if found.is_known:
        screen.line("all hold", "green")
    else:
        screen.line("not known: demands are missing" if not found.demands_known else "not known: rights are missing")


def require(found: Answered) -> None:
    """Raise Failure where a limit is broken, or cannot be held against anything."""
    if found.broken:
        raise Failure(Exit.ERROR, f"it does not hold: {found.broken[0]}")
    if not found.demands_known:
        raise Failure(Exit.NOT_NOW, "whether it holds is not known", "mend the demands: see twin show")
    if not found.is_known:
        raise Failure(Exit.NOT_NOW, "whether it holds is not known", "get the rights that twin show says you lack")


def to_json(found: Answered) -> Json:
    """The same facts as one JSON object."""
    networks: Json = {"network": None, "steps": [], "blastRadius": {}}
    return {
        **(networks if found.networks is None else supposing.to_json(found.networks)),
        "objects": None if found.objects is None else object_losses.to_json(found.objects),
        "limits": {"maxUtilisation": found.question.max_utilisation, "lost": found.question.lost or None},
        "broken": list(found.broken),
        "holds": not found.broken and found.is_known and (found.networks is None or found.networks.is_known),
        "remarks": list(found.read.remarks),
    }
