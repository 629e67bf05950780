"""Completion of files, and of what is in the file that stands on the line already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

from forestall.cli import completing
from forestall.cli.failures import Failure
from forestall.cli.twins.reading import STANDARD_INPUT, from_file
from forestall.twin.topology import NODE, Topology

MOST: Final = 200
"""Names that are offered."""
LARGEST: Final = 4 * 2**20
"""Bytes of a file that is read while somebody waits at a prompt."""


def files(_: typer.Context, incomplete: str) -> list[str]:
    """Files and folders that begin so."""
    folder, slash, start = incomplete.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return []
    names = (f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}" for path in found)
    return [name for name in names if name.startswith(incomplete) and (start or not Path(name).name.startswith("."))]


def networks(context: typer.Context, incomplete: str) -> list[str]:
    """Networks of the file."""
    return _offered(_topology(context).networks, incomplete)


def elements(context: typer.Context, incomplete: str) -> list[str]:
    """Nodes, links and risk groups of the file, or Kubernetes nodes where a twin is named in its place."""
    if context.params.get("twin"):
        return completing.hosts(context, incomplete)
    topology = _topology(context)
    return _offered((key.name for key in (*topology.groups, *topology.nodes, *topology.links)), incomplete)


def nodes(context: typer.Context, incomplete: str) -> list[str]:
    """Nodes of the file."""
    return _offered((key.name for key in _topology(context).nodes if key.kind == NODE), incomplete)


def _offered(names: Iterable[str], incomplete: str) -> list[str]:
    fitting = dict.fromkeys(name for name in names if name.startswith(incomplete) and name.isprintable())
    return list(fitting)[:MOST]


def _topology(context: typer.Context) -> Topology:
    """The topology of the file on the line; an empty one where it cannot be read."""
    # Behind an option that still lacks its value, arguments have not been told apart.
    name = str(context.params.get("file") or next(iter(context.args), ""))
    try:
        if name in ("", STANDARD_INPUT) or Path(name).stat().st_size > LARGEST:
            return Topology()
        return from_file(name).topology
    except (Failure, OSError):
        return Topology()
