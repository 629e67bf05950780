"""What is computed of a topology once, and goes with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from forestall.twin.topology import Topology

P = ParamSpec("P")
R = TypeVar("R")


def kept(make: Callable[Concatenate[Topology, P], R]) -> Callable[Concatenate[Topology, P], R]:
    """The same function, called once for each topology and the same other arguments.

    Unlike what a cache of its own would hold, what it returns may hold the topology.
    """

    @wraps(make)
    def found(topology: Topology, /, *args: P.args, **kwargs: P.kwargs) -> R:
        key: Hashable = (make, args, tuple(sorted(kwargs.items())))
        if key not in topology.kept:
            topology.kept[key] = make(topology, *args, **kwargs)
        return cast(R, topology.kept[key])

    return found
