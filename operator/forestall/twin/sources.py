"""Sources of a twin: the one of Kubernetes objects, and of topologies which ConfigMaps and keys they select, and how a
document of theirs is read.

The operator and the command line read the same sources by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from forestall.api.networktwin import TOPOLOGY_LABEL, KubernetesSource, NetworkTwinSpec, TopologySource
from forestall.twin.formats import Loaded, load
from forestall.twin.live import Live
from forestall.twin.topology import Topology

MARKED: Final = f"{TOPOLOGY_LABEL}=true"
"""Selects what is meant to be read as topology, and nothing else."""


def of_objects(spec: NetworkTwinSpec) -> KubernetesSource | None:
    """The source of Kubernetes objects: the first, as at most one is read. None where the twin has none."""
    return next((source.kubernetes for source in spec.sources if source.kubernetes), None)


def empty_live(source: KubernetesSource | None) -> Live:
    """A Live view that holds nothing yet, with the risk groups that the source asks for."""
    return Live({group.label: group.cause for group in source.risk_groups} if source is not None else {})


def selector(source: TopologySource) -> str:
    """The label selector of its ConfigMaps."""
    return ",".join([MARKED, *(f"{name}={value}" for name, value in sorted(source.labels.items()))])


def texts(source: TopologySource, data: Mapping[str, str]) -> Mapping[str, str]:
    """The documents in a ConfigMap's data, by their keys, ordered."""
    return {key: data[key] for key in sorted(data) if fnmatchcase(key, source.keys)}


def read(source: TopologySource, name: str, text: str) -> Loaded:
    """A document of the source called `name`, on the layer that it says. UnreadableTopologyError where it is none."""
    found = load(text, source=name, format=None if source.format == "auto" else source.format)
    return replace(found, topology=_on_layer(found.topology, source))


def _on_layer(topology: Topology, source: TopologySource) -> Topology:
    if source.layer is None:
        return topology
    networks = {name: replace(one, layer=source.layer) for name, one in topology.networks.items()}
    return replace(topology, networks=networks)
