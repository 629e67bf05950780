"""T11 and T12: what is left where no kernels are compiled, and what compiled ones cost."""

from __future__ import annotations

import pathlib
from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from forestall.twin.engine import Cutting, Falling, choose
from forestall.twin.kernels import compiled
from tests.bench.twin import baselines
from tests.bench.twin.measuring import COMPILED, PLAIN, Table, cpu
from tests.bench.twin.samples import dependencies, rerouting, sample, searched

pytestmark = pytest.mark.bench


def test_plain_impacts_against_networkx(table: Table) -> None:
    found = sample("telecom-100k")
    graph = baselines.graph(found)
    blocks, _ = cpu(lambda: baselines.impacts_of_blocks(graph, found), 1)
    cutting = Cutting(found.network(PLAIN.memory), PLAIN)

    taken, _ = cpu(lambda: cutting.from_anchors(found.weight, found.destinations), 2)

    what = "telecom-100k: impact of every node and link, plain Python"
    table.faster("T11", what, taken, ("networkx, blocks and sums, nodes only", blocks), 5)


def test_a_plain_sweep_against_networkx(table: Table) -> None:
    routing = rerouting(sample("isp315"), PLAIN)
    failures = [[link] for link in range(0, sample("isp315").size, 32)]

    each = cpu(lambda: routing.sweep(failures), 2)[0] / len(failures)

    table.faster("T11", "isp315: a failed link, plain Python", each, ("networkx", searched("isp315")), 25)


def test_what_falls_with_a_host_against_networkx(table: Table) -> None:
    requirements, host = dependencies().requirements, dependencies().hosts[5]
    rival, falling = baselines.Reevaluation(requirements), Falling(requirements, PLAIN)
    one, down = cpu(lambda: rival.down({host}), 1)

    many, _ = cpu(lambda: [falling.suppose([host]) for _ in range(1000)])

    assert set(falling.suppose([host])) == down
    what = f"what falls with a host, of {requirements.nodes:,} elements, plain Python"
    table.faster("T11", what, many / 1000, ("networkx", one), 5000)


def test_compiled_kernels_are_small_and_start_at_once(table: Table) -> None:
    folder = pathlib.Path(str(compiled.__file__)).parent
    files = [folder / (source.stem + EXTENSION_SUFFIXES[0]) for source in folder.glob("*.pxd")]
    size = sum(file.stat().st_size for file in files) / 2**20

    taken, chosen = cpu(lambda: choose(PLAIN, COMPILED))

    assert chosen.kernels.compiled
    table.figure("T12", "compiled kernels, on top of numpy", f"{size:.2f} MiB", "at most 2 MiB, asserted")
    table.figure("T12", "comparing both makes at the start", f"{taken * 1e3:.0f} ms", "at most 100 ms")
    assert size <= 2
