"""Topologies from files, and from twins in the cluster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forestall.cli.failures import Exit, Failure
from forestall.twin.analyses.routed import only_network
from forestall.twin.defects import Defect
from forestall.twin.formats import UnreadableTopologyError, load
from forestall.twin.formats.parsing import LIMIT
from forestall.twin.topology import Topology
from forestall.twin.views import Snapshot

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, and what was wrong with it."""

    source: str
    """Where from, in words."""
    topology: Topology
    defects: Sequence[Defect]
    remarks: Sequence[str] = ()
    """What is not in it that is in the cluster's twin."""
    snapshot: Snapshot | None = None
    """The Kubernetes objects, joined with the networks of `topology`; None where none were asked for."""
    unread: frozenset[str] = frozenset()
    """Kinds of Kubernetes objects that may not be listed."""


def from_file(name: str) -> Read:
    """The topology of a file in any known format, - for the standard input. Raises Failure where it cannot be read."""
    try:
        text = _bytes(name)
        loaded = load(text, source=name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(Exit.USAGE, f"{name} cannot be read: {reason}", "name a file, or - for the input") from error
    except UnreadableTopologyError as error:
        raise Failure(Exit.USAGE, f"{name}: {error}", "give RFC 8345, NetJSON, topohub or GraphML") from error
    return Read(name, loaded.topology, loaded.defects)


def _bytes(name: str) -> bytes:
    """The content, no more of it than is ever read."""
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read(LIMIT + 1)
    with Path(name).open("rb") as file:
        return file.read(LIMIT + 1)


def chosen(topology: Topology, network: str) -> str:
    """The network that was named, or else the only one in question. Raises Failure where it has to be named."""
    if network and network not in topology.networks:
        known = ", ".join(topology.networks) or "none"
        raise Failure(Exit.USAGE, f"--network: there is no network {network!r}", f"there are {known}")
    require_networks(topology)
    try:
        return network or only_network(topology)
    except ValueError as error:
        raise Failure(Exit.USAGE, str(error), "name it with --network") from error


def require_networks(topology: Topology) -> None:
    """Raise Failure where there are no networks, as in a twin of Kubernetes objects alone."""
    if not topology.networks:
        remedy = "of Kubernetes objects tell twin show, twin what-if and twin spof, with --twin"
        raise Failure(Exit.USAGE, "there is no network", remedy)
