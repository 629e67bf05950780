"""One way in and one way out for all formats."""

from __future__ import annotations

import json
from typing import Literal

from forestall.twin.formats import rfc8345
from forestall.twin.formats.draft import DEFAULT_LIMITS, Draft, Limits, Loaded
from forestall.twin.formats.parsing import LIMIT, decoded, parsed
from forestall.twin.formats.report import UnreadableTopologyError
from forestall.twin.topology import Topology

Format = Literal["rfc8345", "netjson", "topohub", "graphml"]


def load(
    text: str | bytes,
    *,
    source: str,
    format: Format | None = None,  # noqa: A002  # the field's own word
    limit: int = LIMIT,
    limits: Limits = DEFAULT_LIMITS,
) -> Loaded:
    """The topology that a document tells of, and what is wrong with the document.

    `source` names it in the provenance of what is read; the format is guessed unless given. UnreadableTopologyError
    where nothing can be made of it, or where it is longer than `limit` bytes or has more elements than `limits`.
    """
    draft = Draft(source, limits)
    found = parsed(decoded(text, limit))
    if not isinstance(found, dict):
        raise UnreadableTopologyError("", "an object was expected")
    rfc8345.read(found, draft)
    return draft.loaded()


def export(topology: Topology, format: Format) -> str:  # noqa: A002  # the field's own word
    """The topology as a document, which `load` reads as it is, but for the provenance."""
    return json.dumps(rfc8345.written(topology), indent=1)
