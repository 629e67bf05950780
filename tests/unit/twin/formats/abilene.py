"""A measured network: its links as an RFC 8345 document, and its traffic."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path

from forestall.api.base import Key
from forestall.twin.formats import Loaded, load
from forestall.twin.topology import NODE
from tests.unit.twin.formats.documents import L2, L3, document, link, network

FOLDER = Path(__file__).parents[3] / "data" / "abilene"
UNIT = 100 * 8 / 300
"""Bit/s of one unit of the matrices: 100 bytes in five minutes."""
NODES = [Key(NODE, "n", str(number)) for number in range(12)]


def topology() -> Loaded:
    """12 nodes and 30 links, their capacities in kbit/s as the file has them."""
    rows = [line.split("\t") for line in (FOLDER / "topology.tsv").read_text().splitlines()[2:]]
    links = [
        link(name, tail, head, l3={"metric1": weight}, l2={"rate": capacity})
        for name, tail, head, weight, capacity in rows
    ]
    nodes = [{"node-id": key.name} for key in NODES]
    return load(document(network(*links, types={**L2, **L3}, nodes=nodes)), source="abilene")


def matrices() -> Iterator[str]:
    """A line for every five minutes of a week."""
    with lzma.open(FOLDER / "week1.txt.xz", "rt") as lines:
        yield from lines
