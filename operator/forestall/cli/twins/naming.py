"""Elements by the names that people give them: the name alone, or with its network, or the whole key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.inspection.losses import label
from forestall.twin.joining import platforms
from forestall.twin.topology import DEMAND, GROUP, LINK, NODE, Topology

HOST: Final = "Node"
"""The kind of Kubernetes nodes."""
ALL: Final = (NODE, LINK, GROUP)
WORDS: Final = {NODE: "node", LINK: "link", GROUP: "risk group", DEMAND: "demand", HOST: "Kubernetes node"}
MOST_COMPARED: Final = 20_000
"""Names among which a similar one is looked for."""
MOST_TOLD: Final = 5


class Names:
    """Finds elements of a topology, and Kubernetes nodes, by name."""

    def __init__(self, topology: Topology, hosts: Iterable[Key] = ()) -> None:
        self._found: defaultdict[str, list[Key]] = defaultdict(list)
        for key in dict.fromkeys((*_keys(topology), *hosts)):
            for text in _texts(topology, key):
                self._found[text].append(key)

    def find(self, text: str, kinds: Sequence[str] = ALL, *, option: str) -> Key:
        """The one element of that name and one of the kinds, or of any if there are none.

        Raises Failure naming the `option` where there is no such element, or several.
        """
        found = [key for key in self._found.get(text, ()) if not kinds or key.kind in kinds]
        if len(found) == 1:
            return found[0]
        what = " or ".join(WORDS.get(kind, kind) for kind in kinds) or "element"
        if found:
            several = ", ".join(map(str, found[:MOST_TOLD]))
            raise Failure(Exit.USAGE, f"{option}: {text!r} may be any of {several}", "write one of them out")
        raise Failure(Exit.USAGE, f"{option}: there is no {what} {text!r}", self._similar(text, kinds))

    def _similar(self, text: str, kinds: Sequence[str]) -> str:
        names = {key.name for keys in self._found.values() for key in keys if not kinds or key.kind in kinds}
        close = get_close_matches(text, names, n=MOST_TOLD) if len(names) <= MOST_COMPARED else []
        return f"write {' or '.join(sorted(close))}" if close else "see what there is with: twin show"


def _texts(topology: Topology, key: Key) -> Sequence[str]:
    """What the element may be called: as people do, or as findings do."""
    if key.kind == HOST:
        # By its name alone the node of a platform network is meant that it is, if there is one: they go together.
        is_twin = any(Key(NODE, network, key.name) in topology.nodes for network in platforms(topology))
        return (str(key), label(key), *(() if is_twin else (key.name,)))
    found = (key.name, f"{key.namespace}/{key.name}", str(key), *((label(key),) if key.kind in ALL else ()))
    return tuple(dict.fromkeys(found))


def _keys(topology: Topology) -> Iterator[Key]:
    """All elements, and what only gates and groups name."""
    beyond = [key for group in topology.groups.values() for key in group.members]
    beyond += [key for gate in topology.gates for key in (gate.owner, *gate.members)]
    yield from dict.fromkeys([*topology.nodes, *topology.links, *topology.groups, *topology.demands, *beyond])
