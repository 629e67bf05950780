"""Answers about topologies that take long, kept for as long as somebody holds the topology."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from forestall.twin.topology import Topology

P = ParamSpec("P")
R = TypeVar("R")


def remembered(ask: Callable[Concatenate[Topology, P], R]) -> Callable[Concatenate[Topology, P], R]:
    """The same function, asked once for each topology and the same other arguments, which can be hashed.

    A topology never changes. With it go its answers, which must not hold it themselves.
    """
    kept: WeakKeyDictionary[Topology, dict[object, R]] = WeakKeyDictionary()

    @wraps(ask)
    def answer(topology: Topology, /, *args: P.args, **kwargs: P.kwargs) -> R:
        known = kept.setdefault(topology, {})
        question = (args, tuple(sorted(kwargs.items())))
        if question not in known:
            known[question] = ask(topology, *args, **kwargs)
        return known[question]

    return answer
