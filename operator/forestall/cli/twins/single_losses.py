"""`twin spof`: single points of failure, in a network and among Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.cli.twins import service_losses, single_points
from forestall.cli.twins.reading import Read, chosen
from forestall.cli.twins.service_losses import ServiceLosses
from forestall.cli.twins.showing import caveats
from forestall.ports import Json
from forestall.twin.analyses.answers import Verdict, all_of
from forestall.twin.analyses.single_points import SinglePoints


@dataclass(frozen=True, slots=True)
class SingleLosses:
    """What no other stands in for. None where there are no networks, or no objects were asked for."""

    read: Read
    anchored: bool
    networks: SinglePoints | None
    objects: ServiceLosses | None

    @property
    def snapshot(self) -> str:
        """Id of all that was read."""
        return self.read.topology.id if self.read.snapshot is None else self.read.snapshot.id

    @property
    def verdict(self) -> Verdict:
        """Of networks and objects together."""
        return all_of(*(one.verdict for one in (self.networks, self.objects) if one is not None))

    @property
    def count(self) -> int:
        """Of networks and objects together."""
        networks = len(self.networks.impacts) if self.networks is not None else 0
        return networks + (len(self.objects.losses) if self.objects is not None else 0)


def gather(read: Read, network: str, anchors: Sequence[str]) -> SingleLosses:
    """Search both. Raises Failure where it does not follow which network is meant, or that cannot be searched."""
    networks = None
    if network or anchors or read.topology.networks or read.snapshot is None:
        networks = single_points.gather(read.topology, chosen(read.topology, network), anchors)
    objects = service_losses.gather(read.snapshot, read.unread) if read.snapshot is not None else None
    return SingleLosses(read, bool(anchors), networks, objects)


def render(screen: Screen, found: SingleLosses, top: int) -> None:
    """Write both, the worst first."""
    screen.title(f"Single points of failure, snapshot {found.snapshot}", "bold")
    if found.networks is not None:
        single_points.render(screen, found.read.topology, found.networks, top, anchored=found.anchored)
    if found.objects is not None:
        service_losses.render(screen, found.objects, top)
    caveats(screen, _caveats(found))


def _caveats(found: SingleLosses) -> Iterator[str]:
    yield from found.networks.caveats if found.networks is not None else ()
    yield from service_losses.caveats(found.objects) if found.objects is not None else ()
    yield from found.read.remarks


def require(found: SingleLosses) -> None:
    """Raise Failure unless there is none."""
    if found.verdict == "Fails":
        raise Failure(Exit.ERROR, f"single points of failure: {found.count}")
    if found.networks is not None and found.networks.verdict == "Unknown":
        raise Failure(Exit.NOT_NOW, "whether there are any is not known", "give demands, or name --anchors")
    if found.verdict == "Unknown":
        raise Failure(Exit.NOT_NOW, "whether there are any is not known", "get the rights that twin show says you lack")


def to_json(found: SingleLosses) -> Json:
    """The same facts as one JSON object."""
    networks: Json = {"total": None, "today": None, "singlePoints": [], "caveats": []}
    return {
        **(networks if found.networks is None else single_points.to_json(found.networks)),
        "verdict": found.verdict,
        "snapshot": found.snapshot,
        "objects": None if found.objects is None else service_losses.to_json(found.objects),
        "remarks": list(found.read.remarks),
    }
