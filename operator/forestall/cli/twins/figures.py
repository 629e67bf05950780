"""Amounts as people write and read them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.twin.picture import percent
from forestall.twin.picture.names import called, ends
from forestall.twin.topology import LINK, NODE, Topology

_UNITS: Final = ("", "k", "M", "G", "T", "P")
_AMOUNT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kMGTP]?)", re.ASCII)
_SHARE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(%?)", re.ASCII)
MOST_NAMED: Final = 8
"""Elements that one cell of a table names."""


def rate(amount: float) -> str:
    """Bit per second in the largest unit that leaves a whole part: `12.5 Gbit/s`."""
    if math.isinf(amount):
        return "not known"
    place = 0
    while abs(amount) >= 999.95 and place < len(_UNITS) - 1:
        amount, place = amount / 1000, place + 1
    return f"{amount:.3g} {_UNITS[place]}bit/s" if abs(amount) < 1000 else f"{amount:.0f} {_UNITS[place]}bit/s"


def parsed_rate(text: str, what: str) -> float:
    """Bit per second, of a number with or without one of k, M, G, T, P. Raises Failure naming `what` it is."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise Failure(Exit.USAGE, f"{what}: {text!r} is no amount", "write bit per second, such as 10G, 2.5G or 400M")
    return float(match[1]) * 1000.0 ** _UNITS.index(match[2])


def parsed_share(text: str, what: str) -> float:
    """A share, 1 for all, of `0.8` or `80%`. Raises Failure naming `what` it is."""
    match = _SHARE.fullmatch(text)
    if match is None:
        raise Failure(Exit.USAGE, f"{what}: {text!r} is no share", "write 0.8 or 80%")
    return float(match[1]) / (100 if match[2] else 1)


def use(utilisation: float | None) -> str:
    """A utilisation; `-` where it is not known."""
    return "-" if utilisation is None else percent(utilisation)


def finite(value: float) -> float | None:
    """The value as JSON has it: null for what is without limit."""
    return value if math.isfinite(value) else None


def named(topology: Topology, key: Key) -> str:
    """An element by its name, a link also by where it leads, with the network where others have the same name."""
    link = topology.links.get(key)
    is_clear = key.kind in (NODE, LINK) and key.name not in _ambiguous(topology)
    place = "" if is_clear or not key.namespace else f"{key.namespace}/"
    told = called(topology, key) if link is None else ends(topology, link)
    is_said = all(part in key.name for part in told.split(" → "))
    return f"{place}{key.name}" if is_said else f"{place}{key.name} ({told})"


@lru_cache(maxsize=2)
def _ambiguous(topology: Topology) -> frozenset[str]:
    """Names that elements of several networks have."""
    pairs = {(key.namespace, key.name) for key in (*topology.nodes, *topology.links)}
    counts = Counter(name for _, name in pairs)
    return frozenset(name for name, number in counts.items() if number > 1)


def counted(number: float, what: str) -> str:
    """How many: `1 node`, `2 nodes`."""
    return f"{number:.0f} {what}{'' if number == 1 else 's'}"


def listed(topology: Topology, keys: Iterable[Key]) -> str:
    """The elements by name, as many as fit a cell; of a cable with links both ways one."""
    return shortened(dict.fromkeys(named(topology, key) for key in one_way(topology, keys)))


def shortened(texts: Iterable[str]) -> str:
    """As many of the texts as fit a cell, and how many more there are."""
    found = list(texts)
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more if found else "-"


def one_way(topology: Topology, keys: Iterable[Key]) -> list[Key]:
    """The elements, without links that lead back between the same ends as one before them."""
    found: list[Key] = []
    ends = set[tuple[str, str, str, str, str]]()
    for key in keys:
        link = topology.links.get(key) if key.kind == LINK else None
        if link is not None:
            if (key.namespace, link.head, link.head_point, link.tail, link.tail_point) in ends:
                continue
            ends.add((key.namespace, link.tail, link.tail_point, link.head, link.head_point))
        found.append(key)
    return found
