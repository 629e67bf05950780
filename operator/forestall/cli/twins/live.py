"""A twin in the cluster: the same documents and objects that its operator reads, read as whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forestall.adapters.resources import CONFIG_MAPS, NAMESPACES, TWINS
from forestall.api.networktwin import KubernetesSource, NetworkTwin, TopologySource
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import checked_name, parsed
from forestall.cli.twins.listing import remarks, take_in
from forestall.cli.twins.reading import Read
from forestall.ports import Json, Kube, KubeError
from forestall.twin.defects import Defect
from forestall.twin.formats import Loaded
from forestall.twin.sources import MARKED, empty_live, of_objects, read, selector, texts
from forestall.twin.topology import Topology

LABEL_THEM: Final = f"give ConfigMaps with documents the label {MARKED}"
NETWORK_KINDS: Final = frozenset(("NetworkNode", "NetworkLink", "Demand"))


@dataclass(frozen=True, slots=True)
class Document:
    """A key of a ConfigMap."""

    place: str
    source: TopologySource
    name: str
    """Of the source."""
    text: str


async def from_twin(kube: Kube, name: str) -> Read:
    """The twin of that name, as it is now. Raises KubeError, or Failure where there is nothing to read."""
    twin = parsed(NetworkTwin, await _twin(kube, checked_name(name, "twin's name")))
    objects = of_objects(twin.spec)
    sources = [(source.name, source.topology) for source in twin.spec.sources if source.topology is not None]
    if not sources and objects is None:
        remedy = "add one of kubernetes or topology to its spec.sources"
        raise Failure(Exit.ERROR, f"twin {name} has no source of networks or objects", remedy)
    found = [document for source in sources for document in await _documents(kube, *source)]
    if not found and objects is None:
        raise Failure(Exit.ERROR, f"the topology sources of twin {name} select no document", LABEL_THEM)
    topology, defects = _joined(found)
    given = Read(f"twin {name}", topology, defects, tuple(_remarks(twin, found)))
    return given if objects is None else await _with_objects(kube, objects, given)


async def _with_objects(kube: Kube, source: KubernetesSource, given: Read) -> Read:
    """What was read, joined with the objects of the source as the operator joins them."""
    live = empty_live(source)
    live.declare(given.topology)
    unread = await take_in(kube, source, live)
    snapshot = live.snapshot()
    unreadable = (Defect(str(key), message, fatal=True) for key, message in sorted(snapshot.defects.items()))
    return replace(
        given,
        topology=snapshot.topology,
        defects=(*given.defects, *unreadable),
        remarks=(*given.remarks, *remarks(unread)),
        snapshot=snapshot,
        unread=unread,
    )


async def _twin(kube: Kube, name: str) -> Json:
    try:
        return await kube.get(TWINS, "", name)
    except KubeError as error:
        if error.reason != "NotFound":
            raise
        raise Failure(Exit.ERROR, f"there is no twin {name}", "look it up: kubectl get networktwins") from error


async def _documents(kube: Kube, name: str, source: TopologySource) -> Sequence[Document]:
    labels = selector(source)
    spaces = source.namespaces or [one["metadata"]["name"] for one in await kube.list(NAMESPACES, labels=MARKED)]
    return [
        document
        for space in spaces
        for item in await kube.list(CONFIG_MAPS, space, labels=labels)
        for document in _of(item, name, source)
    ]


def _of(item: Json, name: str, source: TopologySource) -> Iterator[Document]:
    place = f"ConfigMap {item['metadata']['namespace']}/{item['metadata']['name']}"
    for key, text in texts(source, item.get("data") or {}).items():
        yield Document(f"{place}, key {key}", source, name, text)


def _joined(documents: Sequence[Document]) -> tuple[Topology, tuple[Defect, ...]]:
    """All documents as one topology. As in the operator, none is taken of which an element had to be left out."""
    whole, defects = Topology(), list[Defect]()
    for document in documents:
        try:
            loaded = _loaded(document)
            defects += loaded.defects
            if not any(defect.fatal for defect in loaded.defects):
                whole = whole.plus(loaded.topology)
        except ValueError as error:
            defects.append(Defect(document.place, f"{error}: nothing of it is read", fatal=True))
    return whole, tuple(defects)


def _loaded(document: Document) -> Loaded:
    """The document, its defects with its place. UnreadableTopologyError where it cannot be read."""
    found = read(document.source, document.name, document.text)
    defects = (replace(defect, path=f"{document.place}: {defect.path}") for defect in found.defects)
    return replace(found, defects=tuple(defects))


def _remarks(twin: NetworkTwin, found: Sequence[Document]) -> Iterator[str]:
    """What the operator's twin has and this one has not."""
    if not found and any(source.topology for source in twin.spec.sources):
        yield f"The topology sources select no document: {LABEL_THEM}."
    measured = sorted(binding.name for binding in twin.spec.metrics if binding.kind in NETWORK_KINDS)
    if measured:
        yield f"What is measured is not in it, but what documents say: the bindings {', '.join(measured)} are left out."
    for condition in twin.status.conditions:
        if condition.type == "TopologyReadable" and condition.status == "False":
            yield f"The operator says: {condition.message}"
