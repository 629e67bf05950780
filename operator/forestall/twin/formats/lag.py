"""Link aggregation (RFC 8944): a link that leaves an aggregated termination point needs some of its member links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from forestall.api.base import Key
from forestall.twin.formats.names import L2_POINT, MINIMUM_LINKS
from forestall.twin.formats.report import Report
from forestall.twin.topology import LINK, NODE, UNLIMITED, Gate, NetworkLink, NetworkNode, TerminationPoint

REASON: Final = "minimum links"
MOST_MEMBERS: Final = 64
"""More links than any aggregation has."""

Links = dict[Key, NetworkLink]
Leaving = Mapping[tuple[Key, str], Sequence[NetworkLink]]
"""Links by their tail and the termination point there."""


def gated(
    nodes: Mapping[Key, NetworkNode], links: Links, declared: Sequence[Gate], report: Report
) -> tuple[Links, list[Gate]]:
    """The links, and the gates with those of aggregated links.

    An aggregated link needs as many member links as its point declares, one unless it does. Its members are the
    links that it rests on, or those that leave the member points for the same node; they no longer support it, since
    it does without some of them. Its capacity, where none is given, is the sum of theirs.
    """
    points = [(node, point) for node in nodes.values() for point in node.points if _is_aggregated(point)]
    leaving = _leaving(links) if points else {}
    owners = {gate.owner for gate in declared if gate.reason == REASON}
    read = [gate for node, point in points for gate in _gates(node, point, leaving, report) if gate.owner not in owners]
    members = members_of([*declared, *read])
    changed = {owner: _freed(links[owner], keys) for owner, keys in members.items() if owner in links}
    changed |= {gate.owner: _summed(changed[gate.owner], gate, links) for gate in read if gate.owner in changed}
    return {**links, **changed}, [*declared, *read]


def members_of(gates: Sequence[Gate]) -> Mapping[Key, tuple[Key, ...]]:
    """The member links of aggregated links, as documents say them: among what a link rests on."""
    found: defaultdict[Key, dict[Key, None]] = defaultdict(dict)
    for gate in gates:
        if gate.reason == REASON and gate.owner not in gate.members:
            found[gate.owner].update((key, None) for key in gate.members if key.kind == LINK)
    return {owner: tuple(members) for owner, members in found.items()}


def _is_aggregated(point: TerminationPoint) -> bool:
    said = point.attributes.get(L2_POINT)
    return isinstance(said, dict) and said.get("lag") is True


def _leaving(links: Links) -> Leaving:
    found: defaultdict[tuple[Key, str], list[NetworkLink]] = defaultdict(list)
    for link in links.values():
        if link.tail_point:
            found[Key(NODE, link.key.namespace, link.tail), link.tail_point].append(link)
    return found


def _gates(node: NetworkNode, point: TerminationPoint, leaving: Leaving, report: Report) -> Iterator[Gate]:
    bundles, members = leaving.get((node.key, point.name), ()), _members(node, point, leaving)
    where = f"{node.key}, {point.name}"
    if len(bundles) > 1 or len(members) > MOST_MEMBERS:
        report.kept(where, f"lag: one link and at most {MOST_MEMBERS} members were expected: no minimum is checked")
    elif bundles:
        yield from _gate_of_bundle(bundles[0], point, members, report)
    elif MINIMUM_LINKS in point.attributes:
        yield from _gates_of_members(point, members)


def _gate_of_bundle(
    bundle: NetworkLink, point: TerminationPoint, members: Sequence[NetworkLink], report: Report
) -> Iterator[Gate]:
    beneath = tuple(key for key in bundle.supporting if key.kind == LINK)
    beside = tuple(link.key for link in members if link.head == bundle.head)
    if beside and not beneath:
        report.kept(
            str(bundle.key),
            "member-link-tp: members and the aggregated link are in one network, where routes would use both: "
            "put the members into a network that supports this one",
        )
    if beneath or beside:
        yield Gate(owner=bundle.key, needs=_minimum(point), members=beneath or beside, reason=REASON)
    else:
        report.kept(str(bundle.key), "supporting-link: it is aggregated, and no member link is known: name them")


def _gates_of_members(point: TerminationPoint, members: Sequence[NetworkLink]) -> Iterator[Gate]:
    """Without a link for the whole, each member is up only if enough of them are."""
    for head in sorted({link.head for link in members}):
        keys = tuple(link.key for link in members if link.head == head)
        yield from (Gate(owner=key, needs=_minimum(point), members=keys, reason=REASON) for key in keys)


def _members(node: NetworkNode, point: TerminationPoint, leaving: Leaving) -> Sequence[NetworkLink]:
    said = point.attributes[L2_POINT]
    names = said.get("member-link-tp") if isinstance(said, dict) else ()
    texts = dict.fromkeys(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
    found = (link for name in texts for link in leaving.get((node.key, name), ()))
    return list(islice(found, MOST_MEMBERS + 1))


def _minimum(point: TerminationPoint) -> int:
    found = point.attributes.get(MINIMUM_LINKS)
    return found if isinstance(found, int) else 1


def _freed(link: NetworkLink, members: Sequence[Key]) -> NetworkLink:
    no_more = set(members)
    return replace(link, supporting=tuple(key for key in link.supporting if key not in no_more))


def _summed(link: NetworkLink, gate: Gate, links: Links) -> NetworkLink:
    """The link with the capacity of its members, where it has none of its own and all of theirs are known."""
    if link.capacity != UNLIMITED:
        return link
    return replace(link, capacity=sum(links[key].capacity if key in links else UNLIMITED for key in gate.members))
