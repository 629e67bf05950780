"""The networks of a twin in the cluster: the same documents that its operator reads, read as whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from forestall.adapters.resources import CONFIG_MAPS, NAMESPACES, TWINS
from forestall.api.networktwin import TOPOLOGY_LABEL, NetworkTwin, TopologySource
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import checked_name, parsed
from forestall.cli.twins.reading import Read
from forestall.ports import Json, Kube, KubeError
from forestall.twin.defects import Defect
from forestall.twin.formats import Loaded, load
from forestall.twin.topology import Topology

MARKED: Final = f"{TOPOLOGY_LABEL}=true"
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
    """The topology of the twin of that name. Raises KubeError, or Failure where there is nothing to read."""
    twin = parsed(NetworkTwin, await _twin(kube, checked_name(name, "twin's name")))
    sources = [(source.name, source.topology) for source in twin.spec.sources if source.topology is not None]
    if not sources:
        raise Failure(Exit.ERROR, f"twin {name} has no topology source", "add one to its spec.sources")
    found = [document for source in sources for document in await _documents(kube, *source)]
    if not found:
        remedy = f"give ConfigMaps with documents the label {MARKED}"
        raise Failure(Exit.ERROR, f"the topology sources of twin {name} select no document", remedy)
    topology, defects = _joined(found)
    return Read(f"twin {name}", topology, defects, tuple(_remarks(twin)))


async def _twin(kube: Kube, name: str) -> Json:
    try:
        return await kube.get(TWINS, "", name)
    except KubeError as error:
        if error.reason != "NotFound":
            raise
        raise Failure(Exit.ERROR, f"there is no twin {name}", "look it up: kubectl get networktwins") from error


async def _documents(kube: Kube, name: str, source: TopologySource) -> Sequence[Document]:
    labels = ",".join([MARKED, *(f"{label}={value}" for label, value in sorted(source.labels.items()))])
    spaces = source.namespaces or [one["metadata"]["name"] for one in await kube.list(NAMESPACES, labels=MARKED)]
    return [
        document
        for space in spaces
        for item in await kube.list(CONFIG_MAPS, space, labels=labels)
        for document in _of(item, name, source)
    ]


def _of(item: Json, name: str, source: TopologySource) -> Iterator[Document]:
    place = f"ConfigMap {item['metadata']['namespace']}/{item['metadata']['name']}"
    data: Mapping[str, str] = item.get("data") or {}
    for key in sorted(data):
        if fnmatchcase(key, source.keys):
            yield Document(f"{place}, key {key}", source, name, data[key])


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
    """The document, on the layer that its source says. ValueError where it cannot be read."""
    form = document.source.format
    found = load(document.text, source=document.name, format=None if form == "auto" else form)
    layer, networks = document.source.layer, found.topology.networks
    if layer is not None:
        networks = {name: replace(network, layer=layer) for name, network in networks.items()}
    defects = (replace(defect, path=f"{document.place}: {defect.path}") for defect in found.defects)
    return Loaded(replace(found.topology, networks=networks), tuple(defects))


def _remarks(twin: NetworkTwin) -> Iterator[str]:
    """What the operator's twin has and this one has not."""
    measured = sorted(binding.name for binding in twin.spec.metrics if binding.kind in NETWORK_KINDS)
    if measured:
        yield f"What is measured is not in it, but what documents say: the bindings {', '.join(measured)} are left out."
    for condition in twin.status.conditions:
        if condition.type == "TopologyReadable" and condition.status == "False":
            yield f"The operator says: {condition.message}"
