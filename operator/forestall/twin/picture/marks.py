"""What a picture says of the elements of a network, beside how they are joined."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from forestall.api.base import Key

FULL = 1.0
"""Utilisation of a link that carries its capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is told of nodes and links by colour and sign."""

    title: str
    note: str = ""
    """One line below the title."""
    utilisation: Mapping[Key, float] = field(default_factory=dict)
    """By link, 1 for full. Of links that are not in it nothing is known."""
    failed: Collection[Key] = frozenset()
    """Nodes and links that are down: they are crossed out."""
    affected: Collection[Key] = frozenset()
    """Nodes that are cut off or lose what they rest on: they are shaded."""
