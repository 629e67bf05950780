"""Claims, and which nodes their volumes are reached from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from forestall.api.base import Key
from forestall.twin.index import Index
from forestall.twin.model import Claim, Node, Selector
from forestall.twin.placement import chosen


class Volumes:
    """The claims of one view and all that are supposed from it, since no supposition changes them; it never changes."""

    def __init__(self, claims: Mapping[Key, Claim], nodes: Mapping[str, Node]) -> None:
        self.claims, self._nodes = claims, nodes

    @cached_property
    def reach(self) -> Mapping[Key, frozenset[str]]:
        """Names of the nodes that the volume of a claim is reached from, of the claims that not every node reaches.

        One that no node is known to reach is left out: where its pods run nevertheless, it is in reach.
        """
        known: dict[int, frozenset[str]] = {}  # many volumes share their terms, and these live as long as the claims
        found = {key: self._matching(claim.reach, known) for key, claim in self.claims.items() if claim.reach}
        return {key: names for key, names in found.items() if names}

    def adrift(self, nodes: Mapping[str, Node], index: Index) -> frozenset[Key]:
        """Pods with a volume that no ready node reaches."""
        if not self.reach:
            return frozenset()
        ready = {name for name, node in nodes.items() if node.ready}
        lost = [claim for claim, names in self.reach.items() if names.isdisjoint(ready)]
        return frozenset(pod.key for claim in lost for pod in index.by_claim.get(claim, ()))

    def _matching(self, terms: tuple[Selector, ...], known: dict[int, frozenset[str]]) -> frozenset[str]:
        if id(terms) not in known:
            known[id(terms)] = frozenset(name for name, node in self._nodes.items() if chosen(node, terms))
        return known[id(terms)]
