"""Proof that a group of elements that stand in for each other really can: no shared risk, and capacity with a surge.

Levels: V0 is declared; V1 is proved of the structure; V2 is proved of the capacity as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from forestall.api.base import Key
from forestall.twin.analyses.answers import Answer, Verdict, all_of, verdict
from forestall.twin.analyses.judging import ROUNDING
from forestall.twin.analyses.layers import layers
from forestall.twin.topology import Topology

Level = Literal["V0", "V1", "V2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of several that share a load."""

    key: Key
    capacity: float
    """In the unit of the load."""
    weight: float = 1.0
    """Its part of the load, in relation to the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionGroup:
    """Members that share a load and stand in for each other."""

    members: tuple[Member, ...]
    load: float
    """All members together, before anything fails."""
    surge: float = 0.0
    """What comes on top of the load when a member fails, as a part of it: 0.25 for clients that all come anew."""
    limit: float = 0.8
    """Utilisation that survivors may reach."""
    tolerates: int = 1
    """How many members may fail at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonRisk:
    """An element or risk group that takes more members down than may fail at a time."""

    element: Key
    members: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection(Answer):
    """How far the protection is proved."""

    level: Level
    structure: Verdict
    """V1: whether no single element or risk group takes down more members than may fail at a time."""
    capacity: Verdict
    """V2: whether the survivors carry the load with its surge, all together and each its own part."""
    risks: tuple[CommonRisk, ...]
    """What speaks against V1."""
    utilisation: float
    """Of the survivors together in the worst case, 1 for full; without limit where a load has no survivor."""
    hardest: Key | None
    """The survivor that is used most."""
    hardest_utilisation: float
    """In the worst case for it."""
    safe_utilisation: float
    """Utilisation of all members together, before anything fails, up to which V2 holds."""


def protection(topology: Topology, group: ProtectionGroup) -> Protection:
    """Judge the group. KeyError for a member that is not in the topology; ValueError for numbers that make no sense."""
    _check(group)
    risks, is_described = _risks(topology, group)
    together, (hardest, most) = _together(group), _hardest(group)
    worst = max(together, most)
    structure = verdict(fails=bool(risks), known=is_described)
    capacity = verdict(fails=worst * group.load > group.limit * (1 + ROUNDING), known=group.load > 0)
    return Protection(
        verdict=all_of(structure, capacity),
        topology=topology.id,
        caveats=() if is_described else ("Of a member it is not known what it needs, nor is it in any risk group.",),
        level="V0" if structure != "Holds" else "V1" if capacity != "Holds" else "V2",
        structure=structure,
        capacity=capacity,
        risks=risks,
        utilisation=together * group.load if group.load else 0.0,
        hardest=hardest,
        hardest_utilisation=most * group.load if group.load else 0.0,
        safe_utilisation=group.limit / worst / sum(member.capacity for member in group.members),
    )


def _check(group: ProtectionGroup) -> None:
    numbers = (*(member.capacity for member in group.members), group.limit)
    if not group.members or not all(0 < number < inf for number in numbers):
        raise ValueError("members, capacities and a limit above 0 were expected")
    others = (*(member.weight for member in group.members), group.load, group.surge, group.tolerates)
    if not all(0 <= number < inf for number in others):
        raise ValueError("weights, load, surge and tolerated failures that are not negative were expected")
    if len({member.key for member in group.members}) < len(group.members):
        raise ValueError("a member is named twice")


def _risks(topology: Topology, group: ProtectionGroup) -> tuple[tuple[CommonRisk, ...], bool]:
    """What takes too many members down, and whether anything is known of what each of them needs."""
    given, members = layers(topology), [member.key for member in group.members]
    below = {key: given.below(key) for key in members}
    groups = _groups_of(topology, below)
    falling, found = given.falling(), list[CommonRisk]()
    for risk in sorted({*members}.union(*below.values(), *groups.values())):
        fallen = {given.keys[number] for number in falling.suppose(given.numbers([risk]))}
        found.append(CommonRisk(element=risk, members=tuple(sorted(fallen.intersection(members)))))
    common = tuple(risk for risk in found if len(risk.members) > group.tolerates)
    return common, all(below[key] or groups.get(key) for key in members)


def _groups_of(topology: Topology, below: Mapping[Key, frozenset[Key]]) -> Mapping[Key, Sequence[Key]]:
    """The risk groups that hold each member or something that it needs."""
    found: defaultdict[Key, list[Key]] = defaultdict(list)
    for name, group in topology.groups.items():
        for key, needed in below.items():
            if key in group.members or not needed.isdisjoint(group.members):
                found[key].append(name)
    return found


def _together(group: ProtectionGroup) -> float:
    """Utilisation of the survivors together by one unit of load, if the largest members fail."""
    left = _without_most((member.capacity for member in group.members), group.tolerates)
    return (1 + group.surge) / left if left else inf


def _hardest(group: ProtectionGroup) -> tuple[Key | None, float]:
    """The member that is used most if those of the highest weight beside it fail; its utilisation by one unit."""
    if len(group.members) <= group.tolerates:
        return None, inf
    uses = [(_worst_use(group, member), member.key) for member in group.members]
    most, key = min(uses, key=lambda pair: (-pair[0], pair[1]))
    return key, most


def _worst_use(group: ProtectionGroup, member: Member) -> float:
    others = (other.weight for other in group.members if other is not member)
    total = member.weight + _without_most(others, group.tolerates)
    return (1 + group.surge) * member.weight / total / member.capacity if member.weight else 0.0


def _without_most(values: Iterable[float], number: int) -> float:
    """The sum without so many of the highest."""
    ordered = sorted(values)
    return sum(ordered[: max(len(ordered) - number, 0)])
