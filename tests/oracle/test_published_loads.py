"""Loads of every network of two public collections, held against those that were published with them.

topohub publishes, for each link and direction, the load under hop-count routing with equal splits in percent of the
highest, rounded to two digits.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from forestall.twin.engine.arrays import Links, Network
from forestall.twin.engine.makes import Kernels
from forestall.twin.engine.rerouting import Rerouting
from tests.unit.twin.kernels.oracles import MAKES

Reals = NDArray[np.float64]
Document = Mapping[str, Any]

ROUNDING = 0.005
"""Percent: what two digits leave open."""
SLACK = 1e-9
COLLECTIONS = ("sndlib", "topozoo")


def documents() -> Mapping[str, Path]:
    folder = Path(str(importlib.resources.files("topohub"))) / "data"
    return {f"{name}/{file.stem}": file for name in COLLECTIONS for file in sorted((folder / name).glob("*.json"))}


def simple(document: Document) -> bool:
    """Whether loads are published by link: not so where two links join the same nodes."""
    ends = {frozenset((edge["source"], edge["target"])) for edge in document["edges"]}
    return not document["multigraph"] and not document["directed"] and len(ends) == len(document["edges"])


def demand(document: Document, mode: str, number: Mapping[str, int]) -> Reals:
    """[to, from]: published demands, taken both ways, or one for each pair."""
    found = np.zeros((len(number), len(number)))
    if mode == "uni":
        return np.ones_like(found) - np.eye(len(number))
    for source, row in document["graph"]["demands"].items():
        for target, amount in row.items():
            one, other = number[source], number[target]
            found[one, other] += amount
            found[other, one] += amount
    return found * (1 - np.eye(len(number)))


def worst_error(document: Document, mode: str, kernels: Kernels) -> float:
    """Largest difference from a published load, in percent of the highest load."""
    number = {str(node["id"]): place for place, node in enumerate(document["nodes"])}
    ends = np.array([(number[str(edge["source"])], number[str(edge["target"])]) for edge in document["edges"]])
    network = Network(len(number), Links(tail=ends[:, 0], head=ends[:, 1]), kernels.memory)
    load = Rerouting(network, range(len(number)), demand(document, mode, number), kernels).now.load
    published = [(edge["ecmp_fwd"][mode], edge["ecmp_bwd"][mode]) for edge in document["edges"]]
    return float(np.abs(100 * load / load.max() - np.array(published).ravel()).max())


@pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)
def test_loads_equal_the_published_ones_on_every_network(kernels: Kernels) -> None:
    read = {name: json.loads(file.read_text()) for name, file in documents().items()}
    errors = {
        (name, mode): worst_error(document, mode, kernels)
        for name, document in read.items()
        if simple(document)
        for mode in ("org", "uni")
        if mode in document["edges"][0].get("ecmp_fwd", {})
    }

    print(f"{len(errors)} matrices, worst error {max(errors.values()):.4f} percent")  # noqa: T201 (a figure to read)
    assert len(errors) > 200
    assert {name: error for name, error in errors.items() if error > ROUNDING + SLACK} == {}
