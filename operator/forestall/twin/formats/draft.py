"""A topology while it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from forestall.api.base import Key
from forestall.twin.defects import Defect
from forestall.twin.formats.report import Report, UnreadableTopologyError
from forestall.twin.topology import (
    GROUP,
    Cause,
    Demand,
    Gate,
    Network,
    NetworkLink,
    NetworkNode,
    Provenance,
    RiskGroup,
    Topology,
)

MOST_NODES: Final = 1_000_000
MOST_LINKS: Final = 4_000_000
"""Elements of the largest document that is read unless told otherwise."""

E = TypeVar("E", Network, NetworkNode, NetworkLink, Demand)
K = TypeVar("K", str, Key)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read of a document; beyond it, it is unreadable."""

    nodes: int = MOST_NODES
    links: int = MOST_LINKS


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read, and what was wrong with it."""

    topology: Topology
    defects: tuple[Defect, ...]


@dataclass(slots=True)
class _Group:
    cause: Cause
    members: set[Key] = field(default_factory=set)
    probability: float | None = None


class Draft:
    """Takes the elements of a document. Of two that have one key and differ none is kept."""

    def __init__(self, source: str, limits: Limits) -> None:
        self.report = Report()
        self.provenance: Mapping[str, Provenance] = {"": Provenance(source=source)}
        self._limits = limits
        self.networks: dict[str, Network] = {}
        self.nodes: dict[Key, NetworkNode] = {}
        self.links: dict[Key, NetworkLink] = {}
        self.demands: dict[Key, Demand] = {}
        self.gates: list[Gate] = []
        self._groups: dict[Key, _Group] = {}
        self._contradicted: set[str | Key] = set()

    def add_network(self, network: Network, path: str) -> None:
        """Takes a network."""
        self._add(self.networks, network.id, network, path)

    def add_node(self, node: NetworkNode, path: str) -> None:
        """Takes a node."""
        self._add(self.nodes, node.key, node, path)
        if len(self.nodes) > self._limits.nodes:
            raise UnreadableTopologyError(path, f"there are more than {self._limits.nodes} nodes: divide the document")

    def add_link(self, link: NetworkLink, path: str) -> None:
        """Takes a link."""
        self._add(self.links, link.key, link, path)
        if len(self.links) > self._limits.links:
            raise UnreadableTopologyError(path, f"there are more than {self._limits.links} links: divide the document")

    def add_demand(self, demand: Demand, path: str) -> None:
        """Takes a demand."""
        self._add(self.demands, demand.key, demand, path)

    def add_to_group(self, name: str, cause: Cause, member: Key) -> None:
        """The element is a member of the risk group."""
        self._groups.setdefault(Key(GROUP, "", name), _Group(cause)).members.add(member)

    def loaded(self) -> Loaded:
        """What was read."""
        topology = Topology.of(
            networks=self.networks.values(),
            nodes=self.nodes.values(),
            links=self.links.values(),
            groups=(
                RiskGroup(
                    key=key, cause=group.cause, members=tuple(sorted(group.members)), probability=group.probability
                )
                for key, group in self._groups.items()
            ),
            gates=self.gates,
            demands=self.demands.values(),
        )
        return Loaded(topology, self.report.defects())

    def _add(self, found: dict[K, E], key: K, element: E, path: str) -> None:
        present = found.get(key)
        if present is None and key not in self._contradicted:
            found[key] = element
        elif present == element:
            self.report.kept(path, f"{key} is there twice, with the same content: remove one")
        else:
            found.pop(key, None)
            self._contradicted.add(key)
            self.report.left_out(
                path, f"{key} is there twice, with different content: keep the right one; none is read"
            )
