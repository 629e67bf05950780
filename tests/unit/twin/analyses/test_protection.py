"""Protection groups: no shared risk, capacity with a surge, and how full members may be before anything fails."""

import pytest

from forestall.twin.analyses import Member, ProtectionGroup, protection
from forestall.twin.topology import Gate, Network, NetworkNode, Topology
from tests.unit.twin.analyses.networks import at_risk, group, node

HOSTS = [node(f"h{number}", "hosts") for number in range(4)]
SERVERS = [node(f"s{number}", "pool") for number in range(4)]


def pool(*, on: tuple[int, ...] = (0, 1, 2, 3)) -> Topology:
    """Four servers, each on the host of that number."""
    return Topology.of(
        networks=[Network(id="hosts", layer="platform"), Network(id="pool", layer="workload")],
        nodes=[
            *(NetworkNode(key=host) for host in HOSTS),
            *(NetworkNode(key=key, supporting=(HOSTS[host],)) for key, host in zip(SERVERS, on, strict=True)),
        ],
    )


def members(number: int, capacity: float = 100.0) -> tuple[Member, ...]:
    return tuple(Member(key=key, capacity=capacity) for key in SERVERS[:number])


@pytest.mark.parametrize(
    ("number", "surge", "safe"), [(2, 0.0, 0.40), (4, 0.0, 0.60), (2, 0.25, 0.32), (4, 0.25, 0.48)]
)
def test_how_full_members_may_be_so_that_the_rest_carries_all(number: int, surge: float, safe: float) -> None:
    load = safe * 100.0 * number
    just, more = (
        protection(pool(), ProtectionGroup(members=members(number), load=each, surge=surge))
        for each in (load, load * 1.001)
    )
    assert just.safe_utilisation == pytest.approx(safe)
    assert (just.level, just.capacity) == ("V2", "Holds")
    assert just.utilisation == pytest.approx(0.8)
    assert (more.level, more.capacity) == ("V1", "Fails")


def test_the_part_of_each_member_counts_not_only_the_sum() -> None:
    uneven = (*members(2, 300.0), Member(key=SERVERS[2], capacity=50.0))
    found = protection(pool(), ProtectionGroup(members=uneven, load=100.0))
    assert (found.capacity, found.hardest, found.hardest_utilisation) == ("Fails", SERVERS[2], 1.0)
    assert found.utilisation < 0.8


def test_weights_say_who_takes_over_how_much() -> None:
    weighted = tuple(
        Member(key=key, capacity=capacity, weight=capacity)
        for key, capacity in zip(SERVERS, (300.0, 300.0, 50.0), strict=False)
    )
    assert protection(pool(), ProtectionGroup(members=weighted, load=100.0)).level == "V2"


def test_two_members_on_one_host_share_a_risk() -> None:
    found = protection(pool(on=(0, 1, 2, 2)), ProtectionGroup(members=members(4), load=10.0))
    assert (found.verdict, found.level, found.structure) == ("Fails", "V0", "Fails")
    assert [(risk.element, risk.members) for risk in found.risks] == [(HOSTS[2], (SERVERS[2], SERVERS[3]))]


def test_a_risk_group_below_two_members_is_a_shared_risk() -> None:
    given = pool()
    feed = at_risk("feed", HOSTS[:2], cause="power")
    powered = Topology.of(networks=given.networks.values(), nodes=given.nodes.values(), groups=[feed])
    found = protection(powered, ProtectionGroup(members=members(4), load=10.0))
    assert [risk.element for risk in found.risks] == [group("feed")]


def test_what_each_member_can_spare_is_no_shared_risk() -> None:
    feeds = (node("f0", "hosts"), node("f1", "hosts"))
    given = pool()
    gates = [Gate(owner=host, needs=1, members=feeds) for host in HOSTS]
    fed = Topology.of(networks=given.networks.values(), nodes=given.nodes.values(), gates=gates)
    assert protection(fed, ProtectionGroup(members=members(4), load=10.0)).level == "V2"


def test_more_than_one_failure_may_be_tolerated() -> None:
    twice = ProtectionGroup(members=members(4), load=160.0, tolerates=2)
    assert protection(pool(on=(0, 1, 2, 2)), twice).level == "V2"
    assert protection(pool(), twice).safe_utilisation == pytest.approx(0.4)


def test_a_group_of_one_protects_nothing() -> None:
    found = protection(pool(), ProtectionGroup(members=members(1), load=1.0))
    assert (found.capacity, found.hardest, found.safe_utilisation) == ("Fails", None, 0.0)


def test_what_nothing_is_known_of_is_not_proved() -> None:
    bare = Topology.of(nodes=[NetworkNode(key=key) for key in SERVERS])
    found = protection(bare, ProtectionGroup(members=members(2), load=10.0))
    assert (found.verdict, found.level, found.structure, len(found.caveats)) == ("Unknown", "V0", "Unknown", 1)


@pytest.mark.parametrize(
    "unsound",
    [
        ProtectionGroup(members=(), load=1.0),
        ProtectionGroup(members=members(2, capacity=0.0), load=1.0),
        ProtectionGroup(members=members(2), load=-1.0),
        ProtectionGroup(members=members(2), load=float("nan")),
        ProtectionGroup(members=members(2), load=1.0, limit=0.0),
        ProtectionGroup(members=members(2), load=1.0, surge=-0.1),
        ProtectionGroup(members=members(1) * 2, load=1.0),
    ],
)
def test_unsound_groups_are_refused(unsound: ProtectionGroup) -> None:
    with pytest.raises(ValueError, match=r"expected|twice"):
        protection(pool(), unsound)
