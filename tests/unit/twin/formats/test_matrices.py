from __future__ import annotations

from itertools import islice

import pytest

from forestall.api.base import Key
from forestall.twin.defects import completeness, defects
from forestall.twin.formats import UnreadableTopologyError, load_demands
from forestall.twin.topology import DEMAND, NODE
from tests.unit.twin.formats.abilene import NODES, UNIT, matrices, topology

A, B = (Key(NODE, "n", name) for name in "ab")


@pytest.mark.parametrize("text", ["1 2\n3 4\n", "1,2\r\n3,4", "1;2;3;4", "1 2 3 4", b"\xef\xbb\xbf1\t2\n3\t4"])
def test_rows_are_lines_or_stand_in_one(text: str | bytes) -> None:
    loaded = load_demands(text, nodes=[A, B], unit=1000)

    found = [(demand.source, demand.target, demand.amount) for demand in loaded.demands]
    assert found == [(A, B, 2000), (B, A, 3000)]


@pytest.mark.parametrize("text", ["", "1 2 3", "1 2\n3 4 5", "1 " * 100_000])
def test_a_matrix_of_another_size_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableTopologyError, match="4 numbers"):
        load_demands(text, nodes=[A, B], unit=1)


@pytest.mark.parametrize("cell", ["-1", "nan", "inf", "1e400", "x", "0x1", "1" * 30])
def test_an_unusable_cell_is_left_out_and_told(cell: str) -> None:
    loaded = load_demands(f"0 {cell}\n5 0", nodes=[A, B], unit=1)

    assert [demand.key.name for demand in loaded.demands] == ["b to a"]
    assert [(defect.path, defect.fatal) for defect in loaded.defects] == [("line 1, column 2", True)]


def test_the_measured_network_has_weights_and_capacities_both_ways() -> None:
    loaded = topology()

    assert (len(loaded.topology.nodes), len(loaded.topology.links)) == (12, 30)
    assert {link.capacity for link in loaded.topology.links.values()} == {9.92e9, 2.48e9}
    assert sum(link.metric for link in loaded.topology.links.values()) == 24_804
    assert not loaded.defects
    assert not defects(loaded.topology)
    assert completeness(loaded.topology).attributes == 1


def test_the_measured_traffic_of_five_minutes_is_132_demands_that_fit_its_links() -> None:
    for line in islice(matrices(), 0, 2016, 504):
        loaded = load_demands(line, nodes=NODES, unit=UNIT)
        total = sum(demand.amount for demand in loaded.demands)

        assert 100 <= len(loaded.demands) <= 132
        assert 0.3e9 < total < 9.92e9
        assert not loaded.defects


def test_demands_are_named_by_their_ends() -> None:
    demands = load_demands(next(matrices()), nodes=NODES, unit=UNIT).demands

    assert demands[0].key == Key(DEMAND, "", "0 to 1")
    assert demands[0].amount == pytest.approx(1.958280e5 * UNIT)
