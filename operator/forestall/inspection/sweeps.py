"""What losses do to a whole network, and which of them are there already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.api.networkpolicy import ContingencyInspection, ContingencyScope, MaintenanceInspection
from forestall.inspection.losses import Loss, name_of
from forestall.inspection.remembering import remembered
from forestall.twin.analyses.contingency import examine, merge
from forestall.twin.analyses.layers import down
from forestall.twin.analyses.outcomes import Contingency, Outcome
from forestall.twin.analyses.routed import cabling
from forestall.twin.analyses.scenarios import Kind, scenarios
from forestall.twin.joining import has, without
from forestall.twin.topology import GROUP, NODE, Topology

MOST_SCENARIOS: Final = 200_000
"""Scenarios that one process examines of a network."""
KINDS: Final[dict[ContingencyScope, Kind]] = {"Node": "node", "Link": "link", "Site": "site", "RiskGroup": "group"}

Scopes = tuple[ContingencyScope, ...]
IN_WINDOWS: Final[Scopes] = ("Node", "Link")
"""What is taken away inside a maintenance window."""


def kinds_of(scopes: Scopes) -> tuple[Kind, ...]:
    """What is taken away, one at a time."""
    return tuple(KINDS[scope] for scope in scopes if scope in KINDS) or ("node", "link")


def sweep(topology: Topology, network: str, scopes: Scopes, limit: float, window: str = "") -> Contingency | str:
    """What losses of these scopes do to a network while `window`, a risk group, is out of service; or why that cannot
    be said.
    """
    try:
        inside = without(topology, [Key(GROUP, "", window)]) if window else topology
        found = scenarios(inside, network, kinds_of(scopes), order=2 if "Pairs" in scopes else 1)
        return merge([examine(inside, found, range(min(len(found), MOST_SCENARIOS)), limit=limit)])
    except KeyError as error:
        return f"{error.args[0]} is not in the twin: give it a document or mend the inspection"
    except ValueError as error:
        return f"network {network} cannot be judged: {error}"


swept = remembered(sweep)
"""The same, asked once for each topology."""


def live(topology: Topology, network: str, scopes: Collection[ContingencyScope]) -> tuple[Loss, ...]:
    """Losses of these scopes that are there: risk groups as a whole, then nodes, then cables between nodes that are up.

    What a risk group explains is not told again.
    """
    dead = down(topology)
    groups = [key for key in _groups(topology, scopes) if _is_dead(topology, key, dead)]
    explained = {member for key in groups for member in topology.groups[key].members}
    nodes = [one.key for one in topology.nodes_of(network) if "Node" in scopes and one.key in dead]
    cables = [links for links in _cables(topology, network, dead) if "Link" in scopes and explained.isdisjoint(links)]
    elements = [*((key,) for key in (*groups, *(key for key in nodes if key not in explained))), *cables]
    return tuple(Loss(name_of(topology, each), each) for each in elements)


def is_out(topology: Topology, group: Key) -> bool:
    """Whether all of a risk group that is in the topology is down, and something of it is there."""
    return _is_dead(topology, group, down(topology))


def _groups(topology: Topology, scopes: Collection[ContingencyScope]) -> Iterator[Key]:
    for key, group in topology.groups.items():
        if "RiskGroup" in scopes or ("Site" in scopes and group.cause == "site"):
            yield key


def _is_dead(topology: Topology, group: Key, dead: Collection[Key]) -> bool:
    known = [member for member in topology.groups[group].members if has(topology, member)]
    return bool(known) and all(member in dead for member in known)


def _cables(topology: Topology, network: str, dead: Collection[Key]) -> Iterator[tuple[Key, ...]]:
    """Cables that are down though both their ends are up."""
    for one, other in cabling(topology, network).cables:
        links = (one.key,) if other is None else (one.key, other.key)
        ends = {Key(NODE, network, one.tail), Key(NODE, network, one.head)}
        if any(link in dead for link in links) and not any(end in dead for end in ends):
            yield links


@dataclass(frozen=True)
class Case:
    """One sweep and what counts of it."""

    inspection: str
    asked: ContingencyInspection | MaintenanceInspection
    found: Contingency
    window: str = ""
    gone: tuple[Loss, ...] = ()
    """What is lost already."""
    progress: str = ""
    """Of a sweep that others make: how far it is."""

    @property
    def qualifier(self) -> str:
        """Tells its finding apart."""
        return "/".join(part for part in (self.inspection, self.asked.network, self.window) if part)

    @property
    def failures(self) -> Sequence[Outcome]:
        """Losses that matter, of those that are named, the worst first."""
        return [one for one in self.found.failures if one.lost > self.asked.lost_demand or one.overloads]

    @property
    def failed(self) -> int:
        """How many losses matter. Of those that are not named, all do."""
        return self.found.counts.failed - len(self.found.failures) + len(self.failures)

    @property
    def loses_today(self) -> bool:
        """Whether too much demand has no way with nothing more lost."""
        return self.found.today.lost > self.asked.lost_demand

    @property
    def fails_today(self) -> bool:
        """Whether that is so, or a link is overloaded with nothing more lost."""
        return self.loses_today or bool(self.found.today.overloaded)

    @property
    def missing(self) -> int:
        """How many losses could not be judged, or were not examined."""
        return self.found.counts.errors + sum(stop - first for first, stop in self.found.missing)
