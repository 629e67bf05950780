"""Reads GraphML event by event, so that nothing of XML can harm.

A document type is refused, and with it every entity of its own and everything external. Of GraphML there are nodes,
edges and their data; ports, hyperedges and graphs within nodes are not read, and told of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn
from urllib.parse import unquote
from xml.parsers import expat

from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import read_network
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import ATTRIBUTE
from forestall.twin.formats.plain import BODY, Data, Edges, as_object, read_head, read_node_data
from forestall.twin.formats.report import UnreadableTopologyError
from forestall.twin.formats.values import MAX_TEXT

DEEPEST: Final = 32
"""How deep elements may be nested."""
MOST_DEFAULTS: Final = 32
DOMAINS: Final = ("graph", "node", "edge")
READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "boolean": lambda text: {"true": True, "1": True, "false": False, "0": False}[text.lower()],
    "int": int,
    "long": int,
    "float": float,
    "double": float,
}
"""How data are read by the type of their key; others are texts."""
NOT_READ: Final = frozenset({"port", "hyperedge", "locator"})
PARENTS: Final = {
    "graphml": "",
    "key": "graphml",
    "default": "key",
    "graph": "graphml",
    "node": "graph",
    "edge": "graph",
}
"""Of the elements that are read: what they stand in. Data stand in any of them."""


def read(text: str, draft: Draft) -> None:
    """Reads a document into the draft."""
    reader = _Reader(draft)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        message = f"line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}: it is no XML"
        raise UnreadableTopologyError(reader.path, message) from error


def _refuse(*_: object) -> NoReturn:
    raise UnreadableTopologyError("", "a document type is not read: remove <!DOCTYPE …>")


@dataclass(slots=True)
class _Open:
    """An element that has begun."""

    name: str
    path: str
    said: Mapping[str, str]
    data: dict[str, str] = field(default_factory=dict)
    """Texts by the id of their key."""
    seen: dict[str, int] = field(default_factory=dict)
    """How many of its children have begun, by name."""
    pieces: list[str] = field(default_factory=list)
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class _Key:
    """What some data are called, and how they are read."""

    name: str
    kind: str


class _Graph:
    """A graph that is being read. Only at its end it is known whether it is one of ours: its data may come last."""

    def __init__(self, name: str, *, directed: bool, draft: Draft) -> None:
        self.nodes: list[tuple[_Open, Data]] = []
        self.edges: list[tuple[_Open, Data]] = []
        self._is_own = False
        self._name, self._directed, self._draft = name, directed, draft

    def finish(self, data: Data, path: str) -> None:
        """The graph has ended: its elements are read."""
        said = data.pop(BODY, None)
        self._is_own = said is not None
        if self._is_own:
            read_head(as_object(said, path, self._draft.report), path, self._draft)
        else:
            listed = [{"name": name, "value": json.dumps(value)} for name, value in data.items()]
            read_network(self._name, Fields({ATTRIBUTE: listed}, path, self._draft.report), self._draft)
        for node, node_data in self.nodes:
            network, name = self._place(node.said.get("id", ""))
            read_node_data(network, name, node_data, node.path, self._draft)
        self._read_edges()

    def _read_edges(self) -> None:
        of_network: dict[str, Edges] = {}
        for edge, data in self.edges:
            network, tail = self._place(edge.said.get("source", ""))
            _, head = self._place(edge.said.get("target", ""))
            edges = of_network.setdefault(network, Edges(network, self._draft))
            directed = edge.said.get("directed", "true" if self._directed else "false") == "true"
            edges.read(tail, head, data, edge.path, name=self._name_of(edge), directed=directed)

    def _name_of(self, edge: _Open) -> str | None:
        """A number is no name: networkx counts the edges between two nodes, and others have the same numbers."""
        said = edge.said.get("id", "0")
        return self._place(said)[1] if self._is_own or not said.isdecimal() else None

    def _place(self, said: str) -> tuple[str, str]:
        """The network and the name of what has this identifier."""
        network, slash, name = said.partition("/")
        return (unquote(network), unquote(name)) if self._is_own and slash else (self._name, said)


class _Reader:
    """Takes the events of a document."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._open: list[_Open] = [_Open("", "", {})]
        self._keys: dict[tuple[str, str], _Key] = {}
        self._defaults: dict[str, Data] = {}
        self._graph: _Graph | None = None

    @property
    def path(self) -> str:
        """Where it stands."""
        return self._open[-1].path

    def start(self, name: str, said: Mapping[str, str]) -> None:
        """An element begins."""
        outer, local = self._open[-1], name.rpartition(" ")[2][:40]
        place = outer.seen[local] = outer.seen.get(local, 0) + 1
        element = _Open(local, f"{outer.path}/{local}[{place}]" if outer.path else f"/{local}", said)
        self._open.append(element)
        if len(self._open) > DEEPEST:
            raise UnreadableTopologyError(element.path, "elements are nested too deeply")
        if not outer.path and local != "graphml":
            raise UnreadableTopologyError(element.path, "<graphml> was expected")
        element.is_read = outer.is_read and local not in NOT_READ and PARENTS.get(local, outer.name) == outer.name
        if outer.is_read and not element.is_read:
            message = f"{local}: it is not read here: make it nodes and edges of one graph"
            self._draft.report.left_out(element.path, message)
        elif local == "graph" and element.is_read:
            directed = said.get("edgedefault") != "undirected"
            self._graph = _Graph(said.get("id", self._draft.source), directed=directed, draft=self._draft)

    def text(self, text: str) -> None:
        """A piece of text."""
        self._open[-1].pieces.append(text)

    def end(self, _: str) -> None:
        """The innermost element ends."""
        element = self._open.pop()
        outer, text = self._open[-1], "".join(element.pieces)
        if not element.is_read:
            return
        match element.name:
            case "key":
                self._declare(element)
            case "default":
                outer.data[""] = text
            case "data":
                outer.data[element.said.get("key", "")] = text
            case "node" | "edge" | "graph":
                self._ended(element)

    def _declare(self, element: _Open) -> None:
        """Data without a name are drawings of an editor, and not read."""
        said = element.said
        if "attr.name" in said:
            domain = said.get("for", "all")
            key = _Key(said["attr.name"], said.get("attr.type", "string"))
            for one in DOMAINS if domain == "all" else (domain,):
                self._keys[one, said.get("id", "")] = key
                self._default(one, key, element)

    def _default(self, domain: str, key: _Key, element: _Open) -> None:
        """A default is data of all elements of a domain: so there may be few, and short ones."""
        text, present = element.data.get(""), self._defaults.setdefault(domain, {})
        if text is not None and len(present) < MOST_DEFAULTS and len(text) <= MAX_TEXT:
            present[key.name] = self._value(key, text, element.path)
        elif text is not None:
            message = f"default: at most {MOST_DEFAULTS} of at most {MAX_TEXT} characters are read"
            self._draft.report.left_out(element.path, f"{message}: give the data with the elements")

    def _ended(self, element: _Open) -> None:
        if self._graph is None:
            return
        data = self._data(element)
        match element.name:
            case "node":
                self._graph.nodes.append((element, data))
            case "edge":
                self._graph.edges.append((element, data))
            case _:
                self._graph.finish(data, element.path)

    def _data(self, element: _Open) -> Data:
        """The data of an element by name, those by default among them, each as its key says."""
        found: Data = {**self._defaults.get(element.name, {})}
        for name, text in element.data.items():
            key = self._keys.get((element.name, name))
            if key is not None:
                found[key.name] = self._value(key, text, element.path)
        return found

    def _value(self, key: _Key, text: str, path: str) -> object:
        try:
            return READERS.get(key.kind, str)(text)
        except (ValueError, KeyError):
            self._draft.report.kept(path, f"{key.name[:40]}: {text[:40]!r} is no {key.kind}: it is taken as not given")
            return None
