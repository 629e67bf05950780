"""T7: how fast it is found what falls with each element."""

from __future__ import annotations

import numpy as np
import pytest

from forestall.twin.engine import Falling
from tests.bench.twin import baselines
from tests.bench.twin.measuring import COMPILED, PLAIN, Table, cpu
from tests.bench.twin.samples import dependencies

pytestmark = pytest.mark.bench


def test_what_falls_with_each_element_against_networkx_and_plain_python(table: Table) -> None:
    requirements = dependencies().requirements
    weight, rival = np.ones(requirements.nodes), baselines.Reevaluation(requirements)
    fast, slow = (Falling(requirements, kernels) for kernels in (COMPILED, PLAIN))
    one, down = cpu(lambda: rival.down({0}), 1)

    taken, found = cpu(lambda: fast.singles(weight))
    written, _ = cpu(lambda: slow.singles(weight), 1)

    assert set(fast.suppose([0])) == down
    assert found.size[0] == len(down)
    what = f"what falls with each of {requirements.nodes:,} elements"
    table.faster("T7", what, taken, ("networkx, one scaled to all", one * requirements.nodes), 500_000)
    table.faster("T7", what, taken, ("plain Python", written), 12)
