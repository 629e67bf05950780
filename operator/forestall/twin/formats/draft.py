"""A topology while it is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from forestall.api.base import Key
from forestall.twin.defects import Defect
from forestall.twin.formats import lag
from forestall.twin.formats.names import SRLG, UNKNOWN_LAYER
from forestall.twin.formats.report import Report, UnreadableTopologyError
from forestall.twin.topology import (
    GROUP,
    Demand,
    Gate,
    Network,
    NetworkLink,
    NetworkNode,
    Provenance,
    RiskGroup,
    Topology,
)

E = TypeVar("E", Network, NetworkNode, NetworkLink, RiskGroup, Demand)
K = TypeVar("K", str, Key)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many elements are read of a document; one with more is unreadable."""

    nodes: int = 1_000_000
    links: int = 4_000_000


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read, and what was wrong with it."""

    topology: Topology
    defects: tuple[Defect, ...]


class Draft:
    """Takes the elements of a document. Of two that have one key and differ none is kept."""

    def __init__(self, source: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self.report = Report()
        self.source = source
        self.provenance: Mapping[str, Provenance] = {"": Provenance(source=source)}
        self._limits = limits
        self._networks: dict[str, Network] = {}
        self._nodes: dict[Key, NetworkNode] = {}
        self._links: dict[Key, NetworkLink] = {}
        self._groups: dict[Key, RiskGroup] = {}
        self._demands: dict[Key, Demand] = {}
        self._gates: list[Gate] = []
        self._sharing: defaultdict[Key, set[Key]] = defaultdict(set)
        self._contradicted: set[str | Key] = set()

    def add_network(self, network: Network, path: str) -> None:
        """Takes a network."""
        self._add(self._networks, network.id, network, path)

    def add_node(self, node: NetworkNode, path: str) -> None:
        """Takes a node."""
        self._add(self._nodes, node.key, node, path)
        if len(self._nodes) > self._limits.nodes:
            raise UnreadableTopologyError(path, f"there are more than {self._limits.nodes} nodes: divide the document")

    def add_link(self, link: NetworkLink, path: str) -> None:
        """Takes a link."""
        self._add(self._links, link.key, link, path)
        if len(self._links) > self._limits.links:
            raise UnreadableTopologyError(path, f"there are more than {self._limits.links} links: divide the document")

    def add_group(self, group: RiskGroup, path: str) -> None:
        """Takes a risk group that is declared as such."""
        self._add(self._groups, group.key, group, path)

    def add_gate(self, gate: Gate) -> None:
        """Takes a gate."""
        self._gates.append(gate)

    def add_demand(self, demand: Demand, path: str) -> None:
        """Takes a demand."""
        self._add(self._demands, demand.key, demand, path)

    def share(self, number: int, link: Key) -> None:
        """The link is in the shared risk link group of that number."""
        self._sharing[Key(GROUP, "", f"{SRLG}{number}")].add(link)

    def loaded(self) -> Loaded:
        """What was read."""
        for name in sorted({key.namespace for key in (*self._nodes, *self._links)}.difference(self._networks)):
            self.report.kept(name, f"network: {name!r} is not described: it is taken as {UNKNOWN_LAYER}, describe it")
            self._networks[name] = Network(id=name, layer=UNKNOWN_LAYER)
        links, gates = lag.gated(self._nodes, self._links, self._gates, self.report)
        topology = Topology.of(
            networks=self._networks.values(),
            nodes=self._nodes.values(),
            links=links.values(),
            groups=self._all_groups(),
            gates=gates,
            demands=self._demands.values(),
        )
        return Loaded(topology, self.report.defects())

    def _all_groups(self) -> Iterator[RiskGroup]:
        """Those that are declared, with the links that say themselves that they belong to them, and the others."""
        for key in self._groups.keys() | self._sharing.keys():
            declared = self._groups.get(key, RiskGroup(key=key, cause="srlg", members=()))
            members = {link for link in self._sharing.get(key, ()) if link in self._links}
            yield RiskGroup(
                key=key,
                cause=declared.cause,
                members=tuple(sorted(members.union(declared.members))),
                probability=declared.probability,
            )

    def _add(self, found: dict[K, E], key: K, element: E, path: str) -> None:
        present = found.get(key)
        if present is None and key not in self._contradicted:
            found[key] = element
        elif present == element:
            self.report.kept(path, f"{key} is there twice with the same content: remove one")
        else:
            found.pop(key, None)
            self._contradicted.add(key)
            self.report.left_out(path, f"{key} is there twice with different content: keep the right one; none is read")
