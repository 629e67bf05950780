"""One way in and one way out for all formats."""

from __future__ import annotations

import json
from typing import Literal, assert_never

from forestall.twin.formats import graphml_reading, graphml_writing, netjson, rfc8345, topohub
from forestall.twin.formats.draft import DEFAULT_LIMITS, Draft, Limits, Loaded
from forestall.twin.formats.names import NETWORKS
from forestall.twin.formats.parsing import LIMIT, Json, decoded, parsed
from forestall.twin.formats.report import UnreadableTopologyError
from forestall.twin.topology import Topology

Format = Literal["rfc8345", "netjson", "topohub", "graphml"]
Written = Literal["rfc8345", "netjson", "graphml"]


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
    draft, said = Draft(source, limits), decoded(text, limit)
    if format == "graphml" or (format is None and said.lstrip()[:1] == "<"):
        graphml_reading.read(said, draft)
        return draft.loaded()
    found = parsed(said)
    if not isinstance(found, dict):
        raise UnreadableTopologyError("", "an object was expected")
    _read(found, format or _guess(found), draft)
    return draft.loaded()


def export(topology: Topology, format: Written) -> str:  # noqa: A002  # the field's own word
    """The topology as a document, which `load` reads as it is, but for the provenance."""
    match format:
        case "rfc8345":
            return json.dumps(rfc8345.written(topology), indent=1)
        case "netjson":
            return json.dumps(netjson.written(topology), indent=1)
        case "graphml":
            return graphml_writing.written(topology)
        case _:
            assert_never(format)


def _read(found: Json, form: Format, draft: Draft) -> None:
    match form:
        case "rfc8345":
            rfc8345.read(found, draft)
        case "netjson":
            netjson.read(found, draft)
        case "topohub":
            topohub.read(found, draft)
        case "graphml":
            raise UnreadableTopologyError("", "GraphML is XML: this is JSON")
        case _:
            assert_never(form)


def _guess(found: Json) -> Format:
    if NETWORKS in found:
        return "rfc8345"
    if found.get("type") in (netjson.GRAPH, netjson.COLLECTION):
        return "netjson"
    if "nodes" in found and ("edges" in found or "links" in found):
        return "topohub"
    message = f'no format is known by its members: "{NETWORKS}", or the "type" of NetJSON, or "nodes" and "edges"'
    raise UnreadableTopologyError("", message)
