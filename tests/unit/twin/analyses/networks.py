"""Small networks to ask about, written as cables and demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from forestall.api.base import Key
from forestall.twin.topology import (
    DEMAND,
    GROUP,
    LINK,
    NODE,
    UNLIMITED,
    Cause,
    Demand,
    Gate,
    Network,
    NetworkLink,
    NetworkNode,
    RiskGroup,
    Topology,
)

IP = "ip"


def node(name: str, network: str = IP) -> Key:
    return Key(NODE, network, name)


def link(name: str, network: str = IP) -> Key:
    return Key(LINK, network, name)


def demand(name: str) -> Key:
    return Key(DEMAND, "", name)


def group(name: str) -> Key:
    return Key(GROUP, "", name)


def cable(
    ends: str, metric: int = 1, capacity: float = UNLIMITED, *, network: str = IP, on: Sequence[Key] = (), tag: str = ""
) -> list[NetworkLink]:
    """`a-b` as the links a-b and b-a; a tag tells parallel ones apart."""
    one, other = ends.split("-")
    return [
        NetworkLink(
            key=link(f"{tail}-{head}{tag}", network),
            tail=tail,
            head=head,
            tail_point=tag,
            head_point=tag,
            metric=metric,
            capacity=capacity,
            supporting=tuple(on),
        )
        for tail, head in ((one, other), (other, one))
    ]


def carried(ends: str, amount: float, *, network: str = IP, name: str = "") -> Demand:
    source, target = ends.split("-")
    return Demand(key=demand(name or ends), source=node(source, network), target=node(target, network), amount=amount)


def at_risk(name: str, members: Iterable[Key], cause: Cause = "conduit", probability: float | None = None) -> RiskGroup:
    return RiskGroup(key=group(name), cause=cause, members=tuple(sorted(members)), probability=probability)


def topology(
    cables: Iterable[list[NetworkLink]],
    demands: Iterable[Demand] = (),
    *,
    groups: Iterable[RiskGroup] = (),
    gates: Iterable[Gate] = (),
    below: Iterable[list[NetworkLink]] = (),
    on: Mapping[str, Key] = {},
    more: Iterable[str] = (),
) -> Topology:
    """An IP network of these cables, on a physical network `fibre` of the cables `below`.

    `on` says what nodes rest on; `more` are nodes that no cable ends at.
    """
    upper, lower = [one for pair in cables for one in pair], [one for pair in below for one in pair]
    names = {end for one in upper for end in (one.tail, one.head)} | set(more)
    nodes = [NetworkNode(key=node(name), supporting=(on[name],) if name in on else ()) for name in sorted(names)]
    sites = {end for one in lower for end in (one.tail, one.head)}
    nodes += [NetworkNode(key=node(name, "fibre")) for name in sorted(sites)]
    networks = [Network(id=IP, layer="ip", supporting=("fibre",) if lower else ())]
    networks += [Network(id="fibre", layer="physical")] if lower else []
    return Topology.of(networks=networks, nodes=nodes, links=upper + lower, groups=groups, gates=gates, demands=demands)


def square(capacity: float = 10.0) -> Topology:
    """a-b-c-d-a, all metrics 1, and 6 from a to c: half over b, half over d."""
    return topology([cable(ends, 1, capacity) for ends in ("a-b", "b-c", "c-d", "a-d")], [carried("a-c", 6.0)])
