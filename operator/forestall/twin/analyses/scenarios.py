"""What may fail: sets of elements by class, alone and in pairs, in an order that every process finds again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isqrt, prod
from typing import Final, Literal, get_args, overload

from forestall.api.base import Key
from forestall.twin.analyses.layers import foundations_of
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.topology import Cause, RiskGroup, Topology

Kind = Literal["node", "link", "bundle", "foundation", "group", "weighted"] | Cause
"""Single nodes; links with their way back; all parallel links between two nodes; single elements of lower layers; risk
groups of every cause, or of one; risk groups and combinations of them that are likely enough to fail within a year."""
CAUSES: Final = frozenset(get_args(Cause))

LEAST: Final = 1e-6
"""Probability within a year that a weighted scenario has at least."""
MOST_WEIGHTED: Final = 100_000
"""Weighted scenarios that there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Elements that fail together. What falls with them is not named."""

    kind: str
    elements: tuple[Key, ...]
    """Nodes, links, risk groups; ordered."""
    probability: float | None = None
    """That all of it fails within one year, which bounds that it fails at once; None where it is not known."""

    def and_also(self, other: Scenario) -> Scenario:
        """Both, which are taken to be independent."""
        known = self.probability is not None and other.probability is not None
        return Scenario(
            kind=f"{self.kind}+{other.kind}",
            elements=tuple(sorted({*self.elements, *other.elements})),
            probability=(self.probability or 0.0) * (other.probability or 0.0) if known else None,
        )


@dataclass(frozen=True, eq=False)
class Scenarios(Sequence[Scenario]):
    """The scenarios of one network of a topology: single ones, then, if asked for, all pairs of those."""

    topology: Topology
    network: str
    singles: tuple[Scenario, ...]
    pairs: bool

    def __len__(self) -> int:
        number = len(self.singles)
        return number + (number * (number - 1) // 2 if self.pairs else 0)

    @overload
    def __getitem__(self, index: int) -> Scenario: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Scenario]: ...

    def __getitem__(self, index: int | slice) -> Scenario | Sequence[Scenario]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place < len(self.singles):
            return self.singles[place]
        one, other = self.pair(place)
        return self.singles[one].and_also(self.singles[other])

    def pair(self, index: int) -> tuple[int, int]:
        """The two single scenarios that the one at `index`, a pair, is made of."""
        # Pairs run (0, 1), (0, 2) … (1, 2) …; counted from the end, those of one first member are a triangle.
        left = len(self) - 1 - index
        row = (isqrt(8 * left + 1) - 1) // 2
        last = len(self.singles) - 1
        return last - 1 - row, last - (left - row * (row + 1) // 2)

    @cached_property
    def id(self) -> str:
        """`sha256:…` of what fails in each scenario. Another topology with the same elements has the same."""
        total = hashlib.sha256(f"{self.network} {self.pairs}".encode())
        for scenario in self.singles:
            total.update(repr(scenario).encode())
        return f"sha256:{total.hexdigest()}"


def scenarios(
    topology: Topology, network: str, kinds: Sequence[Kind] = ("node", "link"), *, order: int = 1
) -> Scenarios:
    """Scenarios of these kinds, and with `order` 2 all pairs of them.

    KeyError where there is no such network; ValueError for another order, or where too many sets of risk groups are
    likely enough.
    """
    if order not in (1, 2):
        raise ValueError(f"order {order}: 1 or 2 was expected")
    return scenarios_in(routed(topology, network), kinds, pairs=order == 2)


def scenarios_in(given: Routed, kinds: Sequence[Kind], *, pairs: bool = False) -> Scenarios:
    """The same, of a network that has been looked at."""
    found: dict[tuple[Key, ...], Scenario] = {}
    for kind in kinds:
        for scenario in _of_cause(given.topology, kind) if kind in CAUSES else _FINDERS[kind](given):
            found.setdefault(scenario.elements, scenario)
    return Scenarios(given.topology, given.network, tuple(found.values()), pairs)


def scenarios_of(topology: Topology, network: str, given: Sequence[Scenario]) -> Scenarios:
    """Scenarios of one's own, with probabilities of one's own. ValueError for a probability that is none."""
    for scenario in given:
        if scenario.probability is not None and not 0 <= scenario.probability <= 1:
            raise ValueError(f"{scenario.probability}: a probability from 0 to 1 was expected")
    return Scenarios(topology, network, tuple(given), pairs=False)


def _nodes(given: Routed) -> Iterator[Scenario]:
    return (Scenario(kind="node", elements=(key,)) for key in given.cabling.nodes)


def _cables(given: Routed) -> Iterator[Scenario]:
    return (Scenario(kind="link", elements=given.links(cable)) for cable, up in enumerate(given.up.tolist()) if up)


def _bundles(given: Routed) -> Iterator[Scenario]:
    """What joins the same two nodes more than once."""
    found: defaultdict[tuple[int, int], list[Key]] = defaultdict(list)
    for cable, (tail, head) in enumerate(zip(given.cabling.tail.tolist(), given.cabling.head.tolist(), strict=True)):
        found[min(tail, head), max(tail, head)] += given.links(cable)
    for _, links in sorted(found.items()):
        if len({given.cabling.cable[link] for link in links}) > 1:
            yield Scenario(kind="bundle", elements=tuple(sorted(links)))


def _foundations(given: Routed) -> Iterator[Scenario]:
    below = foundations_of(given.topology, given.network)
    return (Scenario(kind="foundation", elements=(key,)) for key in sorted(below))


def _groups(given: Routed) -> Iterator[Scenario]:
    return (_of_group(group) for group in given.topology.groups.values())


def _of_cause(topology: Topology, cause: str) -> Iterator[Scenario]:
    return (_of_group(group) for group in topology.groups.values() if group.cause == cause)


def _of_group(group: RiskGroup) -> Scenario:
    known = group.probability is not None and 0 <= group.probability <= 1
    return Scenario(kind=group.cause, elements=(group.key,), probability=group.probability if known else None)


def _weighted(given: Routed) -> Iterator[Scenario]:
    """Sets of risk groups, taken to be independent, that are likely enough to fail within one year."""
    known = [(group.probability, key) for key, group in given.topology.groups.items() if group.probability is not None]
    likely = sorted((pair for pair in known if LEAST <= pair[0] <= 1), key=lambda pair: (-pair[0], pair[1]))
    sets = _likely_sets([probability for probability, _ in likely])
    return (_of_set([likely[place] for place in places]) for places in sorted(sets, key=lambda item: (len(item), item)))


def _likely_sets(probabilities: Sequence[float]) -> Sequence[tuple[int, ...]]:
    """Places, ascending, whose probabilities, which descend, multiply to at least LEAST."""
    found: list[tuple[int, ...]] = []
    ahead: list[tuple[int, ...]] = [(place,) for place in range(len(probabilities))]
    while ahead:
        if len(found) + len(ahead) > MOST_WEIGHTED:
            raise ValueError(f"more than {MOST_WEIGHTED} sets of risk groups are likely enough to fail")
        places = ahead.pop()
        found.append(places)
        for more in range(places[-1] + 1, len(probabilities)):
            if prod(probabilities[place] for place in (*places, more)) < LEAST:
                break  # all that follow are less likely still
            ahead.append((*places, more))
    return found


def _of_set(groups: Sequence[tuple[float, Key]]) -> Scenario:
    return Scenario(
        kind="weighted",
        elements=tuple(sorted(key for _, key in groups)),
        probability=prod(probability for probability, _ in groups),
    )


_FINDERS: Mapping[str, Callable[[Routed], Iterator[Scenario]]] = {
    "node": _nodes,
    "link": _cables,
    "bundle": _bundles,
    "foundation": _foundations,
    "group": _groups,
    "weighted": _weighted,
}
