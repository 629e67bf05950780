"""What reading a topology costs beside reading its JSON, and how that grows with the document."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from forestall.twin.formats import export, load
from tests.bench.measuring import Figure, table
from tests.unit.twin.formats.documents import L3, TE, Json, document, link, network

pytestmark = pytest.mark.bench

SMALL, LARGE = 1_000, 8_000
"""Nodes; there are three times as many links."""
REPEATS = 3


def made(nodes: int) -> str:
    """A document whose links have attributes of RFC 8346 and RFC 8795."""
    random = Random(nodes)  # noqa: S311  # a net, not a secret
    ends = [(random.randrange(nodes), random.randrange(nodes)) for _ in range(3 * nodes)]
    links = [attributed(place, f"r{tail}", f"r{head}") for place, (tail, head) in enumerate(ends)]
    points = [{"tp-id": f"et-0/0/{place}"} for place in range(6)]
    routers = [{"node-id": f"r{place}", "ietf-network-topology:termination-point": points} for place in range(nodes)]
    return document(network(*links, types={**L3, **TE}, nodes=routers))


def attributed(place: int, tail: str, head: str) -> Json:
    te = {"max-link-bandwidth": {"te-bandwidth": {"generic": "0x1.2a05f2p+30"}}, "te-srlgs": {"value": [place % 500]}}
    return link(f"l{place}", tail, head, l3={"metric1": str(place % 99 + 1)}, te={"te-link-attributes": te})


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds, the least of some tries."""
    tries = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        tries.append(1000 * (time.process_time() - begun))
    return min(tries)


def test_reading_documents() -> None:
    texts = {nodes: made(nodes) for nodes in (SMALL, LARGE)}
    bare = {nodes: cpu(partial(json.loads, text)) for nodes, text in texts.items()}
    read = {nodes: cpu(partial(load, text, source="bench")) for nodes, text in texts.items()}
    topology = load(texts[SMALL], source="bench").topology
    written = cpu(partial(export, topology, "rfc8345"))
    graphml = export(topology, "graphml")
    xml = cpu(partial(load, graphml, source="bench"))
    ratio, growth = read[SMALL] / bare[SMALL], read[LARGE] / read[SMALL] / (LARGE / SMALL)

    figures = (
        Figure(f"reading {SMALL} nodes, {3 * SMALL} links, RFC 8345", "ms CPU", [read[SMALL]]),
        Figure("... times json.loads alone", "ratio", [ratio]),
        Figure(f"... an element of {LARGE} nodes, times one of {SMALL}", "ratio", [growth]),
        Figure("reading the small one as GraphML", "ms CPU", [xml]),
        Figure("writing the small one as RFC 8345", "ms CPU", [written]),
    )
    sys.stdout.write(f"\n{table(figures)}\n")
    assert ratio < 60
    assert growth < 4
