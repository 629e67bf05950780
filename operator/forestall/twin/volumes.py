"""Claims, and which nodes their volumes are reached from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from forestall.api.base import Key
from forestall.twin.index import Index
from forestall.twin.model import Claim, Node, Selector
from forestall.twin.placement import chosen, labels_of


class Volumes:
    """The claims of one view and all that are supposed from it, since no supposition changes them; it never changes."""

    def __init__(self, claims: Mapping[Key, Claim], nodes: Mapping[str, Node]) -> None:
        self.claims, self._nodes = claims, nodes

    @cached_property
    def reach(self) -> Mapping[Key, frozenset[str]]:
        """Names of the nodes that the volume of a claim is reached from, of the claims that not every node reaches.

        One that no node is known to reach is left out: where its pods run nevertheless, it is in reach.
        """
        known: dict[str, frozenset[str]] = {}  # many volumes have the same terms, each in an object of its own
        found = {key: self._matching(claim.reach, known) for key, claim in self.claims.items() if claim.reach}
        return {key: names for key, names in found.items() if names}

    def adrift(self, nodes: Mapping[str, Node], index: Index) -> frozenset[Key]:
        """Pods with a volume that no ready node reaches."""
        if not self.reach:
            return frozenset()
        ready = {name for name, node in nodes.items() if node.ready}
        lost = [claim for claim, names in self.reach.items() if names.isdisjoint(ready)]
        return frozenset(pod.key for claim in lost for pod in index.by_claim.get(claim, ()))

    def _matching(self, terms: tuple[Selector, ...], known: dict[str, frozenset[str]]) -> frozenset[str]:
        told = repr(terms)
        if told not in known:
            candidates = {name for term in terms for name in self._candidates(term)}
            known[told] = frozenset(name for name in candidates if chosen(self._nodes[name], terms))
        return known[told]

    def _candidates(self, term: Selector) -> Iterable[str]:
        """Names of the nodes that the term may match: local volumes name one node each, and nodes may be thousands."""
        need = next((need for need in term.requirements if need.operator == "In"), None)
        if need is None:
            return self._nodes
        return [name for value in need.values for name in self._by_label.get((need.key, value), ())]

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, str], Sequence[str]]:
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for name, node in self._nodes.items():
            for label in labels_of(node).items():
                found[label].append(name)
        return found
