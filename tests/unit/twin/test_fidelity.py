"""How much of what it describes the twin knows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from forestall.api.base import Key
from forestall.twin.fidelity import completeness, coverage
from forestall.twin.topology import UNLIMITED, Demand, Gate, RiskGroup, Topology
from tests.unit.twin.networks import A, cable, link, platform, ring, router


def test_coverage_is_the_share_of_what_is_described() -> None:
    assert (coverage(2, 1), coverage(3, 0), coverage(0, 2)) == (Decimal("0.6667"), Decimal(1), Decimal(0))
    assert coverage(0, 0) is None


def test_all_is_known_of_a_ring_with_capacities() -> None:
    assert completeness([ring()], ring()) == 1


def test_a_capacity_that_is_not_known_counts() -> None:
    known = ring("abc")
    vague = known.with_links([replace(link("a", "b"), capacity=UNLIMITED)])
    assert completeness([vague], vague) == Decimal("0.9444")


def test_a_reference_to_another_document_counts_once_that_is_there() -> None:
    above = platform({"one": "a"})
    assert completeness([above], above) == 0
    assert completeness([above], above.plus(ring())) == 1


def test_references_of_every_kind_count_and_those_to_the_cluster_do_not() -> None:
    nowhere, host = router("x"), Key("Node", "", "one")
    loose = Topology.of(
        groups=[RiskGroup(key=Key("RiskGroup", "", "duct"), cause="conduit", members=(cable("a", "b"), host))],
        gates=[Gate(owner=A, needs=1, members=(nowhere,))],
        demands=[Demand(key=Key("Demand", "", "d"), source=A, target=nowhere, amount=1.0)],
    )
    assert completeness([loose], loose.plus(ring())) == Decimal("0.6")


def test_attributes_that_could_not_be_used_count_as_unknown() -> None:
    assert completeness([ring("abc")], ring("abc"), unusable=18) == Decimal("0.5")
    assert completeness([], ring()) is None
