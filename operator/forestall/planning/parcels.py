"""Text in ConfigMaps: compressed, and in as many parts as it takes. What is read is not trusted to be small."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

PART: Final = 900_000
"""Bytes of one part: a ConfigMap takes 1 MiB."""
MOST_PARTS: Final = 16
MOST_TEXT: Final = 128 * 1024 * 1024
"""Bytes of a text."""
KEY: Final = "part"
"""The key under which a ConfigMap holds its part."""


def packed(text: str, most: int = MOST_PARTS) -> Sequence[bytes]:
    """The text in at most so many parts; ValueError where it takes more."""
    data = zlib.compress(text.encode())
    parts = [data[start : start + PART] for start in range(0, len(data), PART)]
    if len(parts) > most:
        raise ValueError(f"{len(data)} bytes are too many: {most * PART} can be passed on")
    return parts


def unpacked(parts: Iterable[bytes]) -> str:
    """The text; ValueError for what was not packed so, or is too large."""
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(b"".join(parts), MOST_TEXT)
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    if not reader.eof or reader.unused_data:
        raise ValueError("it is too large, or not whole")
    return data.decode()


def data_of(part: bytes) -> dict[str, str]:
    """A part, as a ConfigMap's binaryData."""
    return {KEY: base64.b64encode(part).decode()}


def part_of(body: Mapping[str, Any]) -> bytes:
    """The part that a ConfigMap holds; ValueError where there is none."""
    held = (body.get("binaryData") or {}).get(KEY)
    if held is None:
        raise ValueError(f"it has no key {KEY}")
    return base64.b64decode(held, validate=True)
