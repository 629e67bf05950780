"""A small backbone, and a platform that rests on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forestall.api.base import Key
from forestall.twin.topology import (
    DEMAND,
    LINK,
    NODE,
    Demand,
    Network,
    NetworkLink,
    NetworkNode,
    Topology,
)

GIGABIT = 1e9
BACKBONE, PLATFORM = "backbone", "cluster"


def router(name: str, network: str = BACKBONE) -> Key:
    return Key(NODE, network, name)


A, B, C, D = map(router, "abcd")


def cable(tail: str, head: str) -> Key:
    return Key(LINK, BACKBONE, f"{tail}-{head}")


def link(tail: str, head: str, *, capacity: float = 10 * GIGABIT, metric: int = 1) -> NetworkLink:
    return NetworkLink(
        key=cable(tail, head),
        tail=tail,
        head=head,
        tail_point=f"to-{head}",
        head_point=f"to-{tail}",
        metric=metric,
        capacity=capacity,
    )


def demand(source: str, target: str, amount: float) -> Demand:
    name = f"{source}>{target}"
    return Demand(key=Key(DEMAND, "", name), source=router(source), target=router(target), amount=amount)


def ring(names: Sequence[str] = "abcd", *demands: Demand, capacity: float = 10 * GIGABIT) -> Topology:
    """Routers in a circle, each cable two links."""
    pairs = [(name, names[(place + 1) % len(names)]) for place, name in enumerate(names)]
    links = [link(*ends, capacity=capacity) for one, other in pairs for ends in ((one, other), (other, one))]
    return Topology.of(
        networks=[Network(id=BACKBONE, layer="ip")],
        nodes=[NetworkNode(key=router(name)) for name in names],
        links=links,
        demands=demands,
    )


def platform(hosts: Mapping[str, str]) -> Topology:
    """Kubernetes nodes, by name, and the router that each rests on."""
    return Topology.of(
        networks=[Network(id=PLATFORM, layer="platform", supporting=(BACKBONE,))],
        nodes=[NetworkNode(key=router(name, PLATFORM), supporting=(router(below),)) for name, below in hosts.items()],
    )


def fan(amount: float, ways: str = "cd", capacity: float = 10 * GIGABIT) -> Topology:
    """A cable from a to b, and ways of two cables over others, all of metric 1; the demand takes the first alone."""
    pairs = [("a", "b"), *(pair for way in ways for pair in (("a", way), (way, "b")))]
    links = [link(*ends, capacity=capacity) for one, other in pairs for ends in ((one, other), (other, one))]
    return Topology.of(
        networks=[Network(id=BACKBONE, layer="ip")],
        nodes=[NetworkNode(key=router(name)) for name in f"ab{ways}"],
        links=links,
        demands=[demand("a", "b", amount)],
    )
