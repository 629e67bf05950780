"""Who is hurt when elements fail: all that falls with them, where elements need k of n others.

What falls is followed upwards through what each element needs. Whoever has a spare does not fall; a circle of elements
that need each other does not fall by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST, Answer, verdict
from forestall.twin.analyses.layers import Layers, layer_of, layers
from forestall.twin.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius(Answer):
    """What falls beyond what is down today. Fails where anything falls that has a weight."""

    fallen: tuple[Key, ...]
    """All of it, the elements themselves among it."""
    hurt: tuple[Key, ...]
    """What has a weight, the heaviest first."""
    weight: float
    """The sum of their weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blast:
    """What a single element takes down."""

    element: Key
    size: int
    """How many elements, itself among them."""
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadii(Answer):
    """What each single element takes down."""

    number: int
    """Elements that take down anything that has a weight and is not themselves."""
    worst: tuple[Blast, ...]
    """The ten of the highest weight."""


def blast_radius(
    topology: Topology, elements: Iterable[Key], weights: Mapping[Key, float] | None = None
) -> BlastRadius:
    """What falls with the elements, and with the members of risk groups.

    Without `weights` each service weighs 1: what is in a network of the service layer, and Services of Kubernetes.
    KeyError for an element that there is not; ValueError for a weight that is negative or without limit.
    """
    given, weight = layers(topology), _weights(topology, weights)
    fallen = sorted(given.keys[number] for number in given.falling().suppose(given.numbers(elements)))
    hurt = sorted((key for key in fallen if weight.get(key)), key=lambda key: (-weight[key], key))
    return BlastRadius(
        verdict=verdict(fails=bool(hurt), known=bool(weight)),
        topology=topology.id,
        caveats=_caveats(weight),
        fallen=tuple(fallen),
        hurt=tuple(hurt),
        weight=sum(weight[key] for key in hurt),
    )


def blast_radii(topology: Topology, weights: Mapping[Key, float] | None = None) -> BlastRadii:
    """What each element takes down, all in one go. KeyError and ValueError as by `blast_radius`."""
    given, weight = layers(topology), _weights(topology, weights)
    row = _row(given, weight)
    blasts = given.falling().singles(row)
    others = blasts.lost - row * (blasts.size > 0)
    worst = np.argsort(-blasts.lost, kind="stable")[:MOST]
    return BlastRadii(
        verdict=verdict(fails=bool((others > 0).any()), known=bool(weight)),
        topology=topology.id,
        caveats=_caveats(weight),
        number=int((others > 0).sum()),
        worst=tuple(
            Blast(element=given.keys[place], size=int(blasts.size[place]), weight=float(blasts.lost[place]))
            for place in worst.tolist()
            if blasts.lost[place] > 0
        ),
    )


def _weights(topology: Topology, weights: Mapping[Key, float] | None) -> Mapping[Key, float]:
    if weights is None:
        return {key: 1.0 for key in layers(topology).keys if _is_service(topology, key)}
    for key, weight in weights.items():
        if not 0 <= weight < np.inf:
            raise ValueError(f"{key}: a weight that is not negative and has a limit was expected")
    return weights


def _is_service(topology: Topology, key: Key) -> bool:
    return key.kind == "Service" or (key in topology.nodes and layer_of(topology, key) == "service")


def _row(given: Layers, weights: Mapping[Key, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.zeros(len(given.keys))
    for key, weight in weights.items():
        found[given.number[key]] = weight
    return found


def _caveats(weights: Mapping[Key, float]) -> tuple[str, ...]:
    return () if weights else ("There is nothing that has a weight.",)
