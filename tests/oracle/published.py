"""Every network of two public collections, SNDlib and the Internet Topology Zoo, as topohub publishes them."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forestall.twin.engine import Kernels, Links, Network
from tests.oracle.searches import Reals

Numbers = NDArray[np.int64]

COLLECTIONS = {"sndlib": ("org", "uni", "deg"), "topozoo": ("uni", "deg")}
"""Demands under which loads are published: original ones, one for each pair of nodes, and the product of degrees."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Published:
    """One network of a collection."""

    name: str
    nodes: int
    tail: Numbers
    head: Numbers
    length: Numbers
    """[links] in whole kilometres, from 1"""
    demands: Mapping[str, Reals]
    """[to, from] both ways, by what they are called"""
    loads: Mapping[str, Reals]
    """[arcs] in percent of the highest, by the same names"""

    def network(self, kernels: Kernels) -> Network:
        """With lengths as metrics, and capacities of 1."""
        metric = np.stack([self.length, self.length], 1)
        return Network(self.nodes, Links(tail=self.tail, head=self.head, metric=metric, capacity=1), kernels.memory)

    def by_hops(self, kernels: Kernels) -> Network:
        """With all metrics alike, as loads were published."""
        return Network(self.nodes, Links(tail=self.tail, head=self.head), kernels.memory)


def networks() -> Iterator[Published]:
    """All of them."""
    data = Path(str(importlib.resources.files("topohub"))) / "data"
    for collection, modes in COLLECTIONS.items():
        for file in sorted((data / collection).glob("*.json")):
            yield _published(f"{collection}/{file.stem}", json.loads(file.read_text()), modes)


def _published(name: str, document: Mapping[str, Any], modes: tuple[str, ...]) -> Published:
    number, edges = {str(node["id"]): place for place, node in enumerate(document["nodes"])}, document["edges"]
    tail, head = (np.array([number[str(edge[end])] for edge in edges]) for end in ("source", "target"))
    degree = np.bincount([*tail, *head], minlength=len(number)).astype(np.float64)
    demands = {"uni": np.ones((len(number), len(number))), "deg": np.outer(degree, degree)}
    demands["org"] = _original(document["graph"]["demands"], number)
    return Published(
        name=name,
        nodes=len(number),
        tail=tail,
        head=head,
        length=np.array([max(1, round(edge["dist"])) for edge in edges]),
        demands={mode: demands[mode] * (1 - np.eye(len(number))) for mode in modes},
        loads={
            mode: np.array([edge[way][mode] for edge in edges for way in ("ecmp_fwd", "ecmp_bwd")]) for mode in modes
        },
    )


def _original(demands: Mapping[str, Mapping[str, float]], number: Mapping[str, int]) -> Reals:
    found = np.zeros((len(number), len(number)))
    for source, row in demands.items():
        for target, amount in row.items():
            found[number[source], number[target]] += amount
            found[number[target], number[source]] += amount
    return found
