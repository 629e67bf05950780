"""Loads of every network of two public collections, held against those that were published with them.

topohub publishes, for each link and direction, the load under hop-count routing with equal splits in percent of the
highest, rounded to two digits.
"""

from __future__ import annotations

import numpy as np

from forestall.twin.engine import Rerouting
from tests.oracle.published import Published, networks
from tests.oracle.searches import agreed

ROUNDING = 0.005
"""Percent: what two digits leave open."""
SLACK = 1e-9


def worst_error(network: Published, mode: str) -> float:
    """Largest difference from a published load, in percent of the highest load."""
    demand = network.demands[mode]
    load = agreed(
        lambda kernels: Rerouting(network.by_hops(kernels), range(network.nodes), demand, kernels).now.load,
    )
    return float(np.abs(100 * load / load.max() - network.loads[mode]).max())


def test_loads_equal_the_published_ones_on_every_network() -> None:
    errors = {(found.name, mode): worst_error(found, mode) for found in networks() for mode in found.demands}

    print(f"{len(errors)} matrices, worst error {max(errors.values()):.4f} percent")
    assert len(errors) == 26 * 3 + 203 * 2
    assert {name: error for name, error in errors.items() if error > ROUNDING + SLACK} == {}
