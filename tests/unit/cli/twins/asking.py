"""Runs `kubectl-forestall twin …` on files, and on a cluster in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from forestall.cli import app
from forestall.cli.session import World
from forestall.ports import Json
from forestall.twin.formats import export
from forestall.twin.topology import Topology
from tests.unit.cli.cluster import Cluster

BACKBONE = Path(__file__).parents[4] / "examples" / "networks" / "backbone.json"


def twin(*args: str | Path, given: str = "", cluster: Cluster | None = None) -> Result:
    """Run `kubectl-forestall twin ARGS`."""
    world = World(connect=(cluster or Cluster()).connect)
    return CliRunner().invoke(app, ["twin", *map(str, args)], input=given, obj=world)


def asked(*args: str | Path, given: str = "", cluster: Cluster | None = None) -> Any:
    """What it says in JSON."""
    return json.loads(twin(*args, "--output", "json", given=given, cluster=cluster).stdout)


def rows(result: Result, heading: str) -> list[list[str]]:
    """The rows of the table whose first column title this is, as words."""
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    start = next(place for place, line in enumerate(lines) if line.startswith(heading))
    stop = next((place for place in range(start, len(lines)) if not lines[place]), len(lines))
    return [line.split() for line in lines[start + 1 : stop] if not line.startswith("  ")]


def document(topology: Topology) -> str:
    return export(topology, "rfc8345")


def config_map(name: str, data: Mapping[str, str], **labels: str) -> Json:
    return {
        "kind": "ConfigMap",
        "metadata": {"namespace": "networks", "name": name, "labels": {"forestall.dev/topology": "true", **labels}},
        "data": dict(data),
    }


def object_twin(*sources: Json, **source: Any) -> Json:
    """A twin of Kubernetes objects, by a source like this, and of the topology sources."""
    found = network_twin(*sources)
    found["spec"]["sources"].append({"name": "objects", "kubernetes": source})
    return found


def network_twin(*sources: Json, **more: Any) -> Json:
    return {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "NetworkTwin",
        "metadata": {"name": "main"},
        "spec": {"sources": [{"name": f"s{place}", "topology": one} for place, one in enumerate(sources)], **more},
    }
