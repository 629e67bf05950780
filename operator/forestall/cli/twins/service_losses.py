"""Kubernetes nodes and risk groups whose loss alone leaves Services without any ready pod."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.cli.screen import Screen
from forestall.cli.twins.figures import counted, shortened
from forestall.cli.twins.listing import DECISIVE
from forestall.cli.twins.object_losses import LOST
from forestall.cli.twins.objects import place
from forestall.inspection.losses import Loss, hosts, label
from forestall.ports import Json
from forestall.twin.analyses.answers import Verdict, verdict
from forestall.twin.analyses.sole_carriers import sole_carriers
from forestall.twin.view import View

_REASONS: Final[dict[Verdict, str]] = {
    "Holds": "whatever single node or risk group is lost, each Service that serves keeps a ready pod",
    "Fails": "each of these losses leaves Services without any ready pod",
    "Unknown": "no such loss is known of, but not all could be read that decides it",
}


@dataclass(frozen=True, slots=True)
class ServiceLosses:
    """What each loss alone takes."""

    losses: Mapping[Key, Sequence[Key]]
    """Services by node or risk group, the most Services first."""
    serving: int
    """Services that have a ready pod now."""
    verdict: Verdict


def gather(view: View, unread: Collection[str]) -> ServiceLosses:
    """Examine the loss of each Kubernetes node and risk group, with all that rests on it."""
    elements = {label(key): key for key in (*(node.key for node in view.nodes.values()), *view.topology.groups)}
    gone = hosts(view.topology, tuple(Loss(name, (key,)) for name, key in elements.items()))
    found = sole_carriers(view, {elements[name]: nodes for name, nodes in gone.items()})
    serving = sum(bool(view.ready_by_node(service)) for service in view.services)
    return ServiceLosses(found, serving, verdict(fails=bool(found), known=DECISIVE.isdisjoint(unread)))


def render(screen: Screen, found: ServiceLosses, top: int) -> None:
    """Write the losses, the worst first."""
    screen.heading("Kubernetes objects")
    at_stake = len({service for services in found.losses.values() for service in services})
    screen.line(f"of {counted(found.serving, 'Service')} with ready pods, {at_stake} hang on a single element")
    rows = [
        (label(key), str(len(services)), shortened(map(place, services)))
        for key, services in list(found.losses.items())[:top]
    ]
    if rows:
        screen.table(("LOSS", "SERVICES", "WHICH"), rows)
    if len(found.losses) > top:
        screen.line(f"and {len(found.losses) - top} more: raise --top")
    screen.heading(f"Verdict on Services: {found.verdict}")
    screen.line(_REASONS[found.verdict])


def caveats(found: ServiceLosses) -> Sequence[str]:
    """What limits the answer."""
    return (LOST,) if found.losses else ()


def to_json(found: ServiceLosses) -> Json:
    """The same facts as one JSON object."""
    return {
        "verdict": found.verdict,
        "serving": found.serving,
        "singlePoints": [
            {"element": str(key), "services": [place(one) for one in services]}
            for key, services in found.losses.items()
        ],
        "caveats": list(caveats(found)),
    }
