"""Topology documents: which content is in force, and what is told of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from forestall.api.networktwin import TopologySource
from forestall.runtime import documents
from forestall.runtime.documents import Change, Documents, Reading
from forestall.twin import sources
from forestall.twin.formats.documents import export
from forestall.twin.topology import UNLIMITED, Topology
from tests.unit.gates.scene import NOW
from tests.unit.twin.networks import cable, link, platform, ring

LATER = NOW + timedelta(hours=1)
GOOD = export(ring(), "rfc8345")
WIDER = export(ring("abcde"), "rfc8345")


def reader(**spec: Any) -> Documents:
    return Documents({"nets": TopologySource.model_validate(spec)})


def change(data: Mapping[str, str], *, name: str = "backbone") -> Change:
    return Change("nets", "networks", name, data)


def told(reading: Reading) -> str:
    return reading.accounts["nets"].problem


def test_a_document_is_in_force_once_it_is_read() -> None:
    reading = reader().take([change({"ring.json": GOOD})], NOW)
    assert reading.topology.id == ring().id
    account = reading.accounts["nets"]
    assert (account.documents, account.problem, account.as_of) == (1, "", NOW)
    assert (account.coverage, account.completeness) == (Decimal(1), Decimal(1))


def test_documents_of_one_twin_are_one_topology() -> None:
    above = export(platform({"one": "a"}), "rfc8345")
    reading = reader().take([change({"ring": GOOD, "above": above})], NOW)
    assert reading.topology.id == ring().plus(platform({"one": "a"})).id


def test_a_document_that_is_gone_is_in_force_no_longer() -> None:
    known = reader()
    known.take([change({"ring": GOOD})], NOW)
    gone = known.take([change({})], LATER)
    assert (gone.topology.nodes, gone.accounts["nets"].documents, gone.places) == ({}, 0, frozenset())


def test_only_keys_that_match_are_documents() -> None:
    reading = reader(keys="*.json").take([change({"readme.md": "# A ring", "ring.json": GOOD})], NOW)
    assert (reading.accounts["nets"].documents, told(reading)) == (1, "")


def test_a_layer_of_the_source_holds_for_all_its_networks() -> None:
    reading = reader(layer="physical").take([change({"ring": GOOD})], NOW)
    assert [network.layer for network in reading.topology.networks.values()] == ["physical"]


TWICE = export(ring(), "rfc8345").replace('"c-d"', '"b-c"', 1)
BAD = {
    "truncated": GOOD[: len(GOOD) // 2],
    "empty": "",
    "another format": "hello",
    "deeply nested": "[" * 100_000,
    "contradictory": TWICE,
    "half a character": GOOD.replace("backbone", "\ud800", 1),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_after_a_bad_document_the_last_good_one_stays_in_force(text: str) -> None:
    known = reader()
    known.take([change({"ring": GOOD})], NOW)
    reading = known.take([change({"ring": text})], LATER)
    assert reading.topology.id == ring().id
    assert told(reading).startswith("ConfigMap networks/backbone, key ring: ")
    assert told(reading).endswith(f"; its content of {NOW.isoformat(timespec='seconds')} stays in force")
    assert reading.accounts["nets"].as_of == NOW
    mended = known.take([change({"ring": WIDER})], LATER)
    assert (mended.topology.id, told(mended), mended.accounts["nets"].as_of) == (ring("abcde").id, "", LATER)


def test_of_a_document_that_was_never_good_nothing_is_in_force() -> None:
    reading = reader().take([change({"ring": BAD["truncated"], "above": export(platform({}), "rfc8345")})], NOW)
    assert told(reading).endswith("; nothing of it is in force")
    assert reading.topology.nodes == {}
    assert reading.accounts["nets"].coverage == 0


def test_a_content_that_is_the_same_is_not_read_again() -> None:
    known = reader()
    known.take([change({"ring": GOOD})], NOW)
    assert known.take([change({"ring": GOOD})], LATER).accounts["nets"].as_of == NOW


def test_of_two_documents_that_contradict_each_other_the_one_in_force_stays() -> None:
    known = reader()
    known.take([change({"ring": GOOD}, name="z")], NOW)
    reading = known.take([change({"ring": WIDER}, name="a")], LATER)
    assert reading.topology.id == ring().id
    assert told(reading).startswith("ConfigMap networks/a, key ring: Network/backbone stands in ConfigMap networks/z")
    freed = known.take([change({}, name="z")], LATER)
    assert (freed.topology.id, told(freed)) == (ring("abcde").id, "")


def test_documents_that_trade_their_networks_do_not_contradict_each_other() -> None:
    known, above = reader(), export(platform({"one": "a"}), "rfc8345")
    known.take([change({"ring": GOOD}, name="a"), change({"above": above}, name="b")], NOW)
    traded = known.take([change({"ring": above}, name="a"), change({"above": GOOD}, name="b")], LATER)
    assert (told(traded), traded.accounts["nets"].as_of) == ("", LATER)


def test_a_twin_takes_so_many_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 1)
    reading = reader().take([change({"a": GOOD, "b": export(platform({}), "rfc8345")})], NOW)
    assert "at most 1 documents" in told(reading)
    assert reading.topology.id == ring().id


def test_a_twin_takes_so_many_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_ELEMENTS", 12)
    known = reader()
    known.take([change({"ring": GOOD})], NOW)
    assert "at most 12 elements" in told(known.take([change({"ring": WIDER})], LATER))


def test_a_reader_that_fails_over_a_document_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    known = reader()
    known.take([change({"ring": GOOD})], NOW)
    monkeypatch.setattr(sources, "load", fail)
    reading = known.take([change({"ring": WIDER})], LATER)
    assert "it cannot be read: RecursionError" in told(reading)
    assert reading.topology.id == ring().id


def test_what_is_not_known_makes_a_source_less_complete() -> None:
    vague = ring().with_links([replace(link("a", "b"), capacity=UNLIMITED)])
    reading = reader().take([change({"ring": export(vague, "rfc8345")})], NOW)
    assert reading.topology.links[cable("a", "b")].capacity == UNLIMITED
    assert reading.accounts["nets"].completeness == Decimal("0.9583")


def test_an_attribute_that_cannot_be_used_is_told_and_the_document_is_in_force() -> None:
    reading = reader().take([change({"ring": GOOD.replace("to-b", "x" * 5000, 1)})], NOW)
    account = reading.accounts["nets"]
    assert account.documents == 1
    assert account.remarks.startswith("ConfigMap networks/backbone, key ring: /")


def test_a_topology_without_anything_is_one() -> None:
    assert reader().take([], NOW).topology.id == Topology().id
