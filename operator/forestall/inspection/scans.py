"""Scans of networks that are too much for one process: what is asked, in how many shards, and what has been answered.

What one process would find is found by shards, and added up. A shard that is missing or not believed is a gap in the
answer, which is then no pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.remembering import remembered
from forestall.inspection.sweeps import KINDS, MOST_SCENARIOS, Scopes, kinds_of
from forestall.twin.analyses.contingency import examine, merge
from forestall.twin.analyses.outcomes import Contingency, Partial
from forestall.twin.analyses.scenarios import Kind, Scenarios, scenarios
from forestall.twin.analyses.shards import accepted, shards
from forestall.twin.topology import Topology

MOST_SHARDS: Final = 100
"""Shards of one scan."""
QUARTER: Final = 4
"""A shard is at least this part of what one process takes: small enough to be lost, large enough to begin for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One question about one topology: all that a process needs to find the same losses, in the same order."""

    topology: str
    """Id of the topology."""
    network: str
    kinds: tuple[Kind, ...]
    pairs: bool
    limit: float
    """Utilisation above which a link is overloaded."""
    scenarios: str
    """Id of the losses, which many topologies can have."""
    of: int
    """How many losses there are."""
    size: int
    """Losses of one shard."""

    @property
    def shards(self) -> Sequence[range]:
        """The losses of each shard."""
        return shards(self.of, self.size)

    def asks_the_same(self, other: Scan) -> bool:
        """Whether both are about the same losses, of the network as it was at two times or at one."""
        return replace(self, topology=other.topology) == other

    def to_json(self) -> dict[str, Any]:
        """The question, to be told to another process."""
        return {**asdict(self), "kinds": list(self.kinds)}

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> Scan:
        """The question that was written so. ValueError for anything else."""
        try:
            scan = Scan(**{**given, "kinds": tuple(given["kinds"]), "limit": float(given["limit"])})
            is_sound = set(scan.kinds) <= set(KINDS.values()) and 0 < len(scan.shards) <= MOST_SHARDS
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no scan: {error}") from error
        if not is_sound:
            raise ValueError("no scan: its kinds or sizes are unsound")
        return scan


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a scan is."""

    told: str
    """In words: what it waits for, how many shards are done, or which are missing and why."""
    found: Contingency | None = None
    """What the shards come to, once no more will come."""
    as_of: datetime | None = None
    """When the network was as they examined it; None where it still is."""

    @property
    def whole(self) -> bool:
        """Whether all losses were examined."""
        return self.found is not None and not self.found.missing


NOT_BEGUN: Final = Standing("their scan by Jobs has not begun")


@dataclass(frozen=True, slots=True)
class Scans:
    """What others examine for an inspection."""

    most: int = MOST_SCENARIOS
    """Losses that the inspection examines itself; what has more is for others."""
    standing: Mapping[Scan, Standing] = field(default_factory=dict)


@remembered
def scan_of(topology: Topology, network: str, scopes: Scopes, limit: float, most: int) -> Scan | None:
    """The scan that these losses need; None where one process can take them, or they are too many for shards as well,
    or nothing can be said of the network at all.
    """
    kinds, pairs = kinds_of(scopes), "Pairs" in scopes
    try:
        found = scenarios(topology, network, kinds, order=2 if pairs else 1)
    except (KeyError, ValueError):
        return None
    if not most < len(found) <= MOST_SHARDS * MOST_SCENARIOS:
        return None
    return Scan(
        topology=topology.id,
        network=network,
        kinds=kinds,
        pairs=pairs,
        limit=limit,
        scenarios=found.id,
        of=len(found),
        size=max(-(-most // QUARTER), -(-len(found) // MOST_SHARDS)),
    )


def answered(topology: Topology, scan: Scan, standing: Standing) -> Contingency | str:
    """What is known of the losses; or why nothing can be said of the network.

    How the network is today is told of today, whenever its losses were examined.
    """
    found = standing.found
    if found is not None and standing.as_of is None:
        return found
    now = unexamined(topology, scan)
    if found is None or isinstance(now, str):
        return now
    told = (
        f"They were examined in the network as it was at {standing.as_of:%Y-%m-%d %H:%M:%S} UTC; it has changed since."
    )
    return replace(found, today=now.today, caveats=(told, *found.caveats))


def wanted(policy: InspectionPolicy, topology: Topology, most: int) -> Sequence[Scan]:
    """The scans that a policy's inspections need of a topology, each once."""
    asked = (item.contingency for item in policy.spec.inspections if item.contingency is not None)
    found = (scan_of(topology, one.network, one.scopes, one.maximum_utilisation, most) for one in asked)
    return list(dict.fromkeys(scan for scan in found if scan is not None))


@remembered
def unexamined(topology: Topology, scan: Scan) -> Contingency | str:
    """The answer as long as no shard has come: how it is today, and that everything is missing; or why not even that
    can be said.
    """
    try:
        return Reconciliation(topology, scan).found
    except ValueError as error:
        return f"network {scan.network} cannot be judged: {error}"


def examined(topology: Topology, scan: Scan, shard: int) -> Partial:
    """Examine one shard. ValueError where it is none, the topology is another one, or the network cannot be routed."""
    if shard not in range(len(scan.shards)):
        raise ValueError(f"shard {shard}: there are {len(scan.shards)}")
    return examine(topology, _scenarios(topology, scan), scan.shards[shard], limit=scan.limit)


class Reconciliation:
    """Adds up what shards say, as far as it is believed."""

    def __init__(self, topology: Topology, scan: Scan) -> None:
        """ValueError where the topology is another one, or the network cannot be routed."""
        self._scan, self._scenarios = scan, _scenarios(topology, scan)
        self._ground = examine(topology, self._scenarios, range(0), limit=scan.limit)
        self._parts: dict[int, Partial] = {}

    def take(self, shard: int, given: Any) -> None:
        """Take over what a shard says. ValueError where it is not believed."""
        self._parts[shard] = accepted(given, self._scan.shards[shard], self._scenarios, self._ground)

    @property
    def found(self) -> Contingency:
        """What all shards that were taken over come to; the others are missing."""
        return merge([self._ground, *self._parts.values()])


def _scenarios(topology: Topology, scan: Scan) -> Scenarios:
    found = scenarios(topology, scan.network, scan.kinds, order=2 if scan.pairs else 1)
    if (topology.id, found.id, len(found)) != (scan.topology, scan.scenarios, scan.of):
        raise ValueError("the scan is of another topology, or of other losses")
    return found
