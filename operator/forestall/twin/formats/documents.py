"""One way in for all formats."""

from __future__ import annotations

from typing import Literal

from forestall.twin.formats import rfc8345
from forestall.twin.formats.draft import DEFAULT_LIMITS, Draft, Limits, Loaded
from forestall.twin.formats.parsing import LIMIT, decoded, parsed
from forestall.twin.formats.report import UnreadableTopologyError

Format = Literal["rfc8345", "netjson", "topohub", "graphml"]


def load(
    text: str | bytes,
    *,
    source: str,
    format: Format | None = None,  # noqa: A002
    limit: int = LIMIT,
    limits: Limits = DEFAULT_LIMITS,
) -> Loaded:
    """The topology that a document tells of, and what is wrong with the document.

    `source` names it in the provenance of what is read; the format is guessed unless given. UnreadableTopologyError
    where nothing can be made of it, or where it is longer than `limit` bytes or has more elements than `limits`.
    """
    if format not in (None, "rfc8345"):
        raise UnreadableTopologyError("", f"{format} is no format that is read")
    draft = Draft(source, limits)
    rfc8345.read(parsed(decoded(text, limit)), draft)
    return draft.loaded()
