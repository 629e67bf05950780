"""Who is hurt: what falls with elements, upwards through what each needs, with spares and circles."""

import pytest

from forestall.api.base import Key
from forestall.twin.analyses import blast_radii, blast_radius
from forestall.twin.topology import Gate, Network, NetworkNode, RiskGroup, Topology
from tests.unit.twin.analyses.networks import at_risk, group, node

HOSTS = [node(f"h{number}", "hosts") for number in range(3)]
PODS = [node(f"p{number}", "pods") for number in range(3)]
SHOP, MAIL = node("shop", "services"), node("mail", "services")


def estate(*gates: Gate, groups: tuple[RiskGroup, ...] = ()) -> Topology:
    """Three hosts with a pod each; two of the pods are enough for the shop, the mail needs the first."""
    own = [Gate(owner=SHOP, needs=2, members=tuple(PODS)), Gate(owner=MAIL, needs=1, members=(PODS[0],))]
    return Topology.of(
        networks=[
            Network(id="hosts", layer="platform"),
            Network(id="pods", layer="workload"),
            Network(id="services", layer="service"),
        ],
        nodes=[
            *(NetworkNode(key=key) for key in (*HOSTS, SHOP, MAIL)),
            *(NetworkNode(key=pod, supporting=(host,)) for pod, host in zip(PODS, HOSTS, strict=True)),
        ],
        gates=[*own, *gates],
        groups=groups,
    )


def test_who_has_a_spare_does_not_fall() -> None:
    found = blast_radius(estate(), [HOSTS[1]])
    assert (found.verdict, found.fallen, found.hurt) == ("Holds", (HOSTS[1], PODS[1]), ())


def test_what_falls_is_followed_upwards_to_the_services() -> None:
    found = blast_radius(estate(), [HOSTS[0], HOSTS[1]])
    assert (found.verdict, found.hurt, found.weight) == ("Fails", (MAIL, SHOP), 2.0)


def test_what_is_hurt_is_weighed() -> None:
    found = blast_radius(estate(), [HOSTS[0], HOSTS[1]], {SHOP: 50.0, MAIL: 3.0, HOSTS[0]: 0.0})
    assert (found.hurt, found.weight) == ((SHOP, MAIL), 53.0)


def test_a_risk_group_falls_with_its_members() -> None:
    rack = at_risk("rack", HOSTS[1:], cause="rack")
    assert blast_radius(estate(groups=(rack,)), [group("rack")]).hurt == (SHOP,)


def test_a_circle_does_not_fall_by_itself_and_falls_as_one() -> None:
    circle = [Gate(owner=SHOP, needs=1, members=(MAIL,)), Gate(owner=MAIL, needs=1, members=(SHOP,))]
    assert blast_radius(estate(*circle), [HOSTS[1]]).hurt == ()
    assert blast_radius(estate(*circle), [HOSTS[0]]).hurt == (MAIL, SHOP)


def test_objects_of_kubernetes_are_followed_as_well() -> None:
    service, pod = Key("Service", "default", "api"), Key("Pod", "default", "api-0")
    given = Topology.of(gates=[Gate(owner=service, needs=1, members=(pod,))])
    assert blast_radius(given, [pod]).hurt == (service,)


def test_every_single_element_is_tried_and_the_worst_named() -> None:
    found = blast_radii(estate())
    assert (found.verdict, found.number) == ("Fails", 2)
    assert [(blast.element, blast.size, blast.weight) for blast in found.worst] == [
        (HOSTS[0], 3, 1.0),
        (PODS[0], 2, 1.0),
        (MAIL, 1, 1.0),
        (SHOP, 1, 1.0),
    ]


def test_a_gate_that_can_never_hold_is_down_today_and_no_blast() -> None:
    given = estate(Gate(owner=MAIL, needs=2, members=(PODS[0],)))
    assert blast_radius(given, [HOSTS[0]]).hurt == ()


def test_where_nothing_has_a_weight_nothing_is_known() -> None:
    bare = Topology.of(nodes=[NetworkNode(key=HOSTS[0])])
    assert (blast_radius(bare, [HOSTS[0]]).verdict, blast_radii(bare).verdict) == ("Unknown", "Unknown")


def test_unsound_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="NetworkNode/services/shop: a weight"):
        blast_radius(estate(), [HOSTS[0]], {SHOP: -1.0})
    with pytest.raises(KeyError):
        blast_radius(estate(), [node("nowhere")])
