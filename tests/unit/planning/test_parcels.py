"""Texts that travel in ConfigMaps: whole or not at all."""

from __future__ import annotations

import random
import zlib

import pytest

from forestall.planning import parcels
from forestall.planning.parcels import PART, data_of, packed, part_of, unpacked


def noise(size: int) -> str:
    return random.Random(1).randbytes(size // 2).hex()  # noqa: S311 - no secret


@pytest.mark.parametrize("text", ["", "short", "ünï", noise(3 * PART)], ids=["nothing", "short", "unicode", "long"])
def test_what_is_packed_is_unpacked(text: str) -> None:
    parts = [part_of({"binaryData": data_of(part)}) for part in packed(text)]
    assert unpacked(parts) == text
    assert all(len(part) <= PART for part in parts)


def test_what_takes_too_many_parts_is_refused() -> None:
    assert len(packed(noise(3 * PART))) == 2
    with pytest.raises(ValueError, match="are too many"):
        packed(noise(3 * PART), most=1)


def test_what_is_not_whole_is_refused() -> None:
    [part] = packed("a text")
    for given in ([], [part[:-1]], [part, b"more"], [b"no parcel"]):
        with pytest.raises(ValueError, match="it "):
            unpacked(given)


def test_what_would_unfold_beyond_all_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "MOST_TEXT", 1000)
    with pytest.raises(ValueError, match="too large"):
        unpacked([zlib.compress(bytes(1001))])


@pytest.mark.parametrize("body", [{}, {"data": {"part": "x"}}, {"binaryData": None}])
def test_a_config_map_that_holds_no_part_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no key part"):
        part_of(body)
    with pytest.raises(ValueError, match="base64"):
        part_of({"binaryData": {"part": "?"}})
